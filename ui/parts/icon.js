/** An icon of the set, as inline SVG. It says nothing to a screen reader: the control it stands in has words. */
import { html } from "../html.js";
import { shapes } from "../vendor/lucide.js";

/** @param {{ name: string }} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    ${shapes[name].map(([tag, attributes]) => html`<${tag} ...${attributes} />`)}
  </svg>`;
}
