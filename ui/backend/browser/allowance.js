/**
 * How much of what comes over the chat's channel is let through: everything that somebody keeps at once, and then as much as a person
 * writes. A flood is dropped unread. Pure: times are in milliseconds, and given.
 */

const AT_ONCE = 400;
const EACH_SECOND = 5;

export class Allowance {
  #left = AT_ONCE;

  /** @param {number} now */
  constructor(now) {
    this.since = now;
  }

  /** Whether one more is. @param {number} now */
  takes(now) {
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.since) / 1_000) * EACH_SECOND);
    this.since = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
