/** What could be shared: a choice of screens and windows. Where the system itself asks, it does so at once. */
import { behind } from "../actions.js";
import { html, useEffect, useState } from "../html.js";
import { t } from "../i18n/words.js";
import { Icon } from "../parts/icon.js";
import { ASKED, nothingToShare, share } from "../sharing.js";

/** @typedef {import("../backend/types.js").ScreenChoice} ScreenChoice */

/** How often the choice is looked at anew, in milliseconds: windows come and go. */
const EVERY_MS = 2_000;

export function Share() {
  const [choices, setChoices] = useState(/** @type {ScreenChoice[] | null} */ (null));
  useEffect(() => {
    let open = true;
    const look = async () => {
      const list = await behind()
        .sharing?.list()
        .catch(() => []);
      if (!open) return;
      if (list?.length === 1 && list[0].id === ASKED) return share(ASKED);
      setChoices(list ?? []);
    };
    void look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      open = false;
      clearInterval(timer);
    };
  }, []);
  if (!choices) return html`<p role="status">${t("share.looking")}</p>`;
  if (!choices.length) return html`<p role="status" id="share-none">${nothingToShare()}</p>`;
  const list = (/** @type {boolean} */ windows) => choices.filter(({ window }) => window === windows);
  return html`<p class="soft">${t("share.hint")}</p>
    <${Choices} title=${t("share.screens")} icon="screen" list=${list(false)} />
    <${Choices} title=${t("share.windows")} icon="window" list=${list(true)} />`;
}

/** @param {{ title: string, icon: string, list: ScreenChoice[] }} props */
function Choices({ title, icon, list }) {
  return (
    list.length > 0 &&
    html`<section class="shareable">
      <h3>${title}</h3>
      <ul>
        ${list.map(({ id, name }) => html`<li key=${id}><button data-test="share-choice" data-id=${id} onClick=${() => share(id)}><${Icon} name=${icon} /><span>${name}</span></button></li>`)}
      </ul>
    </section>`
  );
}
