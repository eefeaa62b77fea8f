/**
 * The other side's candidates. One names, by `ufrag`, the description it belongs to; one that overtakes its description is kept until
 * that arrives. Foreign text, bounded. Pure.
 */

/** Candidates that may wait for their description, the oldest given up first. */
const MAX_WAITING = 48;
/** Candidates used per description. */
const MAX_USED = 64;

/** The ICE user fragment of a description, or of a candidate. @param {string} text */
export const ufragOf = (text) => /(?:^a=ice-ufrag:|\bufrag )(\S+)/m.exec(text)?.[1] ?? null;

export class RemoteCandidates {
  /** @type {string | null} */ #ufrag = null;
  #used = 0;
  /** @type {string[]} */ #waiting = [];

  /** A candidate arrived: what can be used now. @param {string} candidate @returns {string[]} */
  arrived(candidate) {
    if (!candidate.startsWith("candidate:")) return [];
    if (this.#fits(candidate)) return this.#use([candidate]);
    if (this.#waiting.length === MAX_WAITING) this.#waiting.shift();
    this.#waiting.push(candidate);
    return [];
  }

  /** A description was applied: those that waited for it. Those of earlier ones are forgotten. @param {string} sdp @returns {string[]} */
  described(sdp) {
    const ufrag = ufragOf(sdp);
    if (this.#ufrag !== ufrag) this.#used = 0;
    this.#ufrag = ufrag;
    const waiting = this.#waiting;
    this.#waiting = [];
    return this.#use(waiting.filter((candidate) => this.#fits(candidate)));
  }

  /** Whether this is the description that was applied last. @param {string} sdp */
  isCurrent(sdp) {
    return this.#ufrag !== null && ufragOf(sdp) === this.#ufrag;
  }

  /** @param {string[]} candidates */
  #use(candidates) {
    const usable = candidates.slice(0, Math.max(0, MAX_USED - this.#used));
    this.#used += usable.length;
    return usable;
  }

  /** @param {string} candidate */
  #fits(candidate) {
    const named = ufragOf(candidate);
    return this.#ufrag !== null && (named === null || named === this.#ufrag);
  }
}
