/**
 * What films: switched off and on, and noticed when it sends nothing.
 */
import { Capture } from "./capture.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** What is asked of a camera: what the largest size but one needs; more would be made smaller anyway. */
const WISH = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

/** A camera that sends nothing for so long is silent, in milliseconds; one that is only begins sends within a second or two. */
const SILENCE_MS = 4_000;

/** What to ask the browser for. @param {string} spec @returns {MediaTrackConstraints} */
export const cameraWish = (spec) => (spec.startsWith("device:") ? { ...WISH, deviceId: { exact: spec.slice("device:".length) } } : { ...WISH, facingMode: "user" });

export class Camera extends Capture {
  /** For one's own preview. */ stream = new MediaStream();
  off = false;
  #silence = 0;

  /**
   * @param {string} spec @param {(status: DeviceStatus, device: string | null, away: boolean) => void} tell away: it looks away from the person
   * @param {() => void} changed another track, or another size
   */
  constructor(spec, tell, changed) {
    super(spec, changed);
    this.tell = tell;
  }

  wish() {
    return { video: cameraWish(this.spec) };
  }

  /** @param {DeviceStatus} status @param {MediaStreamTrack | null} [track] */
  say(status, track = null) {
    this.tell(status, track?.label ?? null, track?.getSettings().facingMode === "environment");
  }

  get rests() {
    return this.off;
  }

  /** Releases the camera, or takes it again. @param {boolean} off */
  setOff(off) {
    this.off = off;
    return this.use(this.spec);
  }

  /** @param {MediaStreamTrack} track */
  taken(track) {
    this.stream = new MediaStream([track]);
    track.onmute = () => {
      clearTimeout(this.#silence);
      // While the page is hidden, phones take the camera away from it.
      this.#silence = window.setTimeout(() => this.track === track && !document.hidden && track.muted && this.say("silent", track), SILENCE_MS);
    };
    track.onunmute = () => this.track === track && this.say("ok", track);
  }

  released() {
    clearTimeout(this.#silence);
    this.stream = new MediaStream();
  }
}
