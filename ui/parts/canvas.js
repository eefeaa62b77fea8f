/** The one canvas of a screen, for pictures that come as frames: brings them in and draws them where the screen says. */
import { Frames } from "../call/frames.js";
import { Painter } from "../call/painter.js";
import { html, useLayoutEffect, useRef } from "../html.js";

/** @typedef {import("./pictures.js").Picture} Picture */

/** How often the canvas says in `data-drawn` how many frames of each tile it has drawn, in milliseconds. */
const COUNT_MS = 500;

/** @param {{ pictures: Picture[], source: import("../backend/types.js").FramePictures }} props */
export function Canvas({ pictures, source }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const parts = useRef(/** @type {null | { frames: Frames, painter: Painter }} */ (null));

  useLayoutEffect(() => {
    const element = /** @type {HTMLCanvasElement} */ (canvas.current);
    /** @type {Record<string, number>} */
    const drawn = {};
    const painter = new Painter(element, (tile, number) => {
      drawn[tile] = (drawn[tile] ?? 0) + 1;
      frames.drawn(tile, number);
    });
    const frames = new Frames(source.endpoint, (frame) => painter.put(frame));
    parts.current = { frames, painter };
    const counting = setInterval(() => (element.dataset.drawn = JSON.stringify(drawn)), COUNT_MS);
    return () => {
      clearInterval(counting);
      frames.close();
      painter.close();
    };
  }, []);

  const layout = JSON.stringify(pictures);
  useLayoutEffect(() => {
    const arrange = () => {
      const scale = window.devicePixelRatio || 1;
      parts.current?.painter.arrange(pictures.filter((picture) => picture.shown));
      // What a hidden window does not show need not be sent, by the app or by anybody.
      const seen = document.hidden ? [] : pictures;
      parts.current?.frames.want(seen.map(({ id, width, height }) => ({ id, width: Math.round(width * scale), height: Math.round(height * scale) })));
    };
    arrange();
    addEventListener("resize", arrange);
    document.addEventListener("visibilitychange", arrange);
    return () => {
      removeEventListener("resize", arrange);
      document.removeEventListener("visibilitychange", arrange);
    };
  }, [layout]);
  return html`<canvas id="pictures" class="pictures" ref=${canvas} aria-hidden="true"></canvas>`;
}
