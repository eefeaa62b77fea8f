/**
 * A guest's settings, in the browser's storage: the name, the language, the look, the devices. Invites are not among them: whoever holds
 * one can enter the call, and the computer may be borrowed.
 */

/** @typedef {import("../types.js").Settings} Settings */

const KEY = "visio.settings";
/** Where damaged settings are put aside. */
const DAMAGED = "visio.settings.damaged";
/** The longest that is read or written, in characters. */
const MAX_LENGTH = 16 * 1024;
/** The longest name of anything in it, in characters. */
const MAX_TEXT = 512;

/** @type {Settings} */
const USUAL = { name: "", language: "system", look: "system", server: "", hostCode: "", camera: "default", microphone: "default", speaker: "default", noiseSuppression: true, music: false, invites: [] };

/** What is kept. */
const KEPT = /** @type {const} */ (["name", "language", "look", "camera", "microphone", "speaker", "noiseSuppression", "music"]);

/** @param {string | null} text @returns {Settings | null} null: it is damaged */
export function readSettings(text) {
  if (text === null) return { ...USUAL };
  try {
    const it = text.length <= MAX_LENGTH ? JSON.parse(text) : null;
    if (it === null || typeof it !== "object") return null;
    const good = KEPT.filter((key) => typeof it[key] === typeof USUAL[key] && String(it[key]).length <= MAX_TEXT);
    const chosen = Object.fromEntries(good.map((key) => [key, it[key]]));
    if (!["system", "en", "fr"].includes(chosen.language)) delete chosen.language;
    if (!["system", "light", "dark"].includes(chosen.look)) delete chosen.look;
    return { ...USUAL, ...chosen };
  } catch {
    return null;
  }
}

/** @param {Settings} settings */
export const writeSettings = (settings) => JSON.stringify(Object.fromEntries(KEPT.map((key) => [key, settings[key]])));

/** The settings, and whether damaged ones were put aside. @returns {{ settings: Settings, damaged: boolean }} */
export function load() {
  /** @type {string | null} */
  let text = null;
  try {
    text = localStorage.getItem(KEY);
  } catch {}
  const settings = readSettings(text);
  if (settings) return { settings, damaged: false };
  try {
    localStorage.setItem(DAMAGED, String(text).slice(0, MAX_LENGTH));
    localStorage.removeItem(KEY);
  } catch {}
  return { settings: { ...USUAL }, damaged: true };
}

/** Throws when the browser keeps nothing. @param {Settings} settings */
export const save = (settings) => localStorage.setItem(KEY, writeSettings(settings));
