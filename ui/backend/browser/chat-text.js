/**
 * What somebody wrote, fit to be shown: several lines, nothing that controls anything or changes the direction of what follows. Pure.
 */

/** The longest text, in characters. */
const MAX_TEXT = 2_000;
/** Line breaks in a row: more would only push what others wrote out of sight. */
const MAX_BREAKS = 2;
/** The longest that is looked at, in UTF-16 units: of what is longer the beginning is taken. */
const MAX_LOOKED_AT = 64 * 1024;

/** Control characters but for the line break, and those that begin or end another direction. */
const UNSHOWN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** What of a text can be shown; it may be nothing. What is clean stays as it is. @param {string} text */
export function cleanText(text) {
  const lines = text.slice(0, MAX_LOOKED_AT).replace(/\r\n|[\r\u2028\u2029]/g, "\n").replaceAll("\t", " ").replace(UNSHOWN, "");
  const calm = lines.trimStart().replace(/\n{3,}/g, "\n".repeat(MAX_BREAKS));
  return [...calm].slice(0, MAX_TEXT).join("").trimEnd();
}
