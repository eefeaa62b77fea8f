/**
 * What is derived from an invite's secret, and what a session shows of itself.
 */
import { join, random, sha256, toBase64url, toHex, utf8 } from "./bytes.js";

/** @typedef {{ room: string, admission: string, sealing: CryptoKey }} RoomKeys  room, admission: hex; the sealing key leaves WebCrypto in no form */
/** @typedef {{ bearer: string, id: string }} Session  bearer: what every request shows; id: hex */

/** Bytes of a session's secret, and of its id. */
const SESSION_SECRET = 32;
const SESSION_ID = 16;

/** @param {Uint8Array} secret of the invite @returns {Promise<RoomKeys>} */
export async function deriveKeys(secret) {
  const base = await crypto.subtle.importKey("raw", /** @type {import("./bytes.js").Bytes} */ (secret), "HKDF", false, ["deriveBits", "deriveKey"]);
  /** @param {string} info */
  const parameters = (info) => ({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(`visio 1 ${info}`) });
  /** @param {string} info @param {number} bytes */
  const bits = async (info, bytes) => toHex(new Uint8Array(await crypto.subtle.deriveBits(parameters(info), base, 8 * bytes)));
  const cipher = { name: "AES-GCM", length: 256 };
  return {
    room: await bits("room id", 16),
    admission: await bits("admission key", 32),
    sealing: await crypto.subtle.deriveKey(parameters("sealing key"), base, cipher, false, ["encrypt", "decrypt"]),
  };
}

/** A session from its secret; without one, a new session. @param {Uint8Array} [secret] @returns {Promise<Session>} */
export async function session(secret = random(SESSION_SECRET)) {
  const digest = await sha256(join(utf8("visio 1 session"), secret));
  return { bearer: toBase64url(secret), id: toHex(digest.slice(0, SESSION_ID)) };
}
