/**
 * Who this tab is in a call, across a reload of the page: the same person under a new session. Kept for the tab alone, and forgotten
 * when the person leaves.
 */
import { fromHex, random, toHex } from "./bytes.js";

/** @typedef {{ room: string, person: string, epoch: number, calling: boolean, at: number }} Identity  epoch: how many sessions came before; at: when this was last so, in milliseconds since 1970 */

const KEY = "visio.identity";

/** A call that was left by a reload is entered again without asking, if it is no longer ago than this, in milliseconds. */
const RESUMED_MS = 60_000;

/** @returns {Identity | null} */
function stored() {
  try {
    const it = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    const good = it && fromHex(it.room, 16) && fromHex(it.person, 16) && Number.isInteger(it.epoch) && it.epoch >= 0 && typeof it.calling === "boolean" && Number.isFinite(it.at);
    return good ? it : null;
  } catch {
    return null;
  }
}

/** @param {Identity} identity */
export function remember(identity) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(identity));
  } catch {
    // Without storage a reload is another person: worse, and no reason not to call.
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {}
}

/** Who to be in this room: who this tab was there before, or somebody new. @param {string} room @returns {Identity} */
export function identity(room) {
  const before = stored();
  const known = before?.room === room ? before : null;
  return { room, person: known?.person ?? toHex(random(16)), epoch: known ? known.epoch + 1 : 0, calling: false, at: Date.now() };
}

/** Whether the page was reloaded in the middle of a call in this room. @param {string} room */
export function interrupted(room) {
  const before = stored();
  return before?.room === room && before.calling && Date.now() - before.at < RESUMED_MS;
}
