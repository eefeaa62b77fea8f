/**
 * The name that a person goes by in a call: one line, nothing invisible that reorders the text around it. Pure.
 */

/** The longest name, in characters. */
const MAX_NAME = 64;

/** Control characters, and those that change the direction of what follows. */
const UNSHOWN = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** What of a text can be shown as a name; it may be nothing. @param {string} text */
export const cleanName = (text) => [...text.replace(UNSHOWN, "").trimStart()].slice(0, MAX_NAME).join("").trimEnd();
