/** The videos of a screen, for pictures that come as streams: one element for each, where the screen says. */
import { cropFor } from "../call/painter.js";
import { html, useLayoutEffect, useRef, useState } from "../html.js";

/** @typedef {import("./pictures.js").Picture} Picture */
/** @typedef {import("../backend/types.js").StreamPictures} Source */

/** How often the page says in `data-drawn` how many frames of each tile it has shown, in milliseconds. */
const COUNT_MS = 500;

/** @param {{ pictures: Picture[], source: Source }} props */
export function Films({ pictures, source }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const drawn = useRef(/** @type {Record<string, number>} */ ({}));
  useLayoutEffect(() => {
    const counting = setInterval(() => box.current && (box.current.dataset.drawn = JSON.stringify(drawn.current)), COUNT_MS);
    return () => {
      clearInterval(counting);
      source.want({});
    };
  }, []);

  const layout = JSON.stringify(pictures);
  useLayoutEffect(() => {
    const say = () => {
      const scale = window.devicePixelRatio || 1;
      // What a hidden window does not show need not be sent by anybody.
      const seen = document.hidden ? [] : pictures.filter(({ id }) => id !== "me");
      source.want(Object.fromEntries(seen.map(({ id, height }) => [id, Math.round(height * scale)])));
    };
    say();
    addEventListener("resize", say);
    document.addEventListener("visibilitychange", say);
    return () => {
      removeEventListener("resize", say);
      document.removeEventListener("visibilitychange", say);
    };
  }, [layout]);

  const count = (/** @type {string} */ id) => (drawn.current[id] = (drawn.current[id] ?? 0) + 1);
  return html`<div id="pictures" class="pictures films" ref=${box} aria-hidden="true">
    ${pictures.map((picture) => html`<${Film} key=${picture.id} picture=${picture} stream=${source.of(picture.id)} onFrame=${count} />`)}
  </div>`;
}

/** @param {{ picture: Picture, stream: MediaStream | null, onFrame: (id: string) => void }} props */
function Film({ picture, stream, onFrame }) {
  const element = useRef(/** @type {HTMLVideoElement | null} */ (null));
  const [shape, setShape] = useState(0);
  const { id, x, y, width, height, radius, mirrored, whole, shown } = picture;

  useLayoutEffect(() => {
    const video = /** @type {HTMLVideoElement} */ (element.current);
    // Without sound it always may play; the voice is played elsewhere.
    Object.assign(video, { muted: true, playsInline: true, autoplay: true, srcObject: stream });
    if (stream) void video.play().catch(() => {});
  }, [stream]);
  useLayoutEffect(() => {
    const video = /** @type {HTMLVideoElement} */ (element.current);
    const measure = () => setShape(video.videoHeight ? video.videoWidth / video.videoHeight : 0);
    let open = true;
    const next = () => {
      if (!open) return;
      onFrame(id);
      video.requestVideoFrameCallback?.(next);
    };
    video.requestVideoFrameCallback?.(next);
    video.addEventListener("resize", measure);
    return () => {
      open = false;
      video.removeEventListener("resize", measure);
      video.srcObject = null;
    };
  }, []);

  const crop = shape ? cropFor(shape, 1, width / height, whole) : { width: 1, height: 1 };
  const style = {
    left: `${x}px`,
    top: `${y}px`,
    width: `${width}px`,
    height: `${height}px`,
    borderRadius: `${radius}px`,
    objectFit: crop.width > 1 || crop.height > 1 ? "contain" : "cover",
    transform: mirrored ? "scaleX(-1)" : "none",
    visibility: shown ? "visible" : "hidden",
  };
  return html`<video data-tile=${id} ref=${element} style=${style} tabindex="-1" disablepictureinpicture></video>`;
}
