/**
 * Sealing: what people say to one another is readable to nobody else, and fits only where and when it was said.
 * WebCrypto takes its time, so whoever uses these keeps the order: one message after the other.
 */
import { fromBase64url, fromHex, join, random, toBase64url, utf8 } from "./bytes.js";
import { VERSION } from "./invite.js";
import { MAX_MESSAGE, readSignal } from "./message.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./message.js").Signal} Signal */
/** @typedef {"altered" | "replayed" | "not_introduced" | "malformed" | "too_many_senders"} Refused */

/** Bytes of the nonce, of GCM's tag, and before the ciphertext: version, sequence, nonce. */
const NONCE = 12;
const TAG = 16;
const HEAD = 1 + 8 + NONCE;

/** The longest sealed message as text, in characters. */
const MAX_SEALED = Math.ceil((HEAD + MAX_MESSAGE + TAG) / 3) * 4;

/** Senders that are told apart; none is forgotten, or their messages could be replayed. */
const MAX_SENDERS = 4096;

/** To whom something is said when it is for everybody. */
export const ROOM = "room";

/** What a sealed message is bound to, without being part of it. @param {string} room @param {string} from @param {string} to @param {Bytes} sequence */
function associated(room, from, to, sequence) {
  const recipient = to === ROOM ? new Uint8Array(17) : join(Uint8Array.of(1), /** @type {Bytes} */ (fromHex(to, 16)));
  return join(Uint8Array.of(VERSION), /** @type {Bytes} */ (fromHex(room, 16)), /** @type {Bytes} */ (fromHex(from, 16)), recipient, sequence);
}

/** @param {bigint} sequence @returns {Bytes} */
function written(sequence) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, sequence);
  return bytes;
}

/** Seals what one session says in one room. One for as long as the session has its id: a second one would number anew, and be refused. */
export class Sealer {
  /** @param {CryptoKey} key @param {string} room @param {string} me @param {bigint} [last] the number of the last message: for test vectors alone */
  constructor(key, room, me, last = 0n) {
    this.key = key;
    this.room = room;
    this.me = me;
    this.last = last;
  }

  /** @param {string} to a session's id, or "room" @param {string} json @param {Bytes} [nonce] for test vectors alone @returns {Promise<string>} base64url */
  async seal(to, json, nonce = random(NONCE)) {
    const sequence = written(++this.last);
    const additionalData = associated(this.room, this.me, to, sequence);
    const ciphertext = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, this.key, utf8(json));
    return toBase64url(join(Uint8Array.of(VERSION), sequence, nonce, new Uint8Array(ciphertext)));
  }
}

/** Opens what one session hears in one room. One for as long as the session has its id: a second one would not know what it has heard. */
export class Opener {
  /** The last number of each sender. Bounded by {@link MAX_SENDERS}; when full, further senders are refused. @type {Map<string, bigint>} */
  #last = new Map();

  /** @param {CryptoKey} key @param {string} room @param {string} me */
  constructor(key, room, me) {
    this.key = key;
    this.room = room;
    this.me = me;
  }

  /**
   * What `from` sealed for us or for the room. A message that is refused is as if it had never come.
   * @param {string} from @param {string} to @param {string} sealed base64url
   * @returns {Promise<Signal | "unknown" | { refused: Refused }>}
   */
  async open(from, to, sealed) {
    const bytes = sealed.length <= MAX_SEALED ? fromBase64url(sealed) : null;
    if (!bytes || bytes.length < HEAD + TAG || bytes[0] !== VERSION) return { refused: "malformed" };
    if (to !== ROOM && to !== this.me) return { refused: "altered" };
    const additionalData = associated(this.room, from, to, bytes.slice(1, 9));
    const opened = crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(9, HEAD), additionalData }, this.key, bytes.slice(HEAD));
    const text = await opened.catch(() => null);
    if (!text) return { refused: "altered" };

    const sequence = new DataView(bytes.buffer).getBigUint64(1);
    const last = this.#last.get(from);
    if (last !== undefined && sequence <= last) return { refused: "replayed" };
    if (last === undefined && to === ROOM) return { refused: "not_introduced" };
    if (last === undefined && this.#last.size >= MAX_SENDERS) return { refused: "too_many_senders" };
    this.#last.set(from, sequence);
    const json = decoded(text);
    return (json !== null && readSignal(json)) || { refused: "malformed" };
  }
}

/** @param {ArrayBuffer} bytes */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
