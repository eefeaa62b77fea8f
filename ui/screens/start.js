/** The dialog for starting a call: which server, and its host code; or this computer, for its own network. */
import { hostCall, startCall } from "../actions.js";
import { html, useState } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { Dialog } from "../parts/dialog.js";
import { dialog, settings } from "../state.js";

/** @typedef {import("../backend/types.js").Trouble} Trouble */

export function StartCall() {
  const [server, setServer] = useState(settings.value.server);
  const [hostCode, setHostCode] = useState(settings.value.hostCode);
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [nearWords, setNearWords] = useState("");
  /** @param {Promise<void>} started @param {(words: string) => void} tell */
  const wait = async (started, tell) => {
    tell("");
    setBusy(true);
    await started.catch((/** @type {Trouble} */ trouble) => tell(troubleWords({ server: server.trim(), ...trouble })));
    setBusy(false);
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!server.trim() || !hostCode.trim()) return setWords(t("start.missing"));
    void wait(startCall(server.trim(), hostCode.trim()), setWords);
  };
  return html`<${Dialog} id="start" title=${t("start.title")} onClose=${() => (dialog.value = null)}>
    <form class="fields" onSubmit=${submit}>
      <p class="soft">${t("start.hint")}</p>
      <label for="server">${t("start.server")}</label>
      <input id="server" value=${server} placeholder=${t("start.server.example")} autocomplete="off" spellcheck=${false} inputmode="url" aria-describedby="start-dialog-error" onInput=${(/** @type {any} */ event) => setServer(event.target.value)} />
      <label for="host-code">${t("start.hostCode")}</label>
      <input id="host-code" value=${hostCode} autocomplete="off" spellcheck=${false} aria-describedby="start-dialog-error" onInput=${(/** @type {any} */ event) => setHostCode(event.target.value)} />
      <p class="error" id="start-dialog-error" role="alert">${words}</p>
      <button class="primary" id="start-submit" type="submit" disabled=${busy}>${t(busy ? "home.start.waiting" : "start.button")}</button>
    </form>
    <section class="fields apart">
      <h3>${t("start.near.title")}</h3>
      <p class="soft">${t("start.near.hint")}</p>
      <p class="error" id="start-near-error" role="alert">${nearWords}</p>
      <button id="start-near" type="button" disabled=${busy} onClick=${() => void wait(hostCall(), setNearWords)}>${t("start.near.button")}</button>
    </section>
  <//>`;
}
