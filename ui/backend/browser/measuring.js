/**
 * Asks the connections for their statistics, each a few times a second, and puts together what the call shows of them.
 */
import { Reader } from "./figures.js";
import { Hold, ours, word } from "./held.js";

/** @typedef {import("./link.js").Link} Link */
/** @typedef {import("./call/update.js").Figures} FiguresOf */

/** Between two reports of a connection, in milliseconds: who speaks must be seen at once, and a report costs a millisecond. */
const INTERVAL_MS = 300;

/** What is known of one connection. */
class Known {
  reader = new Reader();
  hold = new Hold();
  /** @type {ReturnType<Reader["read"]> | null} */ newest = null;
  asked = -Infinity;
}

export class Figures {
  /** @type {WeakMap<Link, Known>} */ #known = new WeakMap();

  /**
   * @param {{ link: Link, person: string, cameraOff: boolean }[]} connections
   * @param {{ level: number, speaking: boolean }} microphone @param {[number, number] | null} size of the camera's picture @param {number} now
   */
  read(connections, microphone, size, now) {
    /** @type {Map<string, FiguresOf>} */
    const people = new Map();
    const held = connections.map(({ link, person, cameraOff }) => {
      const known = this.#known.get(link) ?? new Known();
      this.#known.set(link, known);
      this.#ask(link, known, cameraOff, now);
      if (known.newest) {
        const { reason: _, ...figures } = known.newest;
        people.set(person, { ...figures, ...link.says });
      }
      const wanted = size !== null && link.asked !== null;
      return { link, what: known.hold.observe(wanted ? (known.newest?.reason ?? "none") : null, now) };
    });
    const all = held.map(({ what }) => what);
    for (const { link, what } of held) link.tellLimited(word(what, all));
    return { ...microphone, size, slow: all.includes("machine"), limited: ours(all), people };
  }

  /** @param {Link} link @param {Known} known @param {boolean} cameraOff @param {number} now */
  #ask(link, known, cameraOff, now) {
    if (now - known.asked < INTERVAL_MS) return;
    known.asked = now;
    link.connection.getStats().then(
      (report) => (known.newest = known.reader.read(report, cameraOff, performance.now())),
      () => {},
    );
  }
}
