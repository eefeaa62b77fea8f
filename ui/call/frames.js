/**
 * Pictures from the app: a loopback WebSocket that brings, for each tile, the newest frame, and is told when it was drawn.
 * The app keeps at most one frame per tile on its way, so nothing queues here; a hidden window draws nothing and gets nothing.
 * Where the WebSocket can't be had, frames are pulled one by one with `fetch` from the fallback address.
 */

/** @typedef {{ tile: string, number: number, width: number, height: number, data: Uint8Array }} Frame  tile: hex, or "me"; of a screen with "screen-" before it; data: I420, tight */
/** @typedef {{ id: string, width: number, height: number }} Wanted  in device pixels */

/** 16 bytes person's id, u16 width (its highest bit: of the person's screen), u16 height, u32 number. */
const HEADER = 24;
/** Stands before the person in the name of the tile of a screen that is shared. */
export const SCREEN = "screen-";
/** How often the socket may fail without ever having opened before the fallback is used. */
const TRIES = 2;
/** Pause before another try, in milliseconds. */
const RETRY_MS = 500;

/**
 * One message as a frame; null when it is not one.
 * @param {ArrayBuffer} message @returns {Frame | null}
 */
export function parseFrame(message) {
  if (message.byteLength < HEADER) return null;
  const view = new DataView(message);
  const marked = view.getUint16(16, true);
  const width = marked & 0x7fff;
  const height = view.getUint16(18, true);
  if (!width || !height || width % 2 || height % 2) return null;
  if (message.byteLength !== HEADER + (width * height * 3) / 2) return null;
  return { tile: `${marked === width ? "" : SCREEN}${tileId(new Uint8Array(message, 0, 16))}`, number: view.getUint32(20, true), width, height, data: new Uint8Array(message, HEADER) };
}

/** @param {Uint8Array} bytes */
function tileId(bytes) {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return /^0+$/.test(hex) ? "me" : hex;
}

export class Frames {
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Wanted[]} */ #wanted = [];
  #said = "";
  #failures = 0;
  #closed = false;
  #endpoint;
  #onFrame;

  /**
   * @param {() => Promise<import("../backend/types.js").FramesEndpoint>} endpoint asked again for each connection
   * @param {(frame: Frame) => void} onFrame
   */
  constructor(endpoint, onFrame) {
    this.#endpoint = endpoint;
    this.#onFrame = onFrame;
    this.#connect();
  }

  /** Says which tiles are shown and how large; a tile left out gets no frames. @param {Wanted[]} tiles */
  want(tiles) {
    this.#wanted = tiles;
    this.#sayWanted();
  }

  /** Acknowledges a frame that is on the screen. @param {string} tile @param {number} number */
  drawn(tile, number) {
    this.#say({ drawn: number, tile });
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  async #connect() {
    if (this.#closed) return;
    try {
      const { url, fallback } = await this.#endpoint();
      if (this.#closed) return;
      if (this.#failures >= TRIES) return new Pull(fallback, this).run();
      this.#open(url);
    } catch {
      this.#again();
    }
  }

  /** @param {string} url */
  #open(url) {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#failures = 0;
      this.#socket = socket;
      this.#said = "";
      this.#sayWanted();
    };
    socket.onmessage = ({ data }) => data instanceof ArrayBuffer && this.receive(data);
    socket.onclose = () => {
      if (this.#socket !== socket) this.#failures++;
      this.#socket = null;
      this.#again();
    };
  }

  #again() {
    if (!this.#closed) setTimeout(() => this.#connect(), RETRY_MS);
  }

  #sayWanted() {
    const text = JSON.stringify(this.#wanted);
    if (text !== this.#said && this.#say({ tiles: this.#wanted })) this.#said = text;
  }

  /** @param {object} message */
  #say(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Takes one message in. @param {ArrayBuffer} message */
  receive(message) {
    const frame = parseFrame(message);
    if (frame && !this.#closed) this.#onFrame(frame);
    return frame;
  }

  get wanted() {
    return this.#wanted;
  }

  get closed() {
    return this.#closed;
  }
}

/** The fallback: asks for the newest frame of each shown tile in turn. */
class Pull {
  /** @type {Map<string, number>} */ #seen = new Map();
  #said = "";

  /** @param {string} base @param {Frames} frames */
  constructor(base, frames) {
    this.base = base.replace(/\/$/, "");
    this.frames = frames;
  }

  async run() {
    while (!this.frames.closed) {
      this.#sayShown();
      const got = await Promise.all(this.frames.wanted.map((tile) => this.#next(tile)));
      await (got.some(Boolean) ? nextPaint() : pause(30));
    }
  }

  /** Says which tiles are shown and how tall, as the socket's words do. */
  #sayShown() {
    const shown = this.frames.wanted.map(({ id, height }) => `${id}:${height}`).join(",");
    if (shown === this.#said) return;
    this.#said = shown;
    void fetch(`${this.base}/tiles?shown=${shown}`).catch(() => (this.#said = ""));
  }

  /** 200 with one message as on the socket, or 204 when there is nothing newer. @param {Wanted} tile */
  async #next({ id, width, height }) {
    const after = this.#seen.get(id) ?? 0;
    try {
      const answer = await fetch(`${this.base}/frame?tile=${id}&after=${after}&width=${width}&height=${height}`);
      if (answer.status !== 200) return false;
      const frame = this.frames.receive(await answer.arrayBuffer());
      if (frame) this.#seen.set(id, frame.number);
      return frame !== null;
    } catch {
      await pause(RETRY_MS);
      return false;
    }
  }
}

const nextPaint = () => new Promise((resolve) => requestAnimationFrame(resolve));

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
