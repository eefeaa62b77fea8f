/**
 * The guest's call as a value, driven by events and virtual time: what it does in each case is what the engine's does.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { begin, MAX_PRESENT, nothingShared, shown } from "../backend/browser/call/state.js";
import { update } from "../backend/browser/call/update.js";

/** @typedef {import("../backend/browser/call/update.js").Effect} Effect */
/** @typedef {import("../backend/browser/call/update.js").Event} Event */

/** Of two sessions the smaller one offers. */
const [LOW, HIGH] = ["11".repeat(16), "ee".repeat(16)];
const [ANNA, BEN] = ["aa".repeat(16), "bb".repeat(16)];

/** A call of one's own, and a clock. @param {string} session @param {boolean} [join] */
function stage(session, join = true) {
  const device = { spec: "default", status: /** @type {const} */ ("ok"), device: "" };
  const me = {
    id: ANNA,
    name: "Anna",
    microphone: { ...device, muted: false, level: 0, speaking: false },
    camera: { ...device, off: false, width: 0, height: 0 },
    speaker: device,
    screen: nothingShared(),
  };
  const invite = { link: "https://a.org/j#", code: "", server: "a.org", near: false };
  const state = begin({ invite, me, epoch: 0, join });
  let now = 1_000;
  return {
    state,
    /** @param {Event} event */
    step: (event) => update(state, event, now),
    /** Time passes, in ticks. @param {number} ms */
    pass(ms) {
      /** @type {Effect[]} */
      const effects = [];
      for (const end = now + ms; now < end; ) {
        now += 100;
        effects.push(...update(state, { type: "tick" }, now));
      }
      return effects;
    },
    /** @param {import("../backend/browser/signaling.js").SignalingEvent} event */
    hear: (event) => update(state, { type: "signaling", event }, now),
    enter: () => update(state, { type: "entered", me: session, present: [] }, now),
    person: () => state.people[0]?.shown,
    trouble: () => state.trouble?.kind,
  };
}

/** @param {string} [person] @param {number} [session_epoch] */
const hello = (person = BEN, session_epoch = 0) => /** @type {const} */ ({ type: "hello", person, name: "Ben", media: { microphone_muted: false, camera_off: false }, session_epoch });

/** @param {ReturnType<typeof stage>} it @param {string} other */
function meet(it, other) {
  it.enter();
  it.hear({ type: "arrived", session: other, role: "calling" });
  return it.hear({ type: "signal", from: other, signal: hello() });
}

/** @param {Effect[]} effects */
const kinds = (effects) => effects.map((it) => (it.type === "send" ? it.signal.type : it.type));

/** A call with Ben that is connected. @param {string} mine @param {string} theirs */
function connected(mine, theirs) {
  const it = stage(mine);
  meet(it, theirs);
  if (mine > theirs) it.hear({ type: "signal", from: theirs, signal: { type: "offer", link: 1, sdp: "" } });
  it.step({ type: "link", session: theirs, epoch: 1, change: "connected" });
  return it;
}

describe("meeting", () => {
  test("a newcomer is greeted, and of two the smaller session alone offers", () => {
    const low = stage(LOW);
    low.enter();
    assert.deepEqual(kinds(low.hear({ type: "arrived", session: HIGH, role: "calling" })), ["hello"]);
    assert.deepEqual(low.hear({ type: "signal", from: HIGH, signal: hello() }), [{ type: "openLink", session: HIGH, epoch: 1, offerer: true }]);
    const high = stage(HIGH);
    assert.deepEqual(kinds(meet(high, LOW)), []);
    assert.deepEqual(kinds(high.hear({ type: "signal", from: LOW, signal: { type: "offer", link: 1, sdp: "x" } })), ["openLink", "acceptOffer"]);
  });

  test("an offer the wrong way round, of link nought, or of an older link is not taken", () => {
    const low = stage(LOW);
    meet(low, HIGH);
    assert.deepEqual(low.hear({ type: "signal", from: HIGH, signal: { type: "offer", link: 7, sdp: "" } }), []);
    const high = connected(HIGH, LOW);
    assert.deepEqual(high.hear({ type: "signal", from: LOW, signal: { type: "offer", link: 0, sdp: "" } }), []);
  });

  test("nobody is connected to who only looks in, until they join", () => {
    const it = stage(LOW);
    it.enter();
    it.hear({ type: "arrived", session: HIGH, role: "watching" });
    assert.deepEqual(it.hear({ type: "signal", from: HIGH, signal: hello() }), []);
    assert.equal(it.person().calling, false);
    assert.deepEqual(kinds(it.hear({ type: "role", session: HIGH, role: "calling" })), ["openLink"]);
    assert.deepEqual(kinds(it.hear({ type: "role", session: HIGH, role: "watching" })), ["closeLink"]);
  });

  test("who presses Join before the server has answered joins as soon as it does", () => {
    const it = stage(LOW, false);
    it.step({ type: "join" });
    assert.equal(it.state.phase, "entering");
    assert.deepEqual(kinds(it.enter()), ["setRole", "hello"]);
    it.step({ type: "roleSet" });
    assert.equal(it.state.phase, "calling");
  });

  test("a server that invents people is not believed without end", () => {
    const it = stage(LOW);
    it.enter();
    for (let n = 0; n < 2 * MAX_PRESENT; n++) {
      const session = n.toString(16).padStart(32, "f");
      it.hear({ type: "arrived", session, role: "calling" });
      it.hear({ type: "signal", from: session, signal: hello(n.toString(16).padStart(32, "c")) });
    }
    assert.equal(it.state.people.length, MAX_PRESENT);
  });
});

describe("repairing", () => {
  test("the offerer restarts a path at once; the other asks for it", () => {
    const low = connected(LOW, HIGH);
    assert.deepEqual(kinds(low.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" })), ["restartLink"]);
    assert.equal(low.person().connection, "retrying");
    const high = connected(HIGH, LOW);
    assert.deepEqual(high.step({ type: "link", session: LOW, epoch: 1, change: "disconnected" }), [{ type: "send", to: LOW, signal: { type: "ask_offer", restart: true } }]);
  });

  test("asked for a restart, the offerer offers one, once a second at most", () => {
    const it = connected(LOW, HIGH);
    it.pass(6_000);
    const ask = () => kinds(it.hear({ type: "signal", from: HIGH, signal: { type: "ask_offer", restart: true } }));
    assert.deepEqual(ask(), ["restartLink"]);
    assert.deepEqual(ask(), []);
  });

  test("what does not help is tried less and less often: restarts, then a new connection, then it is said", () => {
    const it = connected(LOW, HIGH);
    it.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" });
    const tried = kinds(it.pass(60_000));
    assert.deepEqual(tried.slice(0, 3), ["restartLink", "restartLink", "openLink"]);
    assert.ok(tried.length < 15, String(tried));
    assert.equal(it.person().connection, "failed");
  });

  test("a path that comes back by itself is used, and older wishes for a restart are out of date", () => {
    const it = connected(HIGH, LOW);
    it.step({ type: "link", session: LOW, epoch: 1, change: "disconnected" });
    it.pass(500);
    it.step({ type: "link", session: LOW, epoch: 1, change: "connected" });
    assert.equal(it.person().connection, "connected");
    assert.deepEqual(it.hear({ type: "signal", from: LOW, signal: { type: "offer", link: 1, sdp: "" } }), []);
    it.pass(6_000);
    assert.deepEqual(kinds(it.hear({ type: "signal", from: LOW, signal: { type: "offer", link: 1, sdp: "" } })), ["acceptOffer"]);
  });

  test("what is said of an older link is out of date", () => {
    const it = connected(LOW, HIGH);
    it.step({ type: "link", session: HIGH, epoch: 1, change: "failed" });
    assert.equal(it.state.people[0].epoch, 2);
    assert.deepEqual(it.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" }), []);
    assert.deepEqual(it.hear({ type: "signal", from: HIGH, signal: { type: "answer", link: 1, sdp: "" } }), []);
    assert.deepEqual(kinds(it.hear({ type: "signal", from: HIGH, signal: { type: "answer", link: 2, sdp: "" } })), ["acceptAnswer"]);
  });

  test("what could not be said while the server was away is said when it is back", () => {
    const it = connected(HIGH, LOW);
    it.hear({ type: "lost" });
    assert.deepEqual(kinds(it.step({ type: "link", session: LOW, epoch: 1, change: "disconnected" })), []);
    assert.deepEqual(kinds(it.hear({ type: "resumed" })), ["hello", "ask_offer"]);
  });
});

describe("sharing a screen", () => {
  /** What the others were told last of my screen. @param {Effect[]} effects */
  const told = (effects) => effects.map((it) => (it.type === "send" && it.signal.type === "state" ? Boolean(it.signal.media.screen) : it.type));

  test("the others are told once there is something to see, and when it is over", () => {
    const it = connected(LOW, HIGH);
    assert.deepEqual(told(it.step({ type: "share", spec: "default" })), ["useScreen"]);
    assert.deepEqual(told(it.step({ type: "screen", status: "opening", source: null })), []);
    assert.deepEqual(told(it.step({ type: "screen", status: "ok", source: "window" })), [true]);
    assert.deepEqual(told(it.step({ type: "share", spec: "default" })), [], "it is shared already");
    assert.deepEqual(told(it.step({ type: "share", spec: "none" })), ["useScreen", false]);
    assert.deepEqual(it.step({ type: "screen", status: "ok", source: "late" }), []);
    assert.deepEqual(it.state.me.screen, nothingShared());
  });

  test("who comes later is told with the greeting", () => {
    const it = connected(LOW, HIGH);
    it.step({ type: "share", spec: "default" });
    it.step({ type: "screen", status: "ok", source: "window" });
    const [greeting] = it.hear({ type: "arrived", session: "dd".repeat(16), role: "calling" });
    assert.ok(greeting.type === "send" && greeting.signal.type === "hello" && greeting.signal.media.screen);
  });

  test("a screen that is shared is shown as long as they say so", () => {
    const it = connected(LOW, HIGH);
    it.hear({ type: "signal", from: HIGH, signal: { type: "state", media: { microphone_muted: false, camera_off: false, screen: true } } });
    assert.deepEqual(it.person().screen, { paused: false, video: null });
    assert.deepEqual(it.step({ type: "show", rows: { [BEN]: 90, [`screen-${BEN}`]: 700 } }), [
      { type: "ask", session: HIGH, rows: 90 },
      { type: "askScreen", session: HIGH, rows: 700 },
    ]);
    it.hear({ type: "signal", from: HIGH, signal: { type: "state", media: { microphone_muted: false, camera_off: false } } });
    assert.equal(it.person().screen, null);
  });
});

describe("coming and going", () => {
  test("who comes back under a new session is the same tile, and an older session is not", () => {
    const it = connected(LOW, HIGH);
    const other = "dd".repeat(16);
    it.hear({ type: "arrived", session: other, role: "calling" });
    assert.deepEqual(kinds(it.hear({ type: "signal", from: other, signal: hello(BEN, 1) })), ["closeLink", "openLink"]);
    assert.equal(it.state.people.length, 1);
    assert.equal(it.person().connection, "retrying");
    it.hear({ type: "signal", from: HIGH, signal: hello(BEN, 0) });
    assert.equal(it.state.people[0].session, other);
  });

  test("a goodbye ends it at once; a departure while media flows does not", () => {
    const it = connected(LOW, HIGH);
    it.hear({ type: "left", session: HIGH });
    it.pass(20_000);
    assert.equal(it.state.people.length, 1);
    assert.deepEqual(kinds(it.hear({ type: "signal", from: HIGH, signal: { type: "bye" } })), ["closeLink"]);
    assert.equal(it.state.people.length, 0);
  });

  test("who vanishes is gone, is kept out of sight for a minute, and comes back as the same tile", () => {
    const it = connected(LOW, HIGH);
    it.hear({ type: "left", session: HIGH });
    it.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" });
    assert.deepEqual([it.state.people.length, it.state.away.length], [0, 1]);
    it.step({ type: "link", session: HIGH, epoch: 1, change: "connected" });
    assert.equal(it.person().connection, "connected");
    it.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" });
    it.hear({ type: "left", session: HIGH });
    assert.ok(kinds(it.pass(61_000)).includes("closeLink"));
    assert.equal(it.state.away.length, 0);
  });

  test("who closes the connection is leaving, and is missed only when no goodbye comes", () => {
    const it = connected(LOW, HIGH);
    it.step({ type: "link", session: HIGH, epoch: 1, change: "closed" });
    it.pass(1_000);
    assert.equal(it.person().connection, "connected");
    it.pass(1_000);
    assert.equal(it.person().connection, "retrying");
    it.step({ type: "link", session: HIGH, epoch: 1, change: "closed" });
    it.hear({ type: "left", session: HIGH });
    assert.equal(it.state.people.length, 0);
  });

  test("a new session of one's own greets everybody, counts on, and connects anew", () => {
    const it = connected(LOW, HIGH);
    const effects = it.hear({ type: "replaced", me: "00".repeat(16), present: [{ session: HIGH, role: "calling" }] });
    assert.deepEqual(kinds(effects), ["closeLink", "openLink", "hello"]);
    const greeting = /** @type {any} */ (effects[2]);
    assert.equal(greeting.signal.session_epoch, 1);
  });

  test("leaving says goodbye, closes what there is, and tells the server", () => {
    assert.deepEqual(kinds(connected(LOW, HIGH).step({ type: "leave" })), ["bye", "closeLink", "leaveServer"]);
  });

  test("a page that is opened twice gives the call to the newer one", () => {
    const it = stage(LOW);
    it.enter();
    it.hear({ type: "signal", from: HIGH, signal: hello(ANNA, 1) });
    assert.deepEqual([it.state.phase, it.trouble()], ["failed", "replaced"]);
    const newer = stage(LOW);
    newer.state.sessionEpoch = 2;
    newer.enter();
    newer.hear({ type: "signal", from: HIGH, signal: hello(ANNA, 1) });
    assert.equal(newer.state.phase, "calling");
  });
});

describe("what is said to be wrong", () => {
  test("a lost server is spoken of after three seconds; with nobody left to hear, it is we who are offline", () => {
    const it = connected(LOW, HIGH);
    it.hear({ type: "lost" });
    it.pass(2_900);
    assert.equal(it.trouble(), undefined);
    it.pass(200);
    assert.equal(it.trouble(), "serverLost");
    it.step({ type: "link", session: HIGH, epoch: 1, change: "disconnected" });
    assert.equal(it.trouble(), "offline");
    it.hear({ type: "resumed" });
    assert.equal(it.trouble(), undefined);
  });

  test("tampering is spoken of for half a minute, and does not end the call", () => {
    const it = connected(LOW, HIGH);
    it.hear({ type: "refused" });
    assert.deepEqual(it.state.trouble, { kind: "tampering", server: "a.org" });
    it.pass(29_900);
    assert.equal(it.trouble(), "tampering");
    it.pass(200);
    assert.deepEqual([it.trouble(), it.person().connection], [undefined, "connected"]);
  });

  test("a camera that can't be opened is told to the others as off", () => {
    const it = connected(LOW, HIGH);
    const effects = it.step({ type: "device", kind: "camera", status: "denied", device: null });
    assert.deepEqual(effects, [{ type: "send", to: "room", signal: { type: "state", media: { microphone_muted: false, camera_off: true } } }]);
    assert.deepEqual(it.step({ type: "device", kind: "camera", status: "busy", device: null }), []);
  });

  test("what the UI is handed is a copy, and holds nothing that is not shown", () => {
    const it = connected(LOW, HIGH);
    const state = shown(it.state);
    state.people[0].name = "Carl";
    assert.equal(it.person().name, "Ben");
    assert.deepEqual(Object.keys(state).sort(), ["chat", "devices", "invite", "me", "people", "phase", "trouble"]);
    assert.ok(!JSON.stringify(state).includes(HIGH));
  });
});

describe("what is written", () => {
  const [ONE, TWO, CARL] = ["01", "02", "cc"].map((byte) => byte.repeat(16));
  /** A call with Ben whose chat is open. */
  function chatting() {
    const it = connected(LOW, HIGH);
    const opened = it.step({ type: "chatOpen", session: HIGH, epoch: 1 });
    /** @param {import("../backend/browser/chat-message.js").ChatMessage} message @param {number} [clock] */
    const hear = (message, clock = 1_000) => it.step({ type: "chatHeard", session: HIGH, epoch: 1, message, clock });
    /** @param {string} id @param {string} text @param {number} [clock] */
    const say = (id, text, clock = 1_000) => it.step({ type: "say", id, text, clock });
    const texts = () => it.state.chat.remarks.map(({ text }) => text);
    return { ...it, hear, say, texts, opened };
  }

  test("when the channel opens both say what they have, and each opening is answered once, with the rest", () => {
    const it = chatting();
    assert.deepEqual(it.opened, [{ type: "chat", session: HIGH, messages: [{ know: [], hand: null }] }]);
    it.say(ONE, "Hello");
    const answer = it.hear({ know: [], hand: null });
    assert.deepEqual(answer, [{ type: "chat", session: HIGH, messages: [{ say: { id: ONE, at: 1_000, text: "Hello" } }] }]);
    assert.deepEqual(it.hear({ know: [] }), []);
  });

  test("what I write goes to all, waits for them, and is confirmed", () => {
    const it = chatting();
    assert.deepEqual(it.say(ONE, "Hello"), [{ type: "chat", session: HIGH, messages: [{ say: { id: ONE, at: 1_000, text: "Hello" } }] }]);
    assert.deepEqual(it.state.chat.remarks[0].waiting, [BEN]);
    it.hear({ got: [ONE] });
    assert.deepEqual(it.state.chat.remarks[0].waiting, []);
    it.hear({ say: { id: TWO, at: 5, text: "Hi" } });
    assert.deepEqual(it.pass(100), [{ type: "chat", session: HIGH, messages: [{ got: [TWO] }] }]);
    assert.deepEqual(it.pass(1_000), []);
  });

  test("an answer stands after what it answers, and a clock out of all reason counts as twenty minutes ahead", () => {
    const it = chatting();
    it.hear({ say: { id: ONE, at: 1e15, text: "From the future" } });
    it.say(TWO, "Really");
    assert.deepEqual(it.texts(), ["From the future", "Really"]);
    assert.equal(it.state.chat.remarks[1].at, 1_000 + 20 * 60_000 + 1);
  });

  test("an author's own word takes the place of what was told, and nobody else's does", () => {
    const it = chatting();
    it.hear({ told: { person: CARL, name: "Carl", id: ONE, at: 1, text: "I pay" } });
    it.hear({ told: { person: CARL, name: "Carl", id: ONE, at: 1, text: "You pay" } });
    assert.deepEqual([it.texts(), it.state.chat.remarks[0].source], [["I pay"], { id: BEN, name: "Ben" }]);
    it.hear({ told: { person: BEN, name: "Ben", id: TWO, at: 2, text: "Mine" } });
    it.hear({ say: { id: TWO, at: 2, text: "Changed" } });
    assert.deepEqual(it.texts(), ["I pay", "Mine"]);
  });

  test("a flood washes away itself alone", () => {
    const it = chatting();
    it.say(ONE, "Dinner is ready");
    for (let n = 0; n < 2_000; n++) it.hear({ told: { person: CARL, name: "X", id: n.toString(16).padStart(32, "0"), at: 1, text: "spam" } });
    assert.equal(it.texts().length, 300);
    assert.ok(it.texts().includes("Dinner is ready"));
  });

  test("what comes by a channel of before, or from who is not known, is nothing", () => {
    const it = chatting();
    it.step({ type: "link", session: HIGH, epoch: 1, change: "failed" });
    it.hear({ say: { id: ONE, at: 1, text: "Old" } });
    assert.deepEqual(it.texts(), []);
  });

  test("reactions are shown for five seconds, and sent twice a second at most", () => {
    const it = chatting();
    it.hear({ react: "love" });
    assert.deepEqual(it.person().reaction, { kind: "love", number: 1 });
    it.hear({ react: "love" });
    assert.deepEqual(it.person().reaction, { kind: "love", number: 2 });
    it.pass(5_100);
    assert.equal(it.person().reaction, null);
    assert.equal(it.step({ type: "react", kind: "like" }).length, 1);
    assert.equal(it.step({ type: "react", kind: "like" }).length, 0);
    it.pass(500);
    assert.equal(it.step({ type: "react", kind: "like" }).length, 1);
  });

  test("hands stand in the same order for all, and who leaves takes theirs along", () => {
    const it = chatting();
    it.hear({ hand: 60_000 });
    assert.deepEqual(it.step({ type: "hand", clock: 5_000 }), [{ type: "chat", session: HIGH, messages: [{ hand: 60_001 }] }]);
    assert.deepEqual(it.step({ type: "hand", clock: 9_000 }), []);
    assert.deepEqual(it.step({ type: "hand", clock: null }), [{ type: "chat", session: HIGH, messages: [{ hand: null }] }]);
    it.step({ type: "hand", clock: 9_000 });
    it.step({ type: "leave" });
    assert.equal(it.state.me.hand, null);
  });
});
