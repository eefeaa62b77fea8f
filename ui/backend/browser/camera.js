/**
 * What films: opened, switched off and on, taken again when it comes back. Whoever looks at it is told by `tell`.
 */
import { statusOf } from "./device-status.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** What is asked of a camera: what the largest size but one needs; more would be made smaller anyway. */
const WISH = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

/** A camera that sends nothing for so long is silent, in milliseconds; one that is only begins sends within a second or two. */
const SILENCE_MS = 4_000;

/** What to ask the browser for. @param {string} spec @returns {MediaTrackConstraints} */
export const cameraWish = (spec) => (spec.startsWith("device:") ? { ...WISH, deviceId: { exact: spec.slice("device:".length) } } : { ...WISH, facingMode: "user" });

export class Camera {
  /** @type {MediaStreamTrack | null} */ track = null;
  /** For one's own preview. */ stream = new MediaStream();
  /** Counts what was asked for: only the newest counts. */ #turn = 0;
  #silence = 0;

  /**
   * @param {string} spec @param {(status: DeviceStatus, device: string | null, away: boolean) => void} tell
   * @param {() => void} changed another track, or another size
   */
  constructor(spec, tell, changed) {
    this.spec = spec;
    this.off = false;
    this.tell = tell;
    this.changed = changed;
  }

  /** Uses this camera; one that was opened already may be given. @param {string} spec @param {MediaStreamTrack} [track] */
  async use(spec, track) {
    this.spec = spec;
    const turn = ++this.#turn;
    this.#release();
    if (spec === "none") return this.tell("none", null, false);
    if (this.off) {
      track?.stop();
      return this.tell("ok", null, false);
    }
    this.tell("opening", null, false);
    try {
      const opened = track ?? (await navigator.mediaDevices.getUserMedia({ video: cameraWish(spec) })).getVideoTracks()[0];
      if (turn === this.#turn) this.#take(opened);
      else opened.stop();
    } catch (error) {
      if (turn === this.#turn) this.tell(statusOf(error), null, false);
    }
  }

  /** Releases the camera, or takes it again. @param {boolean} off */
  setOff(off) {
    this.off = off;
    return this.use(this.spec);
  }

  /** Devices came or went: one that is missed is tried again. @param {DeviceStatus} status */
  retry(status) {
    if (["none", "lost", "busy", "failed"].includes(status) && this.spec !== "none" && !this.off) void this.use(this.spec);
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    this.track = track;
    this.stream = new MediaStream([track]);
    const away = track.getSettings().facingMode === "environment";
    const tell = (/** @type {DeviceStatus} */ status) => this.track === track && this.tell(status, status === "lost" ? null : track.label, away);
    track.onended = () => {
      tell("lost");
      if (this.track === track) this.#release();
    };
    track.onmute = () => {
      clearTimeout(this.#silence);
      // While the page is hidden, phones take the camera away from it.
      this.#silence = window.setTimeout(() => !document.hidden && track.muted && tell("silent"), SILENCE_MS);
    };
    track.onunmute = () => tell("ok");
    tell("ok");
    this.changed();
  }

  #release() {
    clearTimeout(this.#silence);
    const { track } = this;
    this.track = null;
    this.stream = new MediaStream();
    if (track) {
      track.onended = null;
      track.stop();
    }
    this.changed();
  }

  close() {
    this.#turn++;
    this.#release();
  }
}
