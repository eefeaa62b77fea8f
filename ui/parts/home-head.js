/** The head of the screens without a call: whose app this is, the settings, and for a minute the way back into the call that was left. */
import { rejoin } from "../actions.js";
import { html, useEffect } from "../html.js";
import { t } from "../i18n/words.js";
import { dialog, rejoinable } from "../state.js";
import { Brand } from "./brand.js";
import { Icon } from "./icon.js";

export function HomeHead() {
  const left = rejoinable.value;
  useEffect(() => {
    if (!left) return;
    const timer = setTimeout(() => (rejoinable.value = null), left.until - Date.now());
    return () => clearTimeout(timer);
  }, [left]);
  return html`<header class="home-head">
      <${Brand} />
      <button class="quiet round" id="settings-button" title=${t("home.settings")} aria-label=${t("home.settings")} onClick=${() => (dialog.value = "settings")}>
        <${Icon} name="settings" />
      </button>
    </header>
    <div role="status">
      ${left && html`<div class="card flat row wrap between"><span>${t("home.left")}</span><button class="primary" id="rejoin-button" onClick=${() => rejoin(left.link)}>${t("home.rejoin")}</button></div>`}
    </div>`;
}
