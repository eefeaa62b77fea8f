/** Where a guest arrives, in a browser: the app, if they have it, or on from here, with a name. */
import { openInvite } from "../actions.js";
import { html, useState } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { HomeHead } from "../parts/home-head.js";
import { YourName } from "../parts/your-name.js";
import { environment, inviteText, nameMissing, onAPhone, settings } from "../state.js";

/** @typedef {import("../backend/types.js").Trouble} Trouble */

export function Guest() {
  const { autoInvite, guest } = environment.value;
  const lack = guest?.lack ?? null;
  // There is no app for phones: what can be done there comes first.
  const here = !lack && html`<${Here} key="here" />`;
  const app = html`<${App} key="app" link=${guest?.appLink ?? null} />`;
  return html`<main class="home guest" data-screen="guest">
    <${HomeHead} />
    <h1 tabindex="-1">${t(autoInvite ? "guest.title" : "guest.title.plain")}</h1>
    ${lack && html`<p class="error" id="lack" data-kind=${lack} role="alert">${t(`guest.lack.${lack}`)}</p>`}
    <div class="choices">${onAPhone() ? [here, app] : [app, here]}</div>
    <p class="soft" id="guest-promise">${t("guest.promise")}</p>
  </main>`;
}

/** On from here. */
function Here() {
  const { autoInvite } = environment.value;
  const [trouble, setTrouble] = useState(/** @type {Trouble | null} */ (null));
  const [busy, setBusy] = useState(false);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    nameMissing.value = !settings.value.name;
    if (nameMissing.value) return;
    setTrouble(null);
    setBusy(true);
    await openInvite(autoInvite ?? inviteText.value).catch(setTrouble);
    setBusy(false);
  };
  return html`<form class="card" id="continue" onSubmit=${submit}>
    <h2>${t("guest.here.title")}</h2>
    <p class="soft">${t("guest.here.hint")}</p>
    <${YourName} missing=${nameMissing.value} />
    ${!autoInvite &&
    html`<label for="invite">${t("home.join.field")}</label>
      <input id="invite" placeholder=${t("home.join.example")} autocomplete="off" autocapitalize="characters" spellcheck=${false} aria-describedby="invite-error" value=${inviteText.value} onInput=${(/** @type {any} */ event) => (inviteText.value = event.target.value)} />`}
    <p class="error" id="invite-error" role="alert" data-kind=${trouble?.kind}>${trouble ? troubleWords(trouble) : ""}</p>
    <button class="primary large" id="continue-button" type="submit" disabled=${busy}>${t("guest.here.button")}</button>
  </form>`;
}

/** The same invite in the app. @param {{ link: string | null }} props */
function App({ link }) {
  return html`<section class="card">
    <h2>${t("guest.app.title")}</h2>
    <p class="soft">${t("guest.app.hint")}</p>
    ${link && html`<a class="button" id="app-link" href=${link}>${t("guest.app.button")}</a>`}
  </section>`;
}
