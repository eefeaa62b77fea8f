/** Home: your name, two large choices, and the invites used before. */
import { openInvite, startCall } from "../actions.js";
import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { HomeHead } from "../parts/home-head.js";
import { YourName } from "../parts/your-name.js";
import { dialog, inviteText, inviteTrouble, nameMissing, settings } from "../state.js";
import { EarlierInvites } from "./invites.js";

/** @typedef {import("../backend/types.js").Trouble} Trouble */

export function Home() {
  /** Runs something that needs a name; without one, asks for it instead. @param {() => Promise<void>} run */
  const named = async (run) => {
    nameMissing.value = !settings.value.name;
    if (settings.value.name) return run();
    document.getElementById("name")?.focus();
  };
  return html`<main class="home" data-screen="home">
    <${HomeHead} />
    <h1 tabindex="-1">${t("home.title")}</h1>
    <${YourName} missing=${nameMissing.value} />
    <div class="choices">
      <${Join} named=${named} />
      <${Start} named=${named} />
    </div>
    <${EarlierInvites} named=${named} />
  </main>`;
}

/** @param {{ named: (run: () => Promise<void>) => Promise<void> }} props */
function Join({ named }) {
  const trouble = inviteTrouble.value;
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [busy, setBusy] = useState(false);
  useLayoutEffect(() => void (trouble && field.current?.focus()), [trouble]);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await named(async () => {
      inviteTrouble.value = null;
      setBusy(true);
      await openInvite(inviteText.value).catch((reason) => (inviteTrouble.value = reason));
      setBusy(false);
    });
  };
  return html`<form class="card" id="join" onSubmit=${submit}>
    <h2>${t("home.join.title")}</h2>
    <p class="soft" id="invite-hint">${t("home.join.hint")}</p>
    <div class="row wrap">
      <input
        id="invite"
        ref=${field}
        aria-label=${t("home.join.field")}
        aria-describedby="invite-hint invite-error"
        aria-invalid=${String(trouble !== null)}
        placeholder=${t("home.join.example")}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck=${false}
        value=${inviteText.value}
        onInput=${(/** @type {any} */ event) => (inviteText.value = event.target.value)}
      />
      <button class="primary" id="join-button" type="submit" disabled=${busy}>${t("home.join.button")}</button>
    </div>
    <p class="error" id="invite-error" role="alert" data-kind=${trouble?.kind}>${trouble ? troubleWords(trouble) : ""}</p>
  </form>`;
}

/** @param {{ named: (run: () => Promise<void>) => Promise<void> }} props */
function Start({ named }) {
  const { server, hostCode } = settings.value;
  const known = server !== "" && hostCode !== "";
  const [trouble, setTrouble] = useState(/** @type {Trouble | null} */ (null));
  const [busy, setBusy] = useState(false);
  const start = () =>
    named(async () => {
      if (!known) return void (dialog.value = "start");
      setTrouble(null);
      setBusy(true);
      await startCall(server, hostCode).catch(setTrouble);
      setBusy(false);
    });
  return html`<section class="card">
    <h2>${t("home.start.title")}</h2>
    <p class="soft">${t("home.start.hint")}</p>
    <button class="primary" id="start-button" disabled=${busy} onClick=${start}>${t(busy ? "home.start.waiting" : "home.start.button")}</button>
    ${known && html`<p class="soft row wrap between"><span>${t("home.start.server", { server })}</span><button class="link" id="server-button" onClick=${() => (dialog.value = "start")}>${t("home.start.change")}</button></p>`}
    <p class="error" id="start-error" role="alert" data-kind=${trouble?.kind}>${trouble ? troubleWords({ server, ...trouble }) : ""}</p>
  </section>`;
}
