/** One passing line at the bottom, with something to do about it. It waits while it is pointed at or focused. */
import { html, useEffect, useState } from "../html.js";
import { t } from "../i18n/words.js";
import { notice } from "../state.js";
import { Icon } from "./icon.js";

/** How long it stays, in milliseconds: reading takes less than undoing. */
const STAYS_MS = 6_000;
const STAYS_WITH_ACTION_MS = 20_000;

export function Notice() {
  const shown = notice.value;
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!shown || held) return;
    const timer = setTimeout(() => (notice.value = null), shown.stays ?? (shown.action ? STAYS_WITH_ACTION_MS : STAYS_MS));
    return () => clearTimeout(timer);
  }, [shown, held]);
  return html`<div class="notice-place" role="status">
    ${shown &&
    html`<div
      class="notice"
      id="notice"
      onPointerEnter=${() => setHeld(true)}
      onPointerLeave=${() => setHeld(false)}
      onFocusIn=${() => setHeld(true)}
      onFocusOut=${() => setHeld(false)}
    >
      <span>${shown.words}</span>
      ${shown.action && html`<button class="quiet" id="notice-action" onClick=${shown.action.run}>${shown.action.words}</button>`}
      <button class="quiet round" id="notice-close" title=${t("close")} aria-label=${t("close")} onClick=${() => (notice.value = null)}>
        <${Icon} name="close" />
      </button>
    </div>`}
  </div>`;
}
