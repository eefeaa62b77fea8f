/**
 * Hands messages to the server: in order, several in one request where several wait, and again for as long as it takes.
 */
import { pause } from "./pause.js";

/** @typedef {import("./api.js").SendSignal} SendSignal */
/** @typedef {import("./api.js").Failure} Failure */

/** Messages that wait, at most. When full, the newest is dropped: that happens only after a long loss of the server, after which connections are negotiated anew anyhow. */
const CAPACITY = 256;

/** What a server accepted so long before it was lost, in milliseconds, it may have lost too: it is said once more. */
const REPEATED_MS = 5_000;
/** The most messages that are kept for that; the oldest goes. */
const MAX_REPEATED = 256;

/** The most messages and bytes in one request, and what a message takes in it besides itself. */
const MAX_BATCH = 64;
const MAX_BODY = 64 * 1024;
const ENVELOPE = 96;

/** Between two tries: of a request that failed, and while what the servers share is out of reach, in milliseconds. */
const RETRY_MS = 100;
const ABSENCE_MS = 500;
/** The longest that is waited when the server says for how long, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Requests of a size that a server takes. @param {SendSignal[]} signals @returns {SendSignal[][]} */
export function batches(signals) {
  /** @type {SendSignal[][]} */
  const all = [];
  let bytes = 0;
  for (const signal of signals) {
    const size = signal.sealed.length + ENVELOPE;
    const batch = all.at(-1);
    if (batch && batch.length < MAX_BATCH && bytes + size < MAX_BODY - ENVELOPE) {
      bytes += size;
      batch.push(signal);
    } else {
      bytes = size;
      all.push([signal]);
    }
  }
  return all;
}

export class Outbox {
  /** @type {{ to: string, signal: import("./message.js").Signal }[]} */ #waiting = [];
  /** What the server accepted lately. Bounded by {@link MAX_REPEATED}. @type {{ at: number, signal: SendSignal }[]} */ #sent = [];
  /** What is to be said once more, before all else. @type {SendSignal[]} */ #again = [];
  #running = Promise.resolve();
  #busy = false;
  #online = new AbortController();

  /** @param {import("./signaling.js").Signaling} signaling */
  constructor(signaling) {
    this.signaling = signaling;
  }

  /** @param {string} to @param {import("./message.js").Signal} signal */
  push(to, signal) {
    if (this.#waiting.length < CAPACITY) this.#waiting.push({ to, signal });
    if (!this.#busy) this.#running = this.#run();
  }

  /** When everything has been sent. */
  flushed() {
    return this.#running;
  }

  /** The stream is there: no reason to wait. */
  wake() {
    this.#online.abort();
    this.#online = new AbortController();
  }

  /** Says once more what a server that was restarted may have taken with it. @param {number} lost when the stream to it was */
  repeat(lost) {
    this.#again = this.#sent.filter(({ at }) => at + REPEATED_MS > lost).map(({ signal }) => signal);
    this.#sent = [];
    if (!this.#busy) this.#running = this.#run();
  }

  async #run() {
    this.#busy = true;
    while ((this.#waiting.length || this.#again.length) && !this.signaling.ended) {
      await this.#sayAgain();
      const { place } = this.signaling;
      /** @type {SendSignal[]} */
      const sealed = [];
      while (this.#waiting.length && sealed.length < MAX_BATCH) {
        const next = this.#waiting.shift();
        if (next) sealed.push(...(await place.seal(next.to, next.signal)));
      }
      for (const batch of batches(sealed)) await this.#deliver(batch, place);
    }
    this.#busy = false;
  }

  async #sayAgain() {
    const { api, place } = this.signaling;
    for (const batch of batches(this.#again.splice(0))) await api.signals(place.session, place.keys.room, batch).catch(() => {});
  }

  /** Hands a batch over, however long it takes; given up when the session that sealed it is no longer. @param {SendSignal[]} batch @param {import("./place.js").Place} place */
  async #deliver(batch, place) {
    const { signaling } = this;
    while (signaling.place === place && !signaling.ended) {
      await this.#sayAgain();
      try {
        await signaling.api.signals(place.session, place.keys.room, batch);
        const at = performance.now();
        this.#sent = [...this.#sent, ...batch.map((signal) => ({ at, signal }))].slice(-MAX_REPEATED);
        return;
      } catch (error) {
        const { refusal, seconds = 1 } = /** @type {Failure} */ (error);
        if (refusal === "too_many") await pause(Math.min(seconds * 1_000, PATIENCE_MS));
        else if (refusal === "unavailable") await pause(ABSENCE_MS);
        else if (refusal !== undefined && refusal !== "session_unknown" && refusal !== "internal") return;
        else await this.#wait();
      }
    }
  }

  /** Until the stream is back, or for a moment when it seems to be there. */
  async #wait() {
    this.signaling.doubt();
    await pause(RETRY_MS);
    while (!this.signaling.online && !this.signaling.ended) await pause(1_000, this.#online.signal);
  }
}
