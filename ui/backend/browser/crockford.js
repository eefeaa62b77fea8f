/**
 * Crockford base32: how a code is written so that it can be read aloud and typed from paper. Pure.
 */

/** No I, L, O (they read as digits) and no U. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Characters in a group, as codes are shown. */
const GROUP = 4;

/** What stands between groups: spaces, and what word processors make of a dash. */
const BETWEEN = /[\s\-\u2010-\u2015\u2212\u00ad\u200b]/gu;

/** Bytes in groups of four characters joined by dashes. @param {Uint8Array} bytes their number is a multiple of five */
export function encode(bytes) {
  let text = "";
  let [bits, count] = [0, 0];
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    count += 8;
    while (count >= 5) {
      count -= 5;
      if (text.length % (GROUP + 1) === GROUP) text += "-";
      text += ALPHABET[(bits >> count) & 31];
      bits &= (1 << count) - 1;
    }
  }
  return text;
}

/** The values of the characters of a code as somebody typed it; null when one of them belongs to no code. @param {string} text @returns {number[] | null} */
export function read(text) {
  const values = [];
  for (const letter of text.replace(BETWEEN, "")) {
    const value = ALPHABET.indexOf(/[oO]/.test(letter) ? "0" : /[iIlL]/.test(letter) ? "1" : /[a-z]/.test(letter) ? letter.toUpperCase() : letter);
    if (value < 0) return null;
    values.push(value);
  }
  return values;
}

/** The bytes that these values stand for; bits that fill no byte are dropped. @param {number[]} values */
export function pack(values) {
  const bytes = [];
  let [bits, count] = [0, 0];
  for (const value of values) {
    bits = (bits << 5) | value;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
      bits &= (1 << count) - 1;
    }
  }
  return Uint8Array.from(bytes);
}
