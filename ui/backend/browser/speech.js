/**
 * Whether a voice is heard, by its power alone: above a threshold it is, and for a moment longer. Pure.
 */

/** From here on it is a voice, as power relative to full scale: -45 dB, well above a quiet room. */
const THRESHOLD = 10 ** (-45 / 10);

/** Between two words it goes on, in milliseconds. */
const LINGERS_MS = 600;

export class Speech {
  /** @type {number | null} */ #last = null;

  /** @param {number} power the mean square of the samples of late @param {number} now milliseconds */
  hear(power, now) {
    if (power >= THRESHOLD) this.#last = now;
    return this.#last !== null && now - this.#last < LINGERS_MS;
  }
}
