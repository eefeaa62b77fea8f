import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../call/line.js";

/** A quiet call with one other person. @returns {any} */
const call = () => ({
  phase: "calling",
  trouble: null,
  invite: { server: "call.example.org" },
  me: {
    microphone: { spec: "default", muted: false, status: "ok", speaking: false },
    camera: { spec: "default", off: false, status: "ok" },
    speaker: { spec: "default", status: "ok" },
  },
  people: [{ name: "Léa", calling: true, connection: "connected", quality: "good" }],
});

test("when all is well there is no line", () => {
  assert.equal(lineOf(call()), null);
});

test("a trouble of the whole call comes before all else, with the server's name in it", () => {
  const state = call();
  state.trouble = { kind: "serverUnreachable" };
  state.me.microphone = { ...state.me.microphone, muted: true, speaking: true };
  assert.deepEqual(lineOf(state), { key: "trouble.serverUnreachable", values: { server: "call.example.org", kind: "serverUnreachable" } });
});

test("talking while muted is said", () => {
  const state = call();
  Object.assign(state.me.microphone, { muted: true, speaking: true });
  assert.equal(lineOf(state)?.key, "own.mutedTalking");
});

test("a broken device is said with a way to choose another, unless it is not wanted anyway", () => {
  const state = call();
  state.me.camera.status = "busy";
  assert.deepEqual(lineOf(state), { key: "camera.busy", todo: "devices" });
  state.me.camera.off = true;
  assert.equal(lineOf(state), null);
  Object.assign(state.me.camera, { off: false, spec: "none", status: "none" });
  assert.equal(lineOf(state), null);
});

test("a computer that does not keep up is said before somebody else's weak connection", () => {
  const state = call();
  state.people[0].quality = "weak";
  state.me.slow = true;
  assert.deepEqual(lineOf(state), { key: "trouble.machineSlow" });
  state.me.camera.status = "busy";
  assert.equal(lineOf(state)?.key, "camera.busy");
});

test("somebody's weak connection is said with their name", () => {
  const state = call();
  state.people[0].quality = "weak";
  assert.deepEqual(lineOf(state), { key: "person.weak", values: { name: "Léa" } });
});

test("a slow line of our own is said, and of two people nobody is said to be to blame", () => {
  const state = call();
  state.me.limited = "uplink";
  assert.deepEqual(lineOf(state), { key: "trouble.slowUplink" });
  state.me.limited = "path";
  assert.deepEqual(lineOf(state), { key: "trouble.slowPath", values: { name: "Léa" } });
  state.people.push({ ...state.people[0], name: "Inès" });
  assert.equal(lineOf(state), null);
  state.me.limited = "nothing";
  assert.equal(lineOf(state), null);
});
