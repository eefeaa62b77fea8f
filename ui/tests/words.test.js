import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** @param {string} language @returns {Record<string, string>} */
const load = (language) => JSON.parse(readFileSync(join(root, "i18n", `${language}.json`), "utf8"));
const [en, fr] = [load("en"), load("fr")];

/** Every source file of the UI itself. @returns {{ path: string, text: string }[]} */
const sources = () =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".js") && !/^(tests|vendor)\b/.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** The engine's own doctor names the sentences itself. */
const doctor = join(root, "..", "src-tauri", "engine", "src", "doctor");
const prescriptions = () => readdirSync(doctor).map((file) => readFileSync(join(doctor, file), "utf8"));

/** Keys that are put together in the code from a part and a state, and those that are said without a page. */
const COMPOSED = /^(trouble|cli|app\.noDisplay|camera|microphone|speaker|device\.(none\.)?(camera|microphone|speaker)|guest\.lack|person\.(connecting|retrying)|people\.(connection|limit|quality)|doctor\.verdict|settings\.look|reaction|call\.(microphone|camera|devices|people|chat|react|more|share))\b/;

test("both languages have the same keys, and the same placeholders under each", () => {
  assert.deepEqual(Object.keys(fr), Object.keys(en));
  const placeholders = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  for (const key of Object.keys(en)) assert.deepEqual(placeholders(fr[key]), placeholders(en[key]), key);
});

test("no words are empty, none has a straight apostrophe or three dots", () => {
  for (const [key, text] of [...Object.entries(en), ...Object.entries(fr)]) assert.match(text, /^(?!\s)(?!.*('|\.\.\.)).*\S$/u, key);
});

test("French has a narrow no-break space before : ; ! ? and says vous", () => {
  for (const [key, text] of Object.entries(fr)) {
    assert.doesNotMatch(text, /[^\u202f][;!?]|[^\u202f]:(?!\/)/u, key);
    assert.doesNotMatch(text, /(?<!\p{L})(tu|ton|ta|tes|toi)(?!\p{L})/iu, key);
  }
});

test("there are words for all that can limit a picture", () => {
  for (const limit of "nothing theirUplink yourDownlink path relay theirMachine thisMachine".split(" ")) assert.ok(`people.limit.${limit}` in en, limit);
});

test("nobody is shown jargon outside the details", () => {
  for (const [key, text] of Object.entries({ ...en, ...fr })) assert.doesNotMatch(text, /\b(ICE|peer|SDP|TURN|STUN|RTP|WebSocket)\b/, key);
});

test("every key that the code asks for exists, and every key is asked for", () => {
  const quoted = new Set();
  for (const { path, text } of sources()) {
    for (const [, how, key] of text.matchAll(/\b(t|plural)\(\s*"([\w.]+)"/g)) {
      for (const form of how === "plural" ? [`${key}.one`, `${key}.other`] : [key]) assert.ok(form in en, `${path}: ${form}`);
    }
    for (const [, key] of text.matchAll(/"([\w.]+)"/g)) quoted.add(key);
  }
  for (const text of prescriptions()) {
    for (const [, key] of text.matchAll(/"((?:doctor|device|trouble)\.[\w.]+)"/g)) {
      assert.ok(key in en, key);
      quoted.add(key);
    }
  }
  const unused = Object.keys(en).filter((key) => !quoted.has(key) && !quoted.has(key.replace(/\.(one|other)$/, "")) && !COMPOSED.test(key));
  assert.deepEqual(unused, []);
});

test("there are words for every trouble the engine knows, and for every state of every device", () => {
  const troubles = "offline serverUnreachable notAVisioServer otherVersion wrongClock roomGone roomFull hostCodeWrong serverBusy inviteEmpty inviteMistyped inviteIncomplete inviteNoServer inviteOtherVersion serverAddress serverLost hostUnreachable noLocalNetwork hostingFailed tampering copyFailed linkFailed deviceUnknown noCall settings internal unknown".split(" ");
  for (const kind of troubles) assert.ok(`trouble.${kind}` in en, kind);
  for (const device of ["camera", "microphone", "speaker"]) {
    for (const status of ["opening", "none", "busy", "refused", "lost", "silent", "failed"]) assert.ok(`${device}.${status}` in en, `${device}.${status}`);
  }
});

test("no words stand in the code: every text between tags comes from the dictionaries", () => {
  for (const { path, text } of sources()) {
    for (const [, between] of text.matchAll(/<\w[^<>`]*[^=]>([^<>`$]*)<\//g)) assert.match(between, /^[\s\d·]*$/, `${path}: ${between}`);
  }
});
