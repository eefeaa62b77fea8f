/**
 * A session in a room: three loops that share a {@link Place}. The *listener* holds the event stream and brings it back when it breaks,
 * the *outbox* hands messages over in order, the *keepalive* says that this client lives. A server that is restarted, or a network that
 * changes, is a pause: the others see no departure.
 */
import { Api, isFinal, troubleOf } from "./api.js";
import { readEvent } from "./events.js";
import { session } from "./keys.js";
import { Outbox } from "./outbox.js";
import { pause } from "./pause.js";
import { Place } from "./place.js";

/** @typedef {import("./api.js").Failure} Failure */
/** @typedef {import("./events.js").Presence} Presence */
/** @typedef {import("./events.js").Role} Role */
/** @typedef {import("../types.js").Trouble} Trouble */

/**
 * What happens in the room.
 * @typedef {import("./place.js").Heard | { type: "lost" | "resumed" } | { type: "replaced", me: string, present: Presence[] } | { type: "ended", trouble: Trouble }} SignalingEvent
 */

/** The waits between tries, in milliseconds: short at first, for a server that is only being restarted. */
const WAITS_MS = [100, 250, 500, 1_000];

/** For so long a stream may be away without anybody being told, in milliseconds. */
const UNNOTICED_MS = 1_000;

/** A stream that has lasted so long was no accident, in milliseconds: when it breaks, the waits begin anew. */
const STEADY_MS = 3_000;

/** How often signs of life may be asked for, in milliseconds. */
const LEAST_KEEPALIVE_MS = 200;
const MOST_KEEPALIVE_MS = 60_000;

/** An event that has not come by the stream so long after the server had it will not come, in milliseconds. */
const OVERDUE_MS = 500;

/** How long a change of role keeps trying while the server can't be reached, and the time between two tries, in milliseconds. */
const ROLE_PATIENCE_MS = 8_000;
const ROLE_RETRY_MS = 300;

/** How long leaving waits for what was said last, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/** A browser breaks off what it asks when the network changes under it, and says so at once: after so long, in milliseconds, it is asked again. */
const BROKEN_OFF_MS = 1_000;

export class Signaling {
  /** Whether the event stream is there. */
  online = false;
  #ended = false;
  /** @type {import("./api.js").Events | null} */ #stream = null;
  #away = performance.now();
  #lostTold = false;
  #hurry = new AbortController();

  /**
   * @param {Api} api @param {Place} place @param {number} keepaliveMs
   * @param {(event: SignalingEvent) => void} tell
   */
  constructor(api, place, keepaliveMs, tell) {
    this.api = api;
    this.place = place;
    this.tell = tell;
    this.outbox = new Outbox(this);
    void this.#listen();
    void this.#keepAlive(Math.min(MOST_KEEPALIVE_MS, Math.max(LEAST_KEEPALIVE_MS, keepaliveMs)));
  }

  /**
   * Enters the room; rejects with a Trouble.
   * @param {import("./server-url.js").ServerUrl} server @param {import("./keys.js").RoomKeys} keys @param {Role} role
   * @param {(event: SignalingEvent) => void} tell
   * @returns {Promise<{ signaling: Signaling, me: string, present: Presence[] }>}
   */
  static async enter(server, keys, role, tell) {
    const api = new Api(server);
    const mine = await session();
    try {
      const began = performance.now();
      const answer = await api.enter(mine, keys, role, false).catch(async (failure) => {
        if (failure.what !== "unreachable" || performance.now() - began > BROKEN_OFF_MS) throw failure;
        await new Promise((done) => setTimeout(done, BROKEN_OFF_MS));
        return api.enter(mine, keys, role, false);
      });
      const place = new Place(keys, mine, role);
      place.entered(answer, performance.now());
      return { signaling: new Signaling(api, place, answer.keepaliveMs, tell), me: answer.me, present: answer.present };
    } catch (failure) {
      throw troubleOf(/** @type {Failure} */ (failure), server);
    }
  }

  get ended() {
    return this.#ended;
  }

  /** How to reach the others where there is no direct way. */
  get relay() {
    return this.place.relay;
  }

  /** Says something, in order. @param {string} to a session, or "room" @param {import("./message.js").Signal} signal */
  send(to, signal) {
    this.outbox.push(to, signal);
  }

  /** Whatever connections to the server there are count as dead, and new ones are made at once. */
  reconnect() {
    this.api.renew();
    this.doubt();
    this.#hurry.abort();
  }

  /** Something failed that should not while the stream is there: it is opened again. */
  doubt() {
    if (this.online) this.#stream?.close();
  }

  /** Joins the call from its lobby; rejects with a Trouble. @param {Role} role */
  async setRole(role) {
    const { place } = this;
    const was = place.role;
    place.role = role;
    const deadline = performance.now() + ROLE_PATIENCE_MS;
    for (;;) {
      try {
        await this.announce();
        return;
      } catch (error) {
        const failure = /** @type {Failure} */ (error);
        // A new session was begun meanwhile, with this role.
        if (this.place !== place) return;
        if (isFinal(failure) || performance.now() > deadline) {
          place.role = was;
          throw troubleOf(failure, this.api.server);
        }
        this.doubt();
        await pause(ROLE_RETRY_MS);
      }
    }
  }

  /** Takes our place in the room, where we are already or were before the server forgot us. */
  async announce() {
    const { place } = this;
    const answer = await this.api.enter(place.session, place.keys, place.role, true);
    place.learnRelay(answer, performance.now());
    return answer;
  }

  /** Leaves: what was said before is still sent, then the others learn of it at once. */
  async leave() {
    await Promise.race([this.outbox.flushed(), pause(LAST_WORDS_MS)]);
    await this.drop();
  }

  /** Leaves without another word. */
  async drop() {
    if (this.#ended) return;
    this.#stop();
    await this.api.leave(this.place.session, this.place.keys.room).catch(() => {});
  }

  #stop() {
    this.#ended = true;
    this.#stream?.close();
    this.#hurry.abort();
  }

  async #listen() {
    let failures = 0;
    while (!this.#ended) {
      const opened = performance.now();
      const again = await this.#listenOnce();
      if (performance.now() - opened > STEADY_MS) failures = 0;
      if (!again) await pause(WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)], this.#freshHurry());
    }
  }

  #freshHurry() {
    if (this.#hurry.signal.aborted) this.#hurry = new AbortController();
    return this.#hurry.signal;
  }

  /** Opens the stream and reads it to its end. Whether to open it again at once. */
  async #listenOnce() {
    const { place } = this;
    const noticing = setTimeout(() => this.#lose(), Math.max(0, UNNOTICED_MS - (performance.now() - this.#away)));
    try {
      this.#stream = await this.api.events(place.session, place.lastId);
    } catch (failure) {
      return await this.#recover(/** @type {Failure} */ (failure));
    } finally {
      clearTimeout(noticing);
    }
    if (this.#ended) return void this.#stream.close();
    this.online = true;
    if (this.#lostTold) this.tell({ type: "resumed" });
    this.#lostTold = false;
    this.outbox.wake();
    const well = await this.#read(this.#stream, place);
    this.online = false;
    this.#stream = null;
    // Whatever ended it has ended the other connections to the server too, most likely.
    this.api.renew();
    this.#away = performance.now();
    place.loseStream(this.#away);
    return well;
  }

  /** @param {import("./api.js").Events} stream @param {Place} place */
  async #read(stream, place) {
    try {
      for (let events = await stream.next(); events; events = await stream.next()) {
        for (const { id, name, data } of events) {
          place.lastId = id;
          const event = readEvent(name, data);
          if (event === null) this.#emit([{ type: "refused" }]);
          else if (event !== "unknown") this.#emit(await place.hear(event, performance.now()));
        }
      }
    } catch {
      this.#emit([{ type: "refused" }]);
      stream.close();
    }
    return stream.connection.signal.aborted;
  }

  /** The stream could not be opened. @param {Failure} failure */
  async #recover(failure) {
    if (failure.refusal === "session_unknown") return this.#comeBack();
    return this.#failed(failure);
  }

  /** The server has forgotten us: it was restarted, or has told the others that we left. */
  async #comeBack() {
    const { place } = this;
    try {
      const answer = await this.announce();
      const now = performance.now();
      this.#emit(place.returned(answer, now));
      this.outbox.repeat(place.lost ?? now);
      return true;
    } catch (error) {
      const failure = /** @type {Failure} */ (error);
      return failure.refusal === "session_over" ? this.#beginAnew() : this.#failed(failure);
    }
  }

  /** The others have been told that we left: a new session, which they have not seen leave. */
  async #beginAnew() {
    const mine = await session();
    const { keys, role, generation } = this.place;
    try {
      const answer = await this.api.enter(mine, keys, role, false);
      const place = new Place(keys, mine, this.place.role, generation + 1);
      place.entered(answer, performance.now());
      this.place = place;
      this.#lostTold = false;
      this.#emit([{ type: "replaced", me: answer.me, present: answer.present }]);
      return true;
    } catch (failure) {
      return this.#failed(/** @type {Failure} */ (failure));
    }
  }

  /** @param {Failure} failure */
  #failed(failure) {
    if (isFinal(failure)) {
      this.#emit([{ type: "ended", trouble: troubleOf(failure, this.api.server) }]);
      this.#stop();
    } else if (performance.now() - this.#away >= UNNOTICED_MS) {
      this.#lose();
    }
    return false;
  }

  /** Tells that the server is lost, once. */
  #lose() {
    if (!this.#lostTold) this.#emit([{ type: "lost" }]);
    this.#lostTold = true;
  }

  /** @param {SignalingEvent[]} events */
  #emit(events) {
    if (!this.#ended) events.forEach(this.tell);
  }

  /** @param {number} interval */
  async #keepAlive(interval) {
    for (await pause(interval); !this.#ended; await pause(interval)) {
      const { place } = this;
      const before = place.lastId;
      try {
        const newest = await this.api.alive(place.session);
        // After a change of network old connections hang, the stream's among them, and new ones work.
        if (newest !== null && newest !== before) {
          await pause(OVERDUE_MS);
          if (place.lastId === before) this.doubt();
        }
      } catch (error) {
        const { what, refusal } = /** @type {Failure} */ (error);
        if (what === "unreachable" || refusal === "session_unknown") this.doubt();
      }
      // The next sign of life is followed by another try.
      if (this.place.relayAges(performance.now())) await this.announce().catch(() => {});
    }
  }
}
