/**
 * What is captured, camera, microphone or screen: opened, taken again when it comes back, let go. What is special of each is in `camera.js`,
 * `microphone.js` and `screen.js`.
 */
import { statusOf } from "./device-status.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** States in which a device that comes is worth another try. @type {DeviceStatus[]} */
const MISSED = ["none", "lost", "busy", "failed"];

/** @abstract */
export class Capture {
  /** @type {MediaStreamTrack | null} */ track = null;
  /** Counts what was asked for: only the newest counts. */ #turn = 0;

  /** @param {string} spec @param {() => void} changed another track, or another size */
  constructor(spec, changed) {
    this.spec = spec;
    this.changed = changed;
  }

  /** What to ask the browser for. @abstract @returns {MediaStreamConstraints} */
  wish() {
    throw new Error("abstract");
  }

  /** @returns {Promise<MediaStreamTrack>} */
  async open() {
    const [track] = (await navigator.mediaDevices.getUserMedia(this.wish())).getTracks();
    return track;
  }

  /** Says how it is. @abstract @param {DeviceStatus} _status @param {MediaStreamTrack | null} [_track] what it captures with */
  say(_status, _track) {}

  /** A track is taken. @param {MediaStreamTrack} _track */
  taken(_track) {}

  /** There is none any more. */
  released() {}

  /** Whether it is not to be opened now, though it is chosen. */
  get rests() {
    return false;
  }

  /** Uses this device; one that was opened already may be given. @param {string} spec @param {MediaStreamTrack} [track] */
  async use(spec, track) {
    this.spec = spec;
    const turn = ++this.#turn;
    this.release();
    if (spec === "none" || this.rests) {
      track?.stop();
      return this.say(spec === "none" ? "none" : "ok");
    }
    this.say("opening");
    try {
      const opened = track ?? (await this.open());
      if (turn === this.#turn) this.#take(opened);
      else this.stop(opened);
    } catch (error) {
      if (turn === this.#turn) this.refused(error);
    }
  }

  /** It could not be opened. @param {unknown} error */
  refused(error) {
    this.say(statusOf(error));
  }

  /** It is gone. */
  ended() {
    this.say("lost");
    this.release();
  }

  /** @param {MediaStreamTrack} track */
  stop(track) {
    track.stop();
  }

  /** Devices came or went: one that is missed is tried again. @param {DeviceStatus} status */
  retry(status) {
    if (MISSED.includes(status) && this.spec !== "none" && !this.rests) void this.use(this.spec);
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    this.track = track;
    track.onended = () => this.track === track && this.ended();
    this.taken(track);
    this.say("ok", track);
    this.changed();
  }

  release() {
    const { track } = this;
    this.track = null;
    this.released();
    if (track) {
      track.onended = null;
      this.stop(track);
    }
    this.changed();
  }

  close() {
    this.#turn++;
    this.release();
  }
}
