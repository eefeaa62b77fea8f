/**
 * What people say to one another, sealed: read from foreign JSON, or refused. Pure.
 */
import { fromHex, utf8 } from "./bytes.js";
import { cleanName } from "./name.js";

/** @typedef {{ microphone_muted: boolean, camera_off: boolean, screen?: boolean }} MediaState  screen: they share it; absent: they don't */

/**
 * @typedef {{ type: "hello", person: string, name: string, media: MediaState, session_epoch: number }
 *   | { type: "offer" | "answer", link: number, sdp: string }
 *   | { type: "candidate", link: number, candidate: string, mid?: string, line?: number }
 *   | { type: "ask_offer", restart: boolean }
 *   | { type: "state", media: MediaState }
 *   | { type: "bye" }} Signal
 */

/** The longest message, in bytes of JSON. */
export const MAX_MESSAGE = 40 * 1024;
/** The longest session description, candidate and media id, in bytes. */
const MAX_SDP = 32 * 1024;
const MAX_CANDIDATE = 1024;
const MAX_MID = 64;

/** Whether it is a whole number that a reader in any language can hold. @param {unknown} value @param {number} most */
const whole = (value, most) => Number.isInteger(value) && /** @type {number} */ (value) >= 0 && /** @type {number} */ (value) <= most;
const u32 = (/** @type {unknown} */ value) => whole(value, 0xffff_ffff);

/** @param {unknown} value @param {number} most bytes */
const text = (value, most) => typeof value === "string" && utf8(value).length <= most;

/** @param {any} media @returns {MediaState | null} */
function mediaState(media) {
  const { microphone_muted, camera_off, screen = false } = media ?? {};
  const good = [microphone_muted, camera_off, screen].every((it) => typeof it === "boolean");
  return good ? { microphone_muted, camera_off, ...(screen && { screen }) } : null;
}

/** Each reads the fields of its type, or finds them malformed. @type {Record<string, (it: any) => Signal | null>} */
const READERS = {
  hello({ person, name, media, session_epoch }) {
    const state = mediaState(media);
    const good = fromHex(person, 16) && typeof name === "string" && state && u32(session_epoch);
    return good ? { type: "hello", person, name: cleanName(name), media: state, session_epoch } : null;
  },
  offer: ({ link, sdp }) => (u32(link) && text(sdp, MAX_SDP) ? { type: "offer", link, sdp } : null),
  answer: ({ link, sdp }) => (u32(link) && text(sdp, MAX_SDP) ? { type: "answer", link, sdp } : null),
  candidate({ link, candidate, mid, line }) {
    const good = u32(link) && text(candidate, MAX_CANDIDATE) && (mid == null || text(mid, MAX_MID)) && (line == null || whole(line, 0xffff));
    return good ? { type: "candidate", link, candidate, ...(mid != null && { mid }), ...(line != null && { line }) } : null;
  },
  ask_offer: ({ restart }) => (typeof restart === "boolean" ? { type: "ask_offer", restart } : null),
  state({ media }) {
    const state = mediaState(media);
    return state && { type: "state", media: state };
  },
  bye: () => ({ type: "bye" }),
};

/** Reads what was sealed: a message, "unknown" for one of a later version, null for what is none. @param {string} json @returns {Signal | "unknown" | null} */
export function readSignal(json) {
  try {
    const it = JSON.parse(json);
    if (it === null || typeof it !== "object" || Array.isArray(it) || typeof it.type !== "string") return null;
    return Object.hasOwn(READERS, it.type) ? READERS[it.type](it) : "unknown";
  } catch {
    return null;
  }
}

/** Writes what is to be sealed; null for what the other side would refuse. @param {Signal} signal @returns {string | null} */
export function writeSignal(signal) {
  const json = JSON.stringify(signal);
  return READERS[signal.type](signal) && utf8(json).length <= MAX_MESSAGE ? json : null;
}
