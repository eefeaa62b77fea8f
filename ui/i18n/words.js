/**
 * The words of the chosen language. Components call `t` while they render, and render again when the language changes.
 */
import { signal } from "../html.js";

/** What `en.json` and `fr.json` are for. */
export const LANGUAGES = /** @type {const} */ ({ en: "English", fr: "Français" });

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {Record<string, string | number | null | undefined>} Values */

const spoken = signal(/** @type {{ language: Language, words: Record<string, string> }} */ ({ language: "en", words: {} }));

/** The language in use. @returns {Language} */
export const language = () => spoken.value.language;

/**
 * Loads a language's words. @param {string} wished such as "fr-CH"; one we don't speak becomes English
 */
export async function speak(wished) {
  const language = /** @type {Language} */ (Object.keys(LANGUAGES).find((known) => wished.toLowerCase().split(/[-_]/)[0] === known) ?? "en");
  const words = await (await fetch(new URL(`./${language}.json`, import.meta.url))).json();
  document.documentElement.lang = language;
  spoken.value = { language, words };
}

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in spoken.value.words;

/** The words for a key; the key itself if there are none. @param {string} key @param {Values} [values] */
export function t(key, values = {}) {
  return fill(spoken.value.words[key] ?? key, values);
}

/** @param {string} text @param {Values} values */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (values[name] == null ? whole : String(values[name])));
}

/** The words for a key in the plural form that `count` asks for. @param {string} key @param {number} count @param {Values} [values] */
export function plural(key, count, values) {
  const form = new Intl.PluralRules(language()).select(count) === "one" ? "one" : "other";
  return t(`${key}.${form}`, { ...values, count });
}

/** "Léa, Inès and Marc". @param {string[]} names */
export function listed(names) {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(names);
}

/** The time of day of a date: "20:15". @param {Date} date */
export const hour = (date) => new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), { hour: "2-digit", minute: "2-digit" }).format(date);

/** The day of a date, as one would say it: "yesterday", "Sunday", "12 November". @param {Date} date @param {Date} now */
export function day(date, now) {
  const days = Math.round((midnight(date) - midnight(now)) / 86_400_000);
  const words =
    days > -2
      ? new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day")
      : new Intl.DateTimeFormat(language() === "en" ? "en-GB" : language(), days > -7 ? { weekday: "long" } : longDate(date, now)).format(date);
  return words.charAt(0).toLocaleUpperCase(language()) + words.slice(1);
}

/** @param {Date} date @param {Date} now @returns {Intl.DateTimeFormatOptions} */
const longDate = (date, now) => ({ day: "numeric", month: "long", ...(date.getFullYear() !== now.getFullYear() && { year: "numeric" }) });

/** @param {Date} date */
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** @typedef {import("../backend/types.js").Trouble} Trouble */

/** What a trouble says to the person it concerns. @param {Trouble} trouble */
export function troubleWords(trouble) {
  const key = `trouble.${trouble.kind}`;
  return t(has(key) ? key : "trouble.unknown", { ...trouble, name: trouble.name, server: trouble.server });
}
