/**
 * The examples of the protocol's `vectors.json`, as the Rust side runs them: every computation of `PROTOCOL.md` gives the same in the browser.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { cleanText } from "../backend/browser/chat-text.js";
import { fromHex, sha256, toHex, utf8 } from "../backend/browser/bytes.js";
import { codeOf, parseInvite } from "../backend/browser/invite.js";
import { deriveKeys, session } from "../backend/browser/keys.js";
import { readSignal } from "../backend/browser/message.js";
import { cleanName } from "../backend/browser/name.js";
import { Opener, Sealer } from "../backend/browser/sealing.js";
import { origin, parseServer } from "../backend/browser/server-url.js";
import { StreamReader } from "../backend/browser/sse.js";

const vectors = JSON.parse(readFileSync(new URL("../../signaling-server/protocol/vectors.json", import.meta.url), "utf8"));

/** @param {string} hex */
const bytes = (hex) => /** @type {import("../backend/browser/bytes.js").Bytes} */ (fromHex(hex, hex.length / 2));

test("codes", async () => {
  for (const { secret, code } of vectors.codes) {
    const server = /** @type {import("../backend/browser/server-url.js").ServerUrl} */ (parseServer("a.org"));
    assert.equal(await codeOf({ server, secret: bytes(secret) }), code);
    assert.equal(toHex((await parseInvite(`a.org ${code}`)).secret), secret);
  }
});

test("keys", async () => {
  for (const { secret, room, admission, admission_hash, sealing } of vectors.keys) {
    const keys = await deriveKeys(bytes(secret));
    assert.deepEqual([keys.room, keys.admission], [room, admission]);
    assert.equal(toHex(await sha256(bytes(admission))), admission_hash);
    // The sealing key shows itself only in what it seals.
    const other = await crypto.subtle.importKey("raw", bytes(sealing), "AES-GCM", false, ["encrypt"]);
    const seal = (/** @type {CryptoKey} */ key) => new Sealer(key, room, "01".repeat(16)).seal("room", "text", new Uint8Array(12));
    assert.equal(await seal(keys.sealing), await seal(other));
  }
});

/** What each kind of mistake is called in the vectors. */
const MISTAKES = { empty: "inviteEmpty", no_server: "inviteNoServer", incomplete: "inviteIncomplete", mistyped: "inviteMistyped", other_version: "inviteOtherVersion" };

test("invites", async () => {
  for (const { text, server, secret, error, ...more } of vectors.invites) {
    const read = await parseInvite(text).then(
      (invite) => ({ server: origin(invite.server), secret: toHex(invite.secret) }),
      (trouble) => trouble,
    );
    assert.deepEqual(read, error ? { kind: MISTAKES[/** @type {keyof typeof MISTAKES} */ (error)], ...more } : { server, secret }, text);
  }
});

test("sessions", async () => {
  for (const { secret, bearer, session: id } of vectors.sessions) assert.deepEqual(await session(bytes(secret)), { bearer, id });
});

test("sealing", async () => {
  const { sealing, room } = await deriveKeys(bytes(vectors.sealing.secret));
  for (const { from, to, sequence, nonce, text, sealed } of vectors.sealing.messages) {
    assert.equal(await new Sealer(sealing, room, from, BigInt(sequence) - 1n).seal(to, text, bytes(nonce)), sealed);
    if (to !== "room") assert.deepEqual(await new Opener(sealing, room, to).open(from, to, sealed), readSignal(text));
  }
});

test("opening", async () => {
  const { secret, me, hears } = vectors.opening;
  const { sealing, room } = await deriveKeys(bytes(secret));
  const opener = new Opener(sealing, room, me);
  for (const [place, { from, to, sealed, expect }] of hears.entries()) {
    const opened = await opener.open(from, to, sealed);
    const outcome = opened === "unknown" ? "ignored" : "refused" in opened ? opened.refused : "ok";
    assert.equal(outcome, expect, `message ${place}`);
  }
});

test("messages", () => {
  const { valid, ignored, malformed } = vectors.messages;
  for (const text of valid) assert.equal(typeof readSignal(text), "object", text);
  for (const text of valid) assert.ok(readSignal(text), text);
  for (const text of ignored) assert.equal(readSignal(text), "unknown", text);
  for (const text of malformed) assert.equal(readSignal(text), null, text);
});

test("names", () => {
  for (const { text, name } of vectors.names) assert.equal(cleanName(text), name);
});

test("chat texts", () => {
  for (const { text, clean } of vectors.chat_texts) {
    assert.equal(cleanText(text), clean, JSON.stringify(text));
    assert.equal(cleanText(clean), clean, JSON.stringify(text));
  }
});

test("streams", () => {
  for (const { text, events } of vectors.streams) {
    assert.deepEqual(new StreamReader().push(utf8(text)), events, JSON.stringify(text));
    const reader = new StreamReader();
    assert.deepEqual([...utf8(text)].flatMap((byte) => reader.push(Uint8Array.of(byte))), events, "byte by byte");
  }
});
