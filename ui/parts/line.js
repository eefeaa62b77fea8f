/** Shows the line at the top of the call, and keeps it a little longer than its cause, so that nothing flickers. */
import { allowSound } from "../actions.js";
import { lineOf } from "../call/line.js";
import { html, useEffect, useState } from "../html.js";
import { t } from "../i18n/words.js";
import { panel } from "../state.js";
import { Icon } from "./icon.js";

/** How much longer, in milliseconds. */
const LINGERS_MS = 3_000;

/** @param {{ state: import("../backend/types.js").CallState }} props */
export function TopLine({ state }) {
  const now = lineOf(state);
  const [held, setHeld] = useState(now);
  const key = now && JSON.stringify(now);
  useEffect(() => {
    if (now) return setHeld(now);
    const timer = setTimeout(() => setHeld(null), LINGERS_MS);
    return () => clearTimeout(timer);
  }, [key]);
  const shown = now ?? held;
  return html`<div class="line-place" role="status">
    ${shown &&
    html`<p class="line" id="line" data-key=${shown.key}>
      <${Icon} name="trouble" /><span>${t(shown.key, shown.values)}</span>
      ${shown.todo === "devices" && panel.value !== "devices" && html`<button class="on-stage" id="line-devices" onClick=${() => (panel.value = "devices")}>${t("call.devices")}</button>`}
      ${shown.todo === "sound" && html`<button class="on-stage" id="line-sound" onClick=${allowSound}>${t("call.hear")}</button>`}
    </p>`}
  </div>`;
}
