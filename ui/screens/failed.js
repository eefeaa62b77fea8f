/** A call that can't go on: why, and what to do. */
import { leave, testConnection, tryAgain } from "../actions.js";
import { html } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { Brand } from "../parts/brand.js";
import { call, environment } from "../state.js";

/** Troubles that trying again doesn't change. */
const FINAL = new Set(["roomGone", "otherVersion", "notAVisioServer", "replaced"]);

export function Failed() {
  const state = call.value;
  if (!state) return null;
  const trouble = state.trouble ?? { kind: "unknown" };
  return html`<main class="home failed" data-screen="failed">
    <header class="home-head"><${Brand} /></header>
    <h1 tabindex="-1">${t("trouble.title")}</h1>
    <p id="failure" role="alert" data-kind=${trouble.kind}>${troubleWords({ server: state.invite.server, ...trouble })}</p>
    <div class="row wrap">
      ${!FINAL.has(trouble.kind) && html`<button class="primary" id="try-again" onClick=${tryAgain}>${t("tryAgain")}</button>`}
      ${!FINAL.has(trouble.kind) && !environment.value.guest && html`<button id="failed-test" onClick=${testConnection}>${t("doctor.title")}</button>`}
      <button id="failed-back" onClick=${leave}>${t("back")}</button>
    </div>
  </main>`;
}
