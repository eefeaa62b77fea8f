/**
 * Server-sent events as they come off a connection. Pure. Our own because `EventSource` shows no `Authorization`, and because memory
 * must stay bounded whatever a server sends.
 */

/** @typedef {{ id: string | null, name: string, data: string }} StreamEvent */

/** The longest line and the longest data of one event, in bytes: a signal of the greatest length, and its envelope. */
const MAX_EVENT = 64 * 1024;
/** The longest event id, in characters. Longer ones are not kept, and the event comes without. */
const MAX_ID = 64;

const [LF, CR] = [10, 13];

export class StreamReader {
  /** Of a line that has not ended yet. */
  #line = new Uint8Array(MAX_EVENT);
  #length = 0;
  #afterCr = false;
  #started = false;
  /** @type {string | null} */ #id = null;
  #name = "";
  #data = "";
  #hasData = false;
  #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** Takes the next bytes; the events that are complete. Throws when it is no event stream. @param {Uint8Array} bytes @returns {StreamEvent[]} */
  push(bytes) {
    /** @type {StreamEvent[]} */
    const events = [];
    for (const byte of bytes) {
      if (byte === LF && this.#afterCr) {
        this.#afterCr = false;
      } else if (byte === LF || byte === CR) {
        this.#afterCr = byte === CR;
        const event = this.#endLine();
        if (event) events.push(event);
      } else {
        this.#afterCr = false;
        if (this.#length >= MAX_EVENT) throw new RangeError("an endless line");
        this.#line[this.#length++] = byte;
      }
    }
    return events;
  }

  #endLine() {
    let line = this.#decoder.decode(this.#line.subarray(0, this.#length));
    this.#length = 0;
    if (!this.#started) line = line.replace(/^\ufeff/, "");
    this.#started = true;
    if (!line) return this.#endEvent();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      if (this.#data.length + value.length >= MAX_EVENT) throw new RangeError("an endless event");
      this.#data += this.#hasData ? `\n${value}` : value;
      this.#hasData = true;
    } else if (field === "event") {
      this.#name = value;
    } else if (field === "id" && value.length <= MAX_ID && /^[\x21-\x7e]*$/.test(value)) {
      this.#id = value;
    }
    return null;
  }

  /** An event without data is none, as in the HTML standard. @returns {StreamEvent | null} */
  #endEvent() {
    const event = this.#hasData ? { id: this.#id, name: this.#name || "message", data: this.#data } : null;
    this.#name = this.#data = "";
    this.#hasData = false;
    return event;
  }
}
