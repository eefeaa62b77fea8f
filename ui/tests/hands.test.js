/** Raised hands stand in the same order for all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { byHands, placesOf } from "../call/hands.js";

/** @param {string} id @param {number | null} [hand] */
const person = (id, hand) => /** @type {any} */ ({ id, hand });

test("whoever raised a hand first is first, oneself included, and of two at the same moment the smaller id", () => {
  const state = /** @type {any} */ ({ me: person("c", 20), people: [person("b", 30), person("d", null), person("e"), person("f", 20), person("a", 10)] });
  const places = placesOf(state);
  assert.deepEqual([...places], [["a", 1], ["c", 2], ["f", 3], ["b", 4]]);
  const order = byHands(state.people, places).map(({ id }) => id);
  assert.deepEqual(order, ["a", "f", "b", "d", "e"]);
});
