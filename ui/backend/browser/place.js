/**
 * A session's place in a room: who it is, whom it knows, what it seals and opens with. Times are in milliseconds, and given.
 */
import { Roster } from "./roster.js";
import { Opener, ROOM, Sealer } from "./sealing.js";
import { writeSignal } from "./message.js";

/** @typedef {import("./api.js").Entered} Entered */
/** @typedef {import("./events.js").Role} Role */
/** @typedef {import("./message.js").Signal} Signal */
/** @typedef {import("./roster.js").Change | { type: "signal", from: string, signal: Signal } | { type: "refused" }} Heard */

/** So long after a return to a restarted server others may say once more what they said before: a repetition, and no attack. */
const REPETITIONS_MS = 30_000;

/** Credentials for the relay are not renewed more often, however short-lived they are. */
const RENEWAL_MS = 30_000;

export class Place {
  /** Where the event stream goes on. @type {string | null} */ lastId = null;
  /** When the event stream was lost last. @type {number | null} */ lost = null;
  /** When a server that had forgotten us took us back. @type {number | null} */ #returned = null;
  /** @type {null | { access: import("./ice-servers.js").RelayAccess, told: number }} */ #relay = null;
  #relayDoubted = false;
  /** To whom a message of its own has been sent, so that they believe those to the room. @type {Set<string>} */ #greeted = new Set();

  /** @param {import("./keys.js").RoomKeys} keys @param {import("./keys.js").Session} session @param {Role} role @param {number} generation counts the sessions: what was sealed for an earlier one is of no use */
  constructor(keys, session, role, generation = 0) {
    this.keys = keys;
    this.session = session;
    this.role = role;
    this.generation = generation;
    this.roster = new Roster(session.id);
    this.sealer = new Sealer(keys.sealing, keys.room, session.id);
    this.opener = new Opener(keys.sealing, keys.room, session.id);
  }

  /** The session is in. @param {Entered} answer @param {number} now */
  entered(answer, now) {
    this.learnRelay(answer, now);
    this.roster.update(answer.present, false);
  }

  /** A server that had forgotten us took us back. @param {Entered} answer @param {number} now @returns {Heard[]} */
  returned(answer, now) {
    this.#returned = now;
    return this.roster.update(answer.present, answer.complete);
  }

  /** @param {Entered} answer @param {number} now */
  learnRelay({ relay }, now) {
    this.#relay = relay && { access: relay, told: now };
    this.#relayDoubted = false;
  }

  /** The stream broke: behind one name there may be several servers, each with a relay of its own. @param {number} now */
  loseStream(now) {
    this.lost = now;
    this.#relayDoubted = this.#relay !== null;
  }

  /** The relay that the server told of last. */
  get relay() {
    return this.#relay?.access ?? null;
  }

  /** Whether new credentials should be asked for, so that those at hand are always good for a while. @param {number} now */
  relayAges(now) {
    const half = (this.#relay?.access.seconds ?? 0) * 500;
    return this.#relayDoubted || (this.#relay !== null && now - this.#relay.told >= Math.max(half, RENEWAL_MS));
  }

  /** Seals something. What is for the room is sealed for each one alone until they have all heard from us once. @param {string} to @param {Signal} signal @returns {Promise<import("./api.js").SendSignal[]>} */
  async seal(to, signal) {
    const json = writeSignal(signal);
    const present = this.roster.sessions;
    const recipients = to !== ROOM ? [to] : present.some((session) => !this.#greeted.has(session)) ? present : present.length ? [ROOM] : [];
    const sealed = [];
    for (const recipient of json === null ? [] : recipients) {
      if (recipient !== ROOM) this.#greeted.add(recipient);
      sealed.push({ to: recipient, sealed: await this.sealer.seal(recipient, /** @type {string} */ (json)) });
    }
    return sealed;
  }

  /** What an event of the stream means for us. @param {import("./events.js").RoomEvent} event @param {number} now @returns {Promise<Heard[]>} */
  async hear(event, now) {
    // Of another room, where this session is not.
    if (event.room !== this.keys.room) return [];
    switch (event.name) {
      case "left":
        this.#greeted.delete(event.session);
        return this.roster.miss(event.session);
      case "roster":
        return this.roster.update(event.present, true);
      case "signal":
        return this.#open(event, now);
      default:
        return this.roster.see(event.presence);
    }
  }

  /** @param {{ from: string, to: string, sealed: string }} message @param {number} now @returns {Promise<Heard[]>} */
  async #open({ from, to, sealed }, now) {
    const opened = await this.opener.open(from, to, sealed);
    if (opened === "unknown") return [];
    if (!("refused" in opened)) return [{ type: "signal", from, signal: opened }];
    const repeated = opened.refused === "replayed" && this.#returned !== null && now - this.#returned < REPETITIONS_MS;
    return repeated || opened.refused === "not_introduced" ? [] : [{ type: "refused" }];
  }
}
