/** The mark and the name. */
import { html } from "../html.js";
import { t } from "../i18n/words.js";

export function Brand() {
  return html`<div class="brand">
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <circle cx="12.5" cy="16" r="6.5" />
      <circle class="second" cx="20.5" cy="16" r="6.5" />
    </svg>
    <span>${t("app.name")}</span>
  </div>`;
}
