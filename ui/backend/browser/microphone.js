/**
 * What records: muted, its level measured. Muted, nothing leaves the page; that somebody talks all the same is heard by a copy
 * which is sent to nobody.
 */
import { Capture } from "./capture.js";
import { Level } from "./level.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */
/** @typedef {{ noiseSuppression: boolean, music: boolean }} Treatment */

/** What to ask the browser for. @param {string} spec @param {Treatment} treatment @returns {MediaTrackConstraints} */
export function microphoneWish(spec, { noiseSuppression, music }) {
  const treated = { echoCancellation: !music, noiseSuppression: noiseSuppression && !music, autoGainControl: !music, channelCount: { ideal: music ? 2 : 1 } };
  return spec.startsWith("device:") ? { ...treated, deviceId: { exact: spec.slice("device:".length) } } : treated;
}

export class Microphone extends Capture {
  #muted = false;
  /** @type {Level | null} */ #level = null;

  /**
   * @param {string} spec @param {Treatment} treatment
   * @param {(status: DeviceStatus, device: string | null) => void} tell @param {() => void} changed another track
   */
  constructor(spec, treatment, tell, changed) {
    super(spec, changed);
    this.treatment = treatment;
    this.tell = tell;
  }

  wish() {
    return { audio: microphoneWish(this.spec, this.treatment) };
  }

  /** @param {DeviceStatus} status @param {MediaStreamTrack | null} [track] */
  say(status, track = null) {
    this.tell(status, track?.label ?? null);
  }

  /** @param {Treatment} treatment */
  treat(treatment) {
    this.treatment = treatment;
    return this.use(this.spec);
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#muted = muted;
    if (this.track) this.track.enabled = !muted;
  }

  /** How loud it is, and whether that is speech. @param {number} now */
  measure(now) {
    return this.#level?.measure(now) ?? { level: 0, speaking: false };
  }

  /** @param {MediaStreamTrack} track */
  taken(track) {
    track.enabled = !this.#muted;
    this.#level = new Level(track.clone());
  }

  released() {
    this.#level?.close();
    this.#level = null;
  }
}
