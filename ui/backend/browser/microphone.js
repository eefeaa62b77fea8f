/**
 * What records: opened, muted, its level measured. Muted, nothing leaves the page; that somebody talks all the same is heard by a copy
 * which is sent to nobody.
 */
import { statusOf } from "./device-status.js";
import { Level } from "./level.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */
/** @typedef {{ noiseSuppression: boolean, music: boolean }} Treatment */

/** What to ask the browser for. @param {string} spec @param {Treatment} treatment @returns {MediaTrackConstraints} */
export function microphoneWish(spec, { noiseSuppression, music }) {
  const treated = { echoCancellation: !music, noiseSuppression: noiseSuppression && !music, autoGainControl: !music, channelCount: { ideal: music ? 2 : 1 } };
  return spec.startsWith("device:") ? { ...treated, deviceId: { exact: spec.slice("device:".length) } } : treated;
}

export class Microphone {
  /** @type {MediaStreamTrack | null} */ track = null;
  #turn = 0;
  #muted = false;
  /** @type {Level | null} */ #level = null;

  /**
   * @param {string} spec @param {Treatment} treatment
   * @param {(status: DeviceStatus, device: string | null) => void} tell @param {() => void} changed another track
   */
  constructor(spec, treatment, tell, changed) {
    this.spec = spec;
    this.treatment = treatment;
    this.tell = tell;
    this.changed = changed;
  }

  /** Uses this microphone; one that was opened already may be given. @param {string} spec @param {MediaStreamTrack} [track] */
  async use(spec, track) {
    this.spec = spec;
    const turn = ++this.#turn;
    this.#release();
    if (spec === "none") return this.tell("none", null);
    this.tell("opening", null);
    try {
      const opened = track ?? (await navigator.mediaDevices.getUserMedia({ audio: microphoneWish(spec, this.treatment) })).getAudioTracks()[0];
      if (turn === this.#turn) this.#take(opened);
      else opened.stop();
    } catch (error) {
      if (turn === this.#turn) this.tell(statusOf(error), null);
    }
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

  /** Devices came or went: one that is missed is tried again. @param {DeviceStatus} status */
  retry(status) {
    if (["none", "lost", "busy", "failed"].includes(status) && this.spec !== "none") void this.use(this.spec);
  }

  /** How loud it is, and whether that is speech. @param {number} now */
  measure(now) {
    return this.#level?.measure(now) ?? { level: 0, speaking: false };
  }

  /** @param {MediaStreamTrack} track */
  #take(track) {
    this.track = track;
    track.enabled = !this.#muted;
    this.#level = new Level(track.clone());
    track.onended = () => {
      if (this.track !== track) return;
      this.tell("lost", null);
      this.#release();
    };
    this.tell("ok", track.label);
    this.changed();
  }

  #release() {
    const { track } = this;
    this.track = null;
    this.#level?.close();
    this.#level = null;
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
