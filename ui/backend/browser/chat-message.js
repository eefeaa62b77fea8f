/**
 * What two connected people tell each other beside voice and picture, over the channel `chat`: read from foreign JSON, or refused. Pure.
 */
import { fromHex, utf8 } from "./bytes.js";
import { cleanText } from "./chat-text.js";
import { cleanName } from "./name.js";

/** @typedef {import("../types.js").Feeling} Feeling */
/** @typedef {{ id: string, at: number, text: string }} Said */
/** @typedef {Said & { person: string, name: string }} Told */
/** @typedef {{ know?: string[], got?: string[], say?: Said, told?: Told, react?: Feeling, hand?: number | null }} ChatMessage  hand null: it is down */

/** The longest message, in bytes. */
const MAX_CHAT = 16 * 1024;
/** The most messages that anybody keeps, and therefore names in one list. */
export const MAX_KEPT = 300;

export const FEELINGS = /** @type {const} */ (["like", "dislike", "love", "laugh", "celebrate", "sad"]);

/** @param {unknown} value @returns {value is string} */
const isId = (value) => fromHex(value, 16) !== null;
/** @param {unknown} value @returns {value is number} */
const isTime = (value) => typeof value === "number" && Number.isInteger(value) && value >= 0;

/** @param {unknown} list @returns {list is string[]} */
const isList = (list) => Array.isArray(list) && list.length <= MAX_KEPT && list.every(isId);

/** @param {any} it @returns {Said | null} */
function said(it) {
  const text = typeof it?.text === "string" ? cleanText(it.text) : "";
  return text && isId(it.id) && isTime(it.at) ? { id: it.id, at: it.at, text } : null;
}

/** @param {any} it @returns {Told | null} */
function told(it) {
  const inner = said(it);
  return inner && isId(it.person) && typeof it.name === "string" ? { ...inner, person: it.person, name: cleanName(it.name) } : null;
}

/** One message; null when it is none. What is of later versions is passed over. @param {unknown} json @returns {ChatMessage | null} */
export function readChat(json) {
  if (typeof json !== "string" || json.length > MAX_CHAT || utf8(json).length > MAX_CHAT) return null;
  /** @type {any} */
  let it;
  try {
    it = JSON.parse(json);
  } catch {
    return null;
  }
  if (it === null || typeof it !== "object" || Array.isArray(it)) return null;
  const good =
    (it.know == null || isList(it.know)) &&
    (it.got == null || isList(it.got)) &&
    (it.say == null || said(it.say)) &&
    (it.told == null || told(it.told)) &&
    (it.react == null || typeof it.react === "string") &&
    (it.hand == null || isTime(it.hand));
  if (!good) return null;
  const react = FEELINGS.find((feeling) => feeling === it.react);
  return {
    ...(it.know != null && { know: it.know }),
    ...(it.got != null && { got: it.got }),
    ...(it.say != null && { say: /** @type {Said} */ (said(it.say)) }),
    ...(it.told != null && { told: /** @type {Told} */ (told(it.told)) }),
    ...(react && { react }),
    ...(it.hand !== undefined && { hand: it.hand }),
  };
}
