/**
 * Raised hands, in the order that is the same for all: by time, then by person. Pure.
 */

/** @typedef {import("../backend/types.js").CallState} CallState */
/** @typedef {import("../backend/types.js").Person} Person */

/** Whose hand is raised → their place among all, from 1; one's own included. @param {CallState} state @returns {Map<string, number>} */
export function placesOf({ me, people }) {
  const raised = [me, ...people].flatMap(({ id, hand }) => (hand == null ? [] : [{ id, hand }]));
  raised.sort((a, b) => a.hand - b.hand || (a.id < b.id ? -1 : 1));
  return new Map(raised.map(({ id }, index) => [id, index + 1]));
}

/** Those with raised hands first, in their order; the others stay as they are. @param {Person[]} people @param {Map<string, number>} places */
export function byHands(people, places) {
  const place = (/** @type {Person} */ { id }) => places.get(id) ?? Infinity;
  return [...people].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}
