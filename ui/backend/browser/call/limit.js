/**
 * What keeps somebody's picture from being better. Whoever sends it knows that a way is narrow, and whether all their ways are; whoever
 * receives knows who else is narrow on the way here. Only both together tell one line from the other. As the engine's `call/limit.rs`. Pure.
 */
import { linked } from "./state.js";

/** @typedef {import("./state.js").Person} Person */

/** @param {Person} person */
const sends = (person) => linked(person) && !person.shown.cameraOff && person.rows !== null;
/** @param {Person} person */
const narrow = (person) => sends(person) && (person.limited === "path" || person.limited === "uplink");
/** @param {Person} person */
const onRelay = (person) => person.shown.path === "relay";

/** Judges what limits each of these people's pictures. @param {Person[]} people @param {boolean} slow this computer does not keep up */
export function judge(people, slow) {
  const held = people.filter(narrow);
  const all = people.filter(sends).length;
  // Each of several who send to us is held up, and one of them only on the way here: what they share is our line, or the relay.
  const shared = all > 1 && held.length === all && held.some(({ limited }) => limited === "path");
  const relayed = held.every(onRelay);
  for (const person of people) person.shown.limitedBy = sends(person) ? verdict(person, shared, relayed, slow) : null;
}

/** @param {Person} person @param {boolean} shared @param {boolean} relayed @param {boolean} slow @returns {import("../../types.js").Person["limitedBy"]} */
function verdict(person, shared, relayed, slow) {
  switch (person.limited) {
    case "machine":
      return "theirMachine";
    case "nothing":
      return slow ? "thisMachine" : "nothing";
    default:
      if (shared) return relayed ? "relay" : "yourDownlink";
      if (person.limited === "uplink") return "theirUplink";
      return onRelay(person) ? "relay" : "path";
  }
}
