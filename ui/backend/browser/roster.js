/**
 * Who is in the room, as far as we have heard. Pure. What says nothing new gives no event: after a restart of the server everybody
 * arrives once more, and nobody is to notice.
 */

/** @typedef {import("./events.js").Presence} Presence */
/** @typedef {{ type: "arrived" | "role", session: string, role: import("./events.js").Role } | { type: "left", session: string }} Change */

/** Sessions in a room; further ones are not believed. */
const MAX_PRESENT = 512;

export class Roster {
  /** @type {Map<string, import("./events.js").Role>} */ #present = new Map();

  /** @param {string} me */
  constructor(me) {
    this.me = me;
  }

  get sessions() {
    return [...this.#present.keys()];
  }

  /** Somebody is there, with this role. @param {Presence} presence @returns {Change[]} */
  see({ session, role }) {
    const known = this.#present.get(session);
    if (session === this.me || known === role || (!known && this.#present.size >= MAX_PRESENT)) return [];
    this.#present.set(session, role);
    return [{ type: known ? "role" : "arrived", session, role }];
  }

  /** Somebody is no longer there. @param {string} session @returns {Change[]} */
  miss(session) {
    return this.#present.delete(session) ? [{ type: "left", session }] : [];
  }

  /** These are there; when `complete`, nobody else is. @param {Presence[]} present @param {boolean} complete @returns {Change[]} */
  update(present, complete) {
    const gone = complete ? this.sessions.filter((session) => present.every((it) => it.session !== session)) : [];
    return [...gone.flatMap((session) => this.miss(session)), ...present.flatMap((it) => this.see(it))];
  }
}
