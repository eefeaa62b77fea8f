/**
 * What two connected people say to each other about their pictures, over the data channel between them. Pure.
 */
import { utf8 } from "./bytes.js";

/** @typedef {"nothing" | "path" | "uplink" | "machine"} Limited */
/** @typedef {{ show?: number | null, showScreen?: number | null, paused?: boolean, screenPaused?: boolean, limited?: Limited }} Control  show, showScreen: my camera's picture and my screen, in rows of device pixels; null while it is not shown */

/** The longest message, in bytes. */
const MAX_CONTROL = 16 * 1024;

const LIMITED = /** @type {const} */ (["path", "uplink", "machine"]);

/** Rows there can be. */
const MAX_ROWS = 0xffff_ffff;

/** One message; null when it is none. Words of later versions are passed over. @param {unknown} text @returns {Control | null} */
export function readControl(text) {
  if (typeof text !== "string" || text.length > MAX_CONTROL || utf8(text).length > MAX_CONTROL) return null;
  /** @type {any} */
  let it;
  try {
    it = JSON.parse(text);
  } catch {
    return null;
  }
  const isObject = (/** @type {unknown} */ value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if (!isObject(it)) return null;
  const { show, video, screen, limited } = it;
  if ((show != null && !isObject(show)) || !isWord(video) || !isWord(screen) || !isWord(limited)) return null;
  const { camera, screen: page } = show ?? {};
  if (!isHeight(camera) || !isHeight(page)) return null;
  return {
    ...(camera !== undefined && { show: camera }),
    ...(page !== undefined && { showScreen: page }),
    ...((video === "paused" || video === "flowing") && { paused: video === "paused" }),
    ...((screen === "paused" || screen === "flowing") && { screenPaused: screen === "paused" }),
    ...(limited != null && { limited: LIMITED.find((word) => word === limited) ?? "nothing" }),
  };
}

/** @param {unknown} value */
const isWord = (value) => value == null || typeof value === "string";

/** @param {unknown} value */
const isHeight = (value) => value == null || (Number.isInteger(value) && /** @type {number} */ (value) >= 0 && /** @type {number} */ (value) <= MAX_ROWS);

/** @param {number | null} rows */
export const sayShow = (rows) => JSON.stringify({ show: { camera: rows } });

/** Of the screen that they share. @param {number | null} rows */
export const sayShowScreen = (rows) => JSON.stringify({ show: { screen: rows } });

/** Of the screen that I share. @param {boolean} paused */
export const sayScreenPaused = (paused) => JSON.stringify({ screen: paused ? "paused" : "flowing" });

/** @param {Limited} limited */
export const sayLimited = (limited) => JSON.stringify({ limited });
