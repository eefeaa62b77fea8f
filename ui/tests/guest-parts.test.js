/**
 * The small pure parts of the guest's call, each with what a hostile or clumsy other side could give it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ask } from "../backend/browser/ask.js";
import { Allowance } from "../backend/browser/allowance.js";
import { readChat } from "../backend/browser/chat-message.js";
import { RemoteCandidates } from "../backend/browser/candidates.js";
import { readControl, sayLimited, sayShow } from "../backend/browser/control.js";
import { isOfACall, SECTIONS, withoutCandidates } from "../backend/browser/description.js";
import { readEvent } from "../backend/browser/events.js";
import { Reader } from "../backend/browser/figures.js";
import { Hold, ours, word } from "../backend/browser/held.js";
import { iceServers, readRelay } from "../backend/browser/ice-servers.js";
import { appLinkOf, parseInvite } from "../backend/browser/invite.js";
import { layerFor } from "../backend/browser/layers.js";
import { batches } from "../backend/browser/outbox.js";
import { Roster } from "../backend/browser/roster.js";
import { readSettings, writeSettings } from "../backend/browser/settings.js";
import { StreamReader } from "../backend/browser/sse.js";

const ID = "ab".repeat(16);

test("a control message says what it names, and what is none says nothing", () => {
  assert.deepEqual(readControl(sayShow(720)), { show: 720 });
  assert.deepEqual(readControl(sayShow(null)), { show: null });
  assert.deepEqual(readControl(sayLimited("uplink")), { limited: "uplink" });
  assert.deepEqual(readControl('{"video":"paused"}'), { paused: true });
  assert.deepEqual(readControl('{"show":{"screen":1080},"hands":2,"video":"mirrored"}'), { showScreen: 1080 });
  assert.deepEqual(readControl('{"show":{"screen":null}}'), { showScreen: null });
  assert.equal(readControl('{"show":{"screen":-1}}'), null);
  assert.deepEqual(readControl('{"screen":"paused"}'), { screenPaused: true });
  assert.equal(readControl('{"screen":1}'), null);
  assert.deepEqual(readControl('{"limited":"weather"}'), { limited: "nothing" });
  for (const bad of ["", "null", "[]", '{"show":720}', '{"show":{"camera":-1}}', '{"show":{"camera":7.5}}', '{"show":{"camera":4294967296}}', '{"video":1}', "{}{}", `{${" ".repeat(17_000)}}`]) assert.equal(readControl(bad), null, bad.slice(0, 40));
});

test("candidates wait for their description, name it, and are bounded", () => {
  const candidate = (/** @type {number} */ n, /** @type {string} */ ufrag) => `candidate:${n} 1 udp 1 192.168.1.7 ${1000 + n} typ host ufrag ${ufrag}`;
  const described = (/** @type {string} */ ufrag) => `v=0\r\na=ice-ufrag:${ufrag}\r\n`;
  const remote = new RemoteCandidates();
  assert.deepEqual(remote.arrived(candidate(1, "one")), []);
  assert.deepEqual(remote.arrived("nonsense"), []);
  assert.deepEqual(remote.described(described("one")), [candidate(1, "one")]);
  assert.deepEqual(remote.arrived(candidate(2, "one")), [candidate(2, "one")]);
  assert.deepEqual(remote.arrived(candidate(3, "two")), [], "of a restart to come");
  assert.ok(remote.isCurrent(described("one")) && !remote.isCurrent(described("two")));
  assert.deepEqual(remote.described(described("two")), [candidate(3, "two")]);
  assert.deepEqual(remote.arrived(candidate(4, "one")), [], "of the past");
  const flooded = new RemoteCandidates();
  for (let n = 0; n < 1_000; n++) flooded.arrived(candidate(n, "one"));
  assert.equal(flooded.described(described("one")).length, 48);
  assert.equal(Array.from({ length: 1_000 }, (_, n) => flooded.arrived(candidate(n, "one"))).flat().length, 16);
});

test("only a description of a call is one", () => {
  const head = "v=0\r\na=fingerprint:sha-256 AA:BB\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n";
  const sdp = head + SECTIONS.map((kind, n) => `m=${kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${n}\r\n`).join("");
  assert.ok(isOfACall(sdp));
  const bad = ["", "hello", sdp.replace("a=ice-ufrag:abcd\r\n", ""), sdp.replace("a=fingerprint:sha-256 AA:BB\r\n", ""), sdp.replace("a=mid:3", "a=mid:2"), sdp.replace("m=audio", "m=video"), `${sdp}m=audio 9 X 1\r\na=mid:9\r\n`];
  for (const text of bad) assert.ok(!isOfACall(text), text);
  assert.equal(withoutCandidates(`${sdp}a=candidate:1 1 udp 1 1.2.3.4 5 typ host\r\na=end-of-candidates\r\n`), sdp);
});

test("of a relay only what is surely understood is used, and only with credentials", () => {
  const relay = { urls: ["stun:a.org", "turn:[2001:db8::1]:3478?transport=udp", "turns:a.org:443?transport=tcp", "turns:a.org", "turn:a.org:0", "turn:a.org:70000", "http://a.org", "turn:a.org?transport=udp&x=1", "stun:user@a.org"], username: "u", password: "p", seconds: 600 };
  assert.deepEqual(iceServers(readRelay(relay)), [{ urls: ["stun:a.org"] }, { urls: relay.urls.slice(1, 3), username: "u", credential: "p" }]);
  assert.deepEqual(iceServers(readRelay({ ...relay, password: "" })), [{ urls: ["stun:a.org"] }]);
  assert.deepEqual(iceServers(null), []);
  for (const bad of [null, undefined, 1, {}, { ...relay, urls: Array(17).fill("stun:a") }, { ...relay, urls: ["x".repeat(257)] }, { ...relay, seconds: "600" }, { ...relay, username: 1 }]) assert.equal(readRelay(bad), null);
});

test("an event is what its name promises, is of a later version, or is none", () => {
  const arrived = JSON.stringify({ room: ID, session: ID, role: "calling" });
  assert.deepEqual(readEvent("arrived", arrived), { name: "arrived", room: ID, presence: { session: ID, role: "calling" } });
  assert.equal(readEvent("weather", "{"), "unknown");
  for (const [name, data] of [["arrived", "{"], ["arrived", "null"], ["arrived", arrived.replace("calling", "dancing")], ["left", `{"room":"${ID}"}`], ["signal", `{"room":"${ID}","from":"${ID}","to":"all","sealed":""}`], ["roster", `{"room":"${ID}","present":[1]}`]]) assert.equal(readEvent(name, data), null, data);
});

test("an event stream without end is ended", () => {
  const endless = new Uint8Array(70_000).fill(97);
  assert.throws(() => new StreamReader().push(endless));
  const reader = new StreamReader();
  const line = new TextEncoder().encode(`data: ${"a".repeat(1_000)}\n`);
  assert.throws(() => {
    for (let n = 0; n < 100; n++) reader.push(line);
  });
  assert.throws(() => new StreamReader().push(Uint8Array.of(0xff, 10)));
});

test("who is there: nothing is told twice, and not without end", () => {
  const roster = new Roster("me");
  const anna = /** @type {const} */ ({ session: "anna", role: "calling" });
  assert.deepEqual(roster.see(anna), [{ type: "arrived", ...anna }]);
  assert.deepEqual(roster.see(anna), []);
  assert.deepEqual(roster.see({ session: "me", role: "calling" }), []);
  assert.deepEqual(roster.update([], false), []);
  assert.deepEqual(roster.update([], true), [{ type: "left", session: "anna" }]);
  for (let n = 0; n < 1_000; n++) roster.see({ session: String(n), role: "calling" });
  assert.equal(roster.sessions.length, 512);
});

test("requests are of a size that a server takes, and keep the order", () => {
  const signals = Array.from({ length: 200 }, (_, n) => ({ to: "room", sealed: n + "A".repeat(n * 50) }));
  const all = batches(signals);
  for (const batch of all) assert.ok(batch.length <= 64 && JSON.stringify({ signals: batch }).length <= 64 * 1024);
  assert.deepEqual(all.flat(), signals);
});

test("a small tile gets a small picture, and no picture is made larger than it is", () => {
  const hd = { width: 1280, height: 720 };
  assert.deepEqual(layerFor(hd, 100), { scale: 4, most: 250_000 });
  assert.deepEqual(layerFor(hd, 181), { scale: 2, most: 800_000 });
  assert.deepEqual(layerFor(hd, 700), { scale: 1, most: 1_800_000 });
  assert.equal(layerFor(hd, 2_000).scale, 1);
  assert.equal(layerFor({ width: 640, height: 480 }, 180).scale, 480 / 180);
  const upright = layerFor({ width: 720, height: 1280 }, 360);
  assert.equal(upright.scale, 1280 / 360);
  assert.ok(upright.most < 400_000);
});

test("how tall they are shown is said at once, and then five times a second at most", () => {
  const ask = new Ask(720);
  assert.equal(ask.poll(0), undefined);
  ask.open();
  assert.equal(ask.poll(0), 720);
  ask.rows = 180;
  assert.equal(ask.poll(100), undefined);
  assert.equal(ask.poll(200), 180);
  assert.equal(ask.poll(900), undefined);
  ask.rows = null;
  assert.equal(ask.poll(1_000), null);
});

test("what holds a picture down is said once it has held for a while, and whose line it is", () => {
  const hold = new Hold();
  assert.equal(hold.observe("bandwidth", 0), "not");
  assert.equal(hold.observe("bandwidth", 2_400), "not");
  assert.equal(hold.observe("bandwidth", 2_500), "way");
  assert.equal(hold.observe("none", 2_600), "way");
  assert.equal(hold.observe("none", 5_200), "not");
  assert.equal(hold.observe(null, 5_300), null);
  assert.deepEqual([word("way", ["way", "not"]), word("way", ["way", "way"]), word("machine", ["machine"]), word(null, [null])], ["path", "uplink", "machine", "nothing"]);
  assert.deepEqual([ours(["way", null]), ours(["way", "not"]), ours(["way", "way"]), ours([])], ["path", "nothing", "uplink", "nothing"]);
});

test("a connection's statistics become words", () => {
  /** @param {object} more @returns {Map<string, any>} */
  const report = (more = {}) =>
    new Map(
      Object.entries({
        t: { type: "transport", selectedCandidatePairId: "p" },
        p: { type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", currentRoundTripTime: 0.02 },
        l: { candidateType: "host", protocol: "udp", address: "192.168.1.2", port: 1 },
        r: { candidateType: "relay", protocol: "udp", address: "fe80::1", port: 2 },
        v: { type: "inbound-rtp", kind: "video", packetsReceived: 9, framesDecoded: 5, frameWidth: 640, frameHeight: 360, framesPerSecond: 30 },
        a: { type: "inbound-rtp", kind: "audio", packetsReceived: 9, totalAudioEnergy: 1, totalSamplesDuration: 10, totalSamplesReceived: 48_000, concealedSamples: 0 },
        ...more,
      }),
    );
  const reader = new Reader();
  const read = reader.read(report(), false, 0);
  assert.deepEqual(read.path, { path: "relay", transport: "udp", local: "192.168.1.2:1", remote: "[fe80::1]:2", rttMs: 20 });
  assert.deepEqual([read.picture, read.video, read.quality, read.speaking], [true, { width: 640, height: 360, fps: 30 }, "good", true]);
  assert.equal(reader.read(report(), true, 100).picture, false, "their camera is off");
  assert.equal(reader.read(report(), false, 200).picture, false, "that was before");
  assert.equal(reader.read(report(), false, 10_000).speaking, false, "no energy came");
  const nothing = new Reader().read(new Map(), false, 0);
  assert.deepEqual([nothing.picture, nothing.quality, nothing.path.path], [false, "unknown", null]);
});

test("settings survive being written and read; damaged ones are not taken, and invites are not kept", () => {
  const settings = { .../** @type {any} */ (readSettings(null)), name: "Léa", music: true, invites: [{ link: "secret" }], hostCode: "secret" };
  const text = writeSettings(settings);
  assert.ok(!text.includes("secret"));
  assert.deepEqual(readSettings(text), { ...settings, invites: [], hostCode: "" });
  for (const bad of ["", "{", "null", "1", "x".repeat(20_000)]) assert.equal(readSettings(bad), null, bad.slice(0, 9));
  assert.equal(readSettings('{"language":"tlh","name":7}')?.language, "system");
});

test("the link to the app says the scheme only where the form does not", async () => {
  const code = "0400-20G3-0G2G-C1R8-1450-P30D-1R7P-ZZD3";
  for (const [link, app] of [
    ["https://a.org", "visio://a.org/j"],
    ["http://a.org:8080", "visio://a.org:8080/j?plain"],
    ["http://192.168.1.4:8080", "visio://192.168.1.4:8080/j"],
    ["https://localhost:8443", "visio://localhost:8443/j?tls"],
  ]) {
    assert.equal(await appLinkOf(await parseInvite(`${link}/j#${code}`)), `${app}#${code}`);
  }
});

test("a chat message says what it names; what is malformed or too long says nothing", () => {
  const say = { id: ID, at: 1, text: "Hi" };
  assert.deepEqual(readChat(JSON.stringify({ know: [ID], hand: null, typing: true })), { know: [ID], hand: null });
  assert.deepEqual(readChat(JSON.stringify({ say: { ...say, text: "a\u202eb\u0000" } })), { say: { ...say, text: "ab" } });
  assert.deepEqual(readChat('{"react":"sparkle"}'), {});
  const bad = [null, [], { know: "all" }, { know: ["12"] }, { say: "hello" }, { say: { text: "hello" } }, { say: { ...say, text: " \n " } }, { hand: -1 }, { hand: "up" }, { react: 1 }, { got: Array(301).fill(ID) }, { told: say }];
  for (const message of bad) assert.equal(readChat(JSON.stringify(message)), null, JSON.stringify(message).slice(0, 60));
  assert.equal(readChat(`{${" ".repeat(17_000)}}`), null);
  assert.equal(readChat("{}{}"), null);
});

test("all that somebody keeps comes at once, and a flood only drop by drop", () => {
  const allowance = new Allowance(0);
  const taken = (/** @type {number} */ now, /** @type {number} */ tries) => Array.from({ length: tries }, () => allowance.takes(now)).filter(Boolean).length;
  assert.equal(taken(0, 10_000), 400);
  assert.equal(taken(1_000, 10_000), 5);
  assert.equal(taken(3_600_000, 10_000), 400);
});
