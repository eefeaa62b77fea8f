/**
 * People who vanished without a word. They are gone from the call, but the connection to them is kept for a while: when their network
 * comes back it carries their picture at once, and the tile is the same. As the engine's `update/away.rs`. Pure.
 */
import { connecting, MAX_PRESENT, unlink } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Person} Person */
/** @typedef {import("./update.js").Effect} Effect */

/** So long a vanished person is waited for, in milliseconds: as long as the server keeps their place. */
const KEPT_MS = 60_000;

/** Takes people out of the call who have vanished. @param {State} state @param {number} now @param {Effect[]} effects @param {(person: Person) => boolean} vanished */
export function put(state, now, effects, vanished) {
  const before = state.people;
  state.people = before.filter((person) => !vanished(person));
  for (const person of before.filter((it) => !state.people.includes(it))) {
    if (connecting(person) || person.epoch === 0 || state.away.length >= MAX_PRESENT) {
      effects.push({ type: "closeLink", session: person.session });
    } else {
      person.closedAt = null;
      unlink(person, "retrying", now);
      state.away.push(person);
    }
  }
}

/** Somebody who was away shows a sign of life. @param {State} state @param {(person: Person) => boolean} isBack */
export function bringBack(state, isBack) {
  const back = state.away.filter(isBack);
  state.away = state.away.filter((person) => !back.includes(person));
  state.people.push(...back.slice(0, Math.max(0, MAX_PRESENT - state.people.length)));
}

/** The connection to somebody who is away came up again, or is over. @param {State} state @param {string} session @param {number} epoch @param {import("./update.js").LinkChange} change @param {Effect[]} effects */
export function linkChanged(state, session, epoch, change, effects) {
  const isIt = (/** @type {Person} */ person) => person.session === session && person.epoch === epoch;
  if (change === "connected") bringBack(state, isIt);
  else if (change !== "disconnected") forget(state, effects, isIt);
}

/** Time passed. @param {State} state @param {number} now @param {Effect[]} effects */
export const tick = (state, now, effects) => forget(state, effects, (person) => now - person.unlinkedSince >= KEPT_MS);

/** Waits for them no longer. @param {State} state @param {Effect[]} effects @param {(person: Person) => boolean} isOver */
export function forget(state, effects, isOver) {
  for (const person of state.away.filter(isOver)) effects.push({ type: "closeLink", session: person.session });
  state.away = state.away.filter((person) => !isOver(person));
}
