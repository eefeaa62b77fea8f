/** The initial of a person, where there is no picture. */
import { html } from "../html.js";

/** @param {{ name: string }} props */
export function Face({ name }) {
  const [initial = "?"] = name.trim();
  return html`<span class="face" aria-hidden="true">${initial.toLocaleUpperCase()}</span>`;
}
