/**
 * What plays: one audio element for each person's voice, at the chosen speaker. A browser that has not been touched plays nothing; then
 * `blocked` is told, and {@link Speaker.wake} is for a button.
 */
import { canChooseSpeaker } from "./devices.js";
import { playNotes, wake } from "./sound.js";

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** In the page, though nothing of it is seen: some browsers let go of what is not. @param {string} person */
function added(person) {
  const voice = new Audio();
  voice.dataset.voice = person;
  return document.body.appendChild(voice);
}

export class Speaker {
  /** By person. @type {Map<string, HTMLAudioElement>} */ #voices = new Map();
  #blocked = false;

  /** @param {string} spec @param {(status: DeviceStatus, device: string | null) => void} tell @param {(blocked: boolean) => void} blocked */
  constructor(spec, tell, blocked) {
    this.spec = spec;
    this.tell = tell;
    this.blocked = blocked;
  }

  /** Plays there from now on. @param {string} spec */
  async use(spec) {
    this.spec = spec;
    if (spec === "none") {
      this.#voices.forEach((voice) => (voice.muted = true));
      return this.tell("none", null);
    }
    try {
      for (const voice of this.#voices.values()) await this.#place(voice);
      this.tell("ok", null);
    } catch {
      this.tell("lost", null);
    }
  }

  get #sink() {
    return this.spec.startsWith("device:") ? this.spec.slice("device:".length) : "";
  }

  /** @param {HTMLAudioElement} voice */
  async #place(voice) {
    voice.muted = this.spec === "none";
    if (canChooseSpeaker() && /** @type {any} */ (voice).sinkId !== this.#sink) await /** @type {any} */ (voice).setSinkId(this.#sink);
  }

  /** Plays somebody's voice. @param {string} person @param {MediaStream} stream */
  play(person, stream) {
    const voice = this.#voices.get(person) ?? added(person);
    this.#voices.set(person, voice);
    if (voice.srcObject === stream) return;
    voice.srcObject = stream;
    void this.#place(voice).catch(() => this.tell("lost", null));
    void this.#start(voice);
  }

  /** Lets go of whoever is not among these. @param {Set<string>} people */
  keep(people) {
    for (const [person, voice] of this.#voices) {
      if (people.has(person)) continue;
      voice.srcObject = null;
      voice.remove();
      this.#voices.delete(person);
    }
  }

  /** @param {HTMLAudioElement} voice */
  async #start(voice) {
    try {
      await voice.play();
      if (this.#blocked) this.#tellBlocked([...this.#voices.values()].some(({ paused }) => paused));
    } catch (error) {
      if (/** @type {Error} */ (error).name === "NotAllowedError") this.#tellBlocked(true);
    }
  }

  /** @param {boolean} blocked */
  #tellBlocked(blocked) {
    this.#blocked = blocked;
    this.blocked(blocked);
  }

  /** The person has touched the page: play what was not allowed before. */
  async wake() {
    wake();
    await Promise.all([...this.#voices.values()].map((voice) => this.#start(voice)));
  }

  playTestSound() {
    return playNotes(this.#sink);
  }

  close() {
    this.keep(new Set());
  }
}
