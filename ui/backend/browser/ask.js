/**
 * What I tell a person of how tall I show them. Said when the channel opens and at every change, the first at once; a window that is
 * being resized is not told of row by row. Pure: times are in milliseconds, and given.
 */

/** Between two asks, in milliseconds: five times a second at most. */
const INTERVAL_MS = 200;

export class Ask {
  /** @type {null | { rows: number | null, at: number }} */ #said = null;
  #open = false;

  /** @param {number | null} rows */
  constructor(rows) {
    this.rows = rows;
  }

  /** The channel is open, for the first time or anew. */
  open() {
    this.#open = true;
    this.#said = null;
  }

  /** What is to be said now; undefined when there is nothing. @param {number} now */
  poll(now) {
    const said = this.#said;
    const due = this.#open && (said === null || (said.rows !== this.rows && now - said.at >= INTERVAL_MS));
    if (!due) return undefined;
    this.#said = { rows: this.rows, at: now };
    return this.rows;
  }
}
