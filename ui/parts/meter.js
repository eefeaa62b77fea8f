/** The level of one's microphone, live. */
import { html } from "../html.js";
import { t } from "../i18n/words.js";

/** @param {{ level: number }} props 0 to 1 */
export function Meter({ level }) {
  const percent = Math.round(Math.max(0, Math.min(1, level)) * 100);
  return html`<div class="meter" id="microphone-meter" role="meter" aria-label=${t("lobby.meter")} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
    <span style=${{ transform: `scaleX(${percent / 100})` }}></span>
  </div>`;
}
