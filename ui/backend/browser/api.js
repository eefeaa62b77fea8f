/**
 * Requests to a server, each with a bounded time and a bounded answer.
 */
import { VERSION } from "./invite.js";
import { isId, presences } from "./events.js";
import { readRelay } from "./ice-servers.js";
import { authority, origin } from "./server-url.js";
import { StreamReader } from "./sse.js";

/** @typedef {import("./server-url.js").ServerUrl} ServerUrl */
/** @typedef {import("./events.js").Presence} Presence */
/** @typedef {import("./events.js").Role} Role */
/** @typedef {import("../types.js").Trouble} Trouble */

/** @typedef {{ me: string, present: Presence[], complete: boolean, keepaliveMs: number, relay: import("./ice-servers.js").RelayAccess | null }} Entered */
/** @typedef {{ to: string, sealed: string }} SendSignal */

/**
 * Why a request failed.
 * @typedef {object} Failure
 * @property {"unreachable" | "notVisio" | "otherVersion" | "clock" | "refused"} what
 * @property {number} [minutes] how far the clocks are apart
 * @property {string} [refusal] the server's word
 * @property {number} [seconds] after which the same is allowed
 */

/** For an answer to arrive in full, and for one that says nothing, in milliseconds. */
const ANSWER_MS = 6_000;
const ALIVE_MS = 3_000;

/** Silence after which an event stream is dead, in milliseconds: a heartbeat of the server is long overdue. */
const STREAM_SILENCE_MS = 25_000;

/** The longest answer that is read, in bytes. */
const MAX_ANSWER = 64 * 1024;

/** Server and client may differ by so much, in milliseconds. */
const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** Refusals after which trying again is of no use. */
const FINAL = new Set(["room_unknown", "admission", "version", "malformed"]);

/** Whether trying again is of no use. @param {Failure} failure */
export const isFinal = (failure) => failure.what === "otherVersion" || FINAL.has(failure.refusal ?? "");

/** In terms that concern people. @param {Failure} failure @param {ServerUrl} url @returns {Trouble} */
export function troubleOf(failure, url) {
  const server = authority(url);
  switch (failure.what) {
    case "unreachable":
      return { kind: navigator.onLine ? "serverUnreachable" : "offline", server };
    case "notVisio":
      return { kind: "notAVisioServer", server };
    case "otherVersion":
      return { kind: "otherVersion", server };
    case "clock":
      return { kind: "wrongClock", server, minutes: failure.minutes };
    default:
      return { kind: TROUBLES[failure.refusal ?? ""] ?? "serverTrouble", server };
  }
}

/** What a refusal means for people. @type {Record<string, string>} */
const TROUBLES = {
  room_unknown: "roomGone",
  admission: "roomGone",
  room_full: "roomFull",
  server_full: "serverBusy",
  rooms_full: "serverBusy",
  too_many: "serverBusy",
  unavailable: "serverBusy",
  version: "otherVersion",
};

/** @type {Failure} */
const UNREACHABLE = { what: "unreachable" };
/** @type {Failure} */
const NOT_VISIO = { what: "notVisio" };

export class Api {
  /** Ended when connections are let go of, so that what waits on them tries again. */
  #current = new AbortController();

  /** @param {ServerUrl} server */
  constructor(server) {
    this.server = server;
  }

  /** Lets go of every request there is: those on a network that is gone hang for minutes. */
  renew() {
    this.#current.abort();
    this.#current = new AbortController();
  }

  /**
   * Enters a room; rejects, as all of these, with a {@link Failure}.
   * @param {import("./keys.js").Session} session @param {import("./keys.js").RoomKeys} keys @param {Role} role @param {boolean} returning
   * @returns {Promise<Entered>}
   */
  async enter(session, keys, role, returning) {
    const answer = await this.#ask("PUT", `/v1/rooms/${keys.room}/me`, session, { admission: keys.admission, role, returning });
    const { me, present, complete, keepalive_ms, now, relay } = answer ?? {};
    const list = presences(present);
    if (me !== session.id || !list || typeof complete !== "boolean" || !Number.isFinite(keepalive_ms) || !Number.isFinite(now)) throw NOT_VISIO;
    checkClock(now);
    return { me, present: list, complete, keepaliveMs: keepalive_ms, relay: readRelay(relay) };
  }

  /** Leaves a room, also while the page is left. @param {import("./keys.js").Session} session @param {string} room */
  async leave(session, room) {
    await this.#send("DELETE", `/v1/rooms/${room}/me`, session, { keepalive: true, signal: bounded(ALIVE_MS).signal });
  }

  /** @param {import("./keys.js").Session} session @param {string} room @param {SendSignal[]} signals */
  async signals(session, room, signals) {
    const { unknown } = (await this.#ask("POST", `/v1/rooms/${room}/signals`, session, { signals })) ?? {};
    if (!Array.isArray(unknown) || !unknown.every(isId)) throw NOT_VISIO;
  }

  /** Says that the session lives; the id of its newest event. @param {import("./keys.js").Session} session @returns {Promise<string | null>} */
  async alive(session) {
    const { newest } = (await this.#ask("POST", "/v1/alive", session, undefined, ALIVE_MS)) ?? {};
    return typeof newest === "string" ? newest : null;
  }

  /**
   * Opens the event stream; what it gives ends when it ends, breaks or is silent for too long, and throws when it is none.
   * @param {import("./keys.js").Session} session @param {string | null} lastId
   */
  async events(session, lastId) {
    const connection = bounded(ANSWER_MS, this.#current.signal);
    /** @type {Record<string, string>} */
    const headers = lastId === null ? {} : { "Last-Event-ID": lastId };
    // The time is for the head of the answer alone: the stream itself has no end.
    const answer = await this.#send("GET", "/v1/events", session, { signal: connection.signal, headers }).finally(connection.done);
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream") || !answer.body) throw NOT_VISIO;
    return new Events(answer.body.getReader(), connection);
  }

  /** @param {string} method @param {string} path @param {import("./keys.js").Session} session @param {object} [body] @param {number} [time] */
  async #ask(method, path, session, body, time = ANSWER_MS) {
    const { signal, end } = bounded(time, this.#current.signal);
    const json = body && { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    try {
      return await readJson(await this.#send(method, path, session, { signal, ...json }));
    } finally {
      end();
    }
  }

  /** Sends a request and looks at the head of the answer: a Visio server's, of our version, and no refusal? @param {string} method @param {string} path @param {import("./keys.js").Session} session @param {RequestInit} more */
  async #send(method, path, session, more) {
    const headers = { ...more.headers, "Visio-Protocol": String(VERSION), Authorization: `Bearer ${session.bearer}` };
    const asked = fetch(origin(this.server) + path, { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", ...more, method, headers });
    const answer = await asked.catch(() => Promise.reject(UNREACHABLE));
    const version = answer.headers.get("visio-protocol");
    if (version === null || !/^\d{1,3}$/.test(version)) throw NOT_VISIO;
    if (Number(version) !== VERSION) throw /** @type {Failure} */ ({ what: "otherVersion" });
    if (answer.ok) return answer;
    const { refused, seconds } = (await readJson(answer)) ?? {};
    if (typeof refused !== "string") throw NOT_VISIO;
    throw /** @type {Failure} */ ({ what: "refused", refusal: refused, seconds: Number.isFinite(seconds) ? seconds : undefined });
  }
}

/** An event stream, piece by piece. */
export class Events {
  #pieces = new StreamReader();

  /** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {{ signal: AbortSignal, end: () => void }} connection */
  constructor(reader, connection) {
    this.reader = reader;
    this.connection = connection;
  }

  /** The next events; null at the end. Throws when what came is no event stream. @returns {Promise<import("./sse.js").StreamEvent[] | null>} */
  async next() {
    const silence = setTimeout(() => this.close(), STREAM_SILENCE_MS);
    const piece = await this.reader.read().catch(() => null);
    clearTimeout(silence);
    return piece?.value ? this.#pieces.push(piece.value) : null;
  }

  close() {
    this.connection.end();
  }
}

/** What ends after a time (until `done` is called), or when `sooner` does. @param {number} time @param {AbortSignal} [sooner] */
function bounded(time, sooner) {
  const controller = new AbortController();
  const end = () => controller.abort();
  const timer = setTimeout(end, time);
  if (sooner?.aborted) end();
  sooner?.addEventListener("abort", end, { signal: controller.signal });
  return { signal: controller.signal, end, done: () => clearTimeout(timer) };
}

/** Reads an answer of bounded length. @param {Response} answer @returns {Promise<any>} */
async function readJson(answer) {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for (;;) {
    const piece = await reader?.read().catch(() => Promise.reject(UNREACHABLE));
    if (!piece?.value) break;
    length += piece.value.length;
    if (length > MAX_ANSWER) {
      await reader?.cancel().catch(() => {});
      throw NOT_VISIO;
    }
    text += decoder.decode(piece.value, { stream: true });
  }
  try {
    return JSON.parse(text + decoder.decode());
  } catch {
    throw NOT_VISIO;
  }
}

/** @param {number} theirs */
function checkClock(theirs) {
  const apart = Math.abs(Date.now() - theirs);
  if (apart > CLOCK_TOLERANCE_MS) throw /** @type {Failure} */ ({ what: "clock", minutes: Math.floor(apart / 60_000) });
}
