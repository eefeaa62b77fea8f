/**
 * What a session hears on its event stream, read from foreign JSON, or refused. Pure.
 */
import { fromHex } from "./bytes.js";
import { ROOM } from "./sealing.js";

/** @typedef {"watching" | "calling"} Role */
/** @typedef {{ session: string, role: Role }} Presence */

/**
 * @typedef {{ name: "arrived" | "role", room: string, presence: Presence }
 *   | { name: "left", room: string, session: string }
 *   | { name: "signal", room: string, from: string, to: string, sealed: string }
 *   | { name: "roster", room: string, present: Presence[] }} RoomEvent
 */

/** The most sessions that a list of those present may have: what fits in the longest event. */
const MAX_PRESENT = 512;

/** @param {unknown} text */
export const isId = (text) => fromHex(text, 16) !== null;

/** @param {any} it @returns {Presence | null} */
export function presence(it) {
  const { session, role } = it ?? {};
  return isId(session) && (role === "watching" || role === "calling") ? { session, role } : null;
}

/** @param {unknown} list @returns {Presence[] | null} */
export function presences(list) {
  if (!Array.isArray(list) || list.length > MAX_PRESENT) return null;
  const read = list.map(presence);
  return /** @type {Presence[] | null} */ (read.every(Boolean) ? read : null);
}

/** One event: "unknown" for one of a later version, null for one whose data is not what its name promises. @param {string} name @param {string} data @returns {RoomEvent | "unknown" | null} */
export function readEvent(name, data) {
  if (!["arrived", "role", "left", "signal", "roster"].includes(name)) return "unknown";
  /** @type {any} */
  let it;
  try {
    it = JSON.parse(data);
  } catch {
    return null;
  }
  const room = it?.room;
  if (!isId(room)) return null;
  if (name === "arrived" || name === "role") {
    const there = presence(it);
    return there && { name, room, presence: there };
  }
  if (name === "left") return isId(it.session) ? { name, room, session: it.session } : null;
  if (name === "roster") {
    const present = presences(it.present);
    return present && { name, room, present };
  }
  const { from, to, sealed } = it;
  return isId(from) && (to === ROOM || isId(to)) && typeof sealed === "string" ? { name: "signal", room, from, to, sealed } : null;
}
