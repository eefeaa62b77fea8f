/** The dialog that fetches the video codec, in builds that have none inside: what it is, whose it is, and how far it is. */
import { fetchCodec } from "../actions.js";
import { html, useState } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { Dialog } from "../parts/dialog.js";
import { dialog } from "../state.js";

export function Codec() {
  const [share, setShare] = useState(/** @type {number | null} */ (null));
  const [trouble, setTrouble] = useState("");
  const fetchIt = async () => {
    setTrouble("");
    setShare(0);
    await fetchCodec(setShare).catch((why) => setTrouble(troubleWords(why)));
    setShare(null);
  };
  const busy = share !== null;
  return html`<${Dialog} id="codec" title=${t("codec.title")} onClose=${() => (dialog.value = null)}>
    <div class="fields">
      <p>${t("codec.hint")}</p>
      <p class="soft">${t("codec.whose")}</p>
      ${busy && html`<progress value=${share} aria-label=${t("codec.running")}></progress>`}
      <p role="alert" class="error" id="codec-trouble">${trouble}</p>
      <div class="row wrap">
        <button class="primary" id="codec-fetch" disabled=${busy} onClick=${fetchIt}>${t(busy ? "codec.running" : trouble ? "codec.again" : "codec.fetch")}</button>
        <button id="codec-later" onClick=${() => (dialog.value = null)}>${t("codec.later")}</button>
      </div>
    </div>
  <//>`;
}
