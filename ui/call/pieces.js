/**
 * Finds what in a text is a link of the web. Pure: the rest stays text, and so does whatever pretends to lead elsewhere than it says.
 */

/** @typedef {{ text: string, link?: string }} Piece  link: where it leads, http or https */

const CANDIDATE = /\bhttps?:\/\/[^\s<>"“”«»]+/gi;
/** What ends a sentence rather than a link. */
const ENDING = /[.,;:!?…'’*_]+$/;
const BRACKETS = /** @type {const} */ ([["(", ")"], ["[", "]"], ["{", "}"]]);

/** A text in pieces; put together they are the text. @param {string} text @returns {Piece[]} */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let done = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const shown = trimmed(match[0]);
    const link = target(shown);
    if (!link) continue;
    if (match.index > done) found.push({ text: text.slice(done, match.index) });
    found.push({ text: shown, link });
    done = match.index + shown.length;
  }
  if (done < text.length) found.push({ text: text.slice(done) });
  return found;
}

/** Without what belongs to the sentence around it. @param {string} candidate */
function trimmed(candidate) {
  for (;;) {
    const shorter = unbracketed(candidate.replace(ENDING, ""));
    if (shorter === candidate) return candidate;
    candidate = shorter;
  }
}

/** Without a closing bracket that opens nowhere in it. @param {string} candidate */
function unbracketed(candidate) {
  const count = (/** @type {string} */ sign) => candidate.split(sign).length;
  const loose = BRACKETS.some(([open, close]) => candidate.endsWith(close) && count(close) > count(open));
  return loose ? candidate.slice(0, -1) : candidate;
}

/** Where it leads; nowhere when it is no address, or hides its host behind a name and an @. @param {string} shown */
function target(shown) {
  try {
    const url = new URL(shown);
    return /^https?:$/.test(url.protocol) && url.hostname && !url.username && !url.password ? url.href : undefined;
  } catch {
    return undefined;
  }
}
