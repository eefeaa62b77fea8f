/**
 * What is written in the call: everybody keeps it, so that those present can tell who comes late; in order, and within bounds. As the
 * engine's `call/chat/`. Pure.
 */
import { utf8 } from "../bytes.js";
import { MAX_KEPT } from "../chat-message.js";

/**
 * One thing that somebody wrote.
 * @typedef {object} Remark
 * @property {string} id
 * @property {string} author
 * @property {string} name as its author called themselves then
 * @property {number} at
 * @property {string} text
 * @property {"mine" | "author" | { id: string, name: string }} source how we know: or who told it
 * @property {string[]} waiting of a remark of mine: who was here when I wrote it, and has not got it yet
 */

/** The most text that is kept, in bytes, and what a remark weighs beside its text. Whoever contributed most loses their oldest: a flood washes away itself. */
const MAX_BYTES = 256 * 1024;
const REMARK_BYTES = 64;

/** A time that is further ahead of the clock here counts as this far ahead, in milliseconds. */
const MOST_AHEAD_MS = 20 * 60_000;

/** @param {Remark} remark */
const weight = ({ text }) => utf8(text).length;
/** To whose share of what is kept it counts. @param {Remark} remark */
const contributor = ({ author, source }) => (typeof source === "object" ? source.id : author);
/** @param {Remark} one @param {Remark} other */
const order = (one, other) => one.at - other.at || (one.author < other.author ? -1 : one.author > other.author ? 1 : one.id < other.id ? -1 : 1);

export class Chat {
  /** Another number, other words. */ revision = 0;
  /** In the order that is the same for all. @type {Remark[]} */ remarks = [];
  /** The greatest time in anything that was seen. */ #newest = 0;

  /** A time for something new of mine: after all that I have seen. @param {number} clock */
  stamp(clock) {
    this.#newest = Math.max(clock, this.#newest + 1);
    return this.#newest;
  }

  /** Somebody's time, as it counts here. @param {number} at @param {number} clock */
  note(at, clock) {
    const counted = Math.min(at, clock + MOST_AHEAD_MS);
    this.#newest = Math.max(this.#newest, counted);
    return counted;
  }

  /** Takes in what somebody wrote; what is known already changes nothing, unless it now comes from its author. @param {Remark} remark */
  add(remark) {
    const known = this.remarks.findIndex((it) => it.author === remark.author && it.id === remark.id);
    if (known >= 0) {
      if (typeof this.remarks[known].source !== "object" || remark.source !== "author") return;
      this.remarks.splice(known, 1);
    }
    this.remarks = [...this.remarks, remark].sort(order);
    while (this.remarks.length > MAX_KEPT || this.remarks.reduce((sum, it) => sum + weight(it), 0) > MAX_BYTES) this.#loseOne();
    this.revision++;
  }

  #loseOne() {
    /** @type {Map<string, number>} */
    const shares = new Map();
    for (const remark of this.remarks) shares.set(contributor(remark), (shares.get(contributor(remark)) ?? 0) + REMARK_BYTES + weight(remark));
    const [most] = [...shares].reduce((one, other) => (other[1] > one[1] || (other[1] === one[1] && other[0] > one[0]) ? other : one));
    this.remarks.splice(this.remarks.findIndex((remark) => contributor(remark) === most), 1);
  }

  /** Of my remarks, these people wait no longer. @param {(id: string, remark: Remark) => boolean} waits */
  keepWaiting(waits) {
    let changed = false;
    for (const remark of this.remarks) {
      const before = remark.waiting.length;
      if (before) remark.waiting = remark.waiting.filter((id) => waits(id, remark));
      changed ||= remark.waiting.length !== before;
    }
    if (changed) this.revision++;
  }
}

/** As I pass it on. @param {Remark} remark @returns {import("../chat-message.js").ChatMessage} */
export const messageOf = ({ id, author, name, at, text, source }) => (source === "mine" ? { say: { id, at, text } } : { told: { person: author, name, id, at, text } });

/** As it is shown to the person `me`. @param {Remark} remark @param {string} me @param {(id: string) => string | undefined} nameOf of those who are here @returns {import("../../types.js").Message} */
export const shownOf = ({ id, author, name, at, text, source, waiting }, me, nameOf) => ({
  id,
  author,
  name,
  at,
  text,
  own: author === me,
  toldBy: typeof source === "object" ? source.name : null,
  waiting: waiting.flatMap((it) => nameOf(it) ?? []),
});
