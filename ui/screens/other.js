/** The dialog for an invite that was opened during another call: stay, or leave and go there. */
import { goToOther } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Dialog } from "../parts/dialog.js";
import { dialog, earlier, labelOf, offered, serverOf } from "../state.js";

export function OtherCall() {
  const invite = offered.value;
  if (!invite) return null;
  const known = earlier(invite.link);
  const label = known ? labelOf(known) : serverOf(invite.link);
  const stay = () => (dialog.value = null);
  return html`<${Dialog} id="other" title=${t("other.title")} onClose=${stay}>
    <div class="fields">
      <p>${t("other.hint", { label })}</p>
      <div class="row wrap">
        <button class="primary" id="other-go" onClick=${goToOther}>${t("other.go")}</button>
        <button id="other-stay" onClick=${stay}>${t("other.stay")}</button>
      </div>
    </div>
  <//>`;
}
