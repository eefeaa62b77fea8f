/**
 * What keeps our picture from reaching each of the others as they ask for it, and when that is worth a word: what has not held for a
 * while is not said. As the engine's `session/limits.rs`; what it measures itself, a browser tells. Pure.
 */

/** @typedef {import("./control.js").Limited} Limited */
/** @typedef {"not" | "way" | "machine"} What */

/** How long something must have held before it counts, in milliseconds. */
const HELD_MS = 2_500;

/** What the browser's reasons mean. @type {Record<string, What>} */
const REASONS = { bandwidth: "way", cpu: "machine" };

/** What has held one picture down for a while; follows one connection. */
export class Hold {
  /** @type {What} */ #steady = "not";
  /** @type {null | { what: What, since: number }} */ #other = null;

  /** @param {string | null} reason the browser's `qualityLimitationReason`; null when no picture is asked for @param {number} now @returns {What | null} */
  observe(reason, now) {
    if (reason === null) {
      this.#steady = "not";
      this.#other = null;
      return null;
    }
    const what = REASONS[reason] ?? "not";
    if (what === this.#steady) this.#other = null;
    else if (this.#other?.what !== what) this.#other = { what, since: now };
    if (this.#other && now - this.#other.since >= HELD_MS) {
      this.#steady = this.#other.what;
      this.#other = null;
    }
    return this.#steady;
  }
}

/** Whether there are several ways and all of them are narrow: then it is what they share. @param {(What | null)[]} held */
function everyWay(held) {
  const asked = held.filter((it) => it !== null);
  return asked.length > 1 && asked.every((it) => it === "way");
}

/** What one of them is to be told. @param {What | null} what @param {(What | null)[]} all @returns {Limited} */
export function word(what, all) {
  if (what === "machine") return "machine";
  return what === "way" ? (everyWay(all) ? "uplink" : "path") : "nothing";
}

/** What keeps the others from seeing us better: our own line, or the way to the only one who looks. @param {(What | null)[]} held @returns {Limited} */
export function ours(held) {
  const asked = held.filter((it) => it !== null);
  return everyWay(held) ? "uplink" : asked.length === 1 && asked[0] === "way" ? "path" : "nothing";
}
