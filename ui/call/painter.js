/**
 * Draws every tile's newest frame on one canvas: WebGL2, or 2D where that is missing.
 * A frame that is overtaken before it is drawn is never drawn. Drawing happens at most once per screen refresh.
 */
import { paintWithGl } from "./painter-gl.js";
import { paintWith2d } from "./painter-2d.js";
import { SHAPE } from "./grid.js";

/** @typedef {import("./frames.js").Frame} Frame */

/**
 * @typedef {object} Place  Where a tile's picture goes, in CSS pixels of the canvas.
 * @property {string} id
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} radius
 * @property {boolean} mirrored
 * @property {boolean} [whole]  nothing of it may be cut away
 */

/**
 * @typedef {object} Brush  What a way of drawing can do; sizes in device pixels.
 * @property {(width: number, height: number) => void} begin  clears
 * @property {(frame: Frame, fresh: boolean, place: Place, crop: Crop) => void} picture
 * @property {(id: string) => void} forget
 */

/** @typedef {{ x: number, y: number, width: number, height: number }} Crop  the shown part of the frame, as shares of it (over 1: bars) */

/** A picture fills its tile as long as no more than this share of it is cut away; else it is shown whole, between bars. */
const MOST_CUT = 0.26;

/**
 * Which part of a picture is shown in a tile.
 * @param {number} width @param {number} height @param {number} [shape] of the tile: width by height @param {boolean} [whole] nothing may be cut away
 * @returns {Crop}
 */
export function cropFor(width, height, shape = SHAPE, whole = false) {
  const ratio = width / height / shape;
  const cut = ratio > 1 ? 1 - 1 / ratio : 1 - ratio;
  const fill = !whole && cut <= MOST_CUT;
  const wide = ratio > 1 === fill ? 1 / ratio : 1;
  const tall = ratio > 1 === fill ? 1 : ratio;
  return { x: (1 - wide) / 2, y: (1 - tall) / 2, width: wide, height: tall };
}

export class Painter {
  /** @type {Map<string, { frame: Frame, fresh: boolean }>} */ #newest = new Map();
  /** @type {Place[]} */ #places = [];
  #asked = 0;
  #canvas;
  #brush;
  #onDrawn;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(tile: string, number: number) => void} onDrawn told once per frame that reached the screen, or was given up
   */
  constructor(canvas, onDrawn) {
    this.#canvas = canvas;
    this.#onDrawn = onDrawn;
    /** @type {Brush} */
    this.#brush = paintWithGl(canvas, () => this.#redrawAll()) ?? paintWith2d(canvas);
  }

  /** Takes a tile's newest frame. @param {Frame} frame */
  put(frame) {
    this.#newest.set(frame.tile, { frame, fresh: true });
    this.#ask();
  }

  /** Says where the pictures go, the last one on top. Drawn at once, so that pictures move together with the page. @param {Place[]} places */
  arrange(places) {
    this.#places = places;
    for (const id of [...this.#newest.keys()]) if (!places.some((place) => place.id === id)) this.#forget(id);
    this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#asked);
    for (const id of [...this.#newest.keys()]) this.#forget(id);
  }

  /** @param {string} id */
  #forget(id) {
    const given = this.#newest.get(id);
    this.#newest.delete(id);
    this.#brush.forget(id);
    // The app sends the next frame only once it was told of this one.
    if (given?.fresh) this.#onDrawn(id, given.frame.number);
  }

  #redrawAll() {
    for (const entry of this.#newest.values()) entry.fresh = true;
    this.#ask();
  }

  #ask() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.#draw();
    });
  }

  #draw() {
    const scale = window.devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * scale);
    const height = Math.round(this.#canvas.clientHeight * scale);
    if (!width || !height) return;
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    this.#brush.begin(width, height);
    for (const place of this.#places) {
      const newest = this.#newest.get(place.id);
      if (!newest) continue;
      const { frame, fresh } = newest;
      this.#brush.picture(frame, fresh, scaled(place, scale), cropFor(frame.width, frame.height, place.width / place.height, place.whole));
      newest.fresh = false;
      if (fresh) this.#onDrawn(frame.tile, frame.number);
    }
  }
}

/** @param {Place} place @param {number} scale @returns {Place} */
function scaled(place, scale) {
  const { x, y, width, height, radius } = place;
  return { ...place, x: x * scale, y: y * scale, width: width * scale, height: height * scale, radius: radius * scale };
}
