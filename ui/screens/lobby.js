/** The lobby: how you look and sound, who is already there, and the way in. */
import { copyInvite, join, leave } from "../actions.js";
import { html, useRef } from "../html.js";
import { listed, plural, t, troubleWords } from "../i18n/words.js";
import { Switches } from "../parts/bar.js";
import { DevicePickers } from "../parts/devices.js";
import { Face } from "../parts/face.js";
import { Icon } from "../parts/icon.js";
import { ownPictured, ownReason, Turn } from "../parts/own.js";
import { Pictures } from "../parts/pictures.js";
import { useSize } from "../parts/size.js";
import { call, dialog, earlier, environment, labelOf, onAPhone } from "../state.js";

/** @typedef {import("../backend/types.js").CallState} CallState */

/** As --radius in tokens.css, in CSS pixels. */
const RADIUS = 16;

export function Lobby() {
  const state = call.value;
  if (!state) return null;
  const known = earlier(state.invite.link);
  const title = known && (known.label || known.with.length) ? labelOf(known) : t("lobby.title");
  return html`<main class="lobby" data-screen="lobby">
    <header class="lobby-head">
      <button class="quiet" id="lobby-back" onClick=${leave}><${Icon} name="back" />${t("back")}</button>
      <button class="quiet" id="lobby-copy" onClick=${copyInvite}><${Icon} name="copy" />${t("invite.copy")}</button>
    </header>
    <${Preview} me=${state.me} />
    <div class="lobby-side">
      <div>
        <h1 tabindex="-1">${title}</h1>
        <${WhoIsThere} state=${state} />
        ${state.invite.near && html`<p class="soft" id="lobby-near">${t("invite.near")}</p>`}
        ${environment.value.guest && onAPhone() && html`<p class="soft" id="lobby-phone">${t("guest.phone")}</p>`}
      </div>
      ${state.trouble && html`<p class="error" id="lobby-trouble" role="alert" data-kind=${state.trouble.kind}>${troubleWords({ server: state.invite.server, ...state.trouble })}</p>`}
      ${environment.value.codec === "missing" && html`<div class="fields" id="lobby-codec"><p class="error">${t("codec.missing")}</p><button id="lobby-codec-fetch" onClick=${() => (dialog.value = "codec")}>${t("codec.fetch")}</button></div>`}
      <${DevicePickers} state=${state} />
      <button class="primary large" id="lobby-join" onClick=${join}>${t("lobby.join")}</button>
    </div>
  </main>`;
}

/** @param {{ me: import("../backend/types.js").Me }} props */
function Preview({ me }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const { width, height } = useSize(box);
  const shown = ownPictured(me);
  const pictures = shown && width ? [{ id: "me", x: 0, y: 0, width, height, radius: RADIUS, mirrored: !me.camera.away, shown }] : [];
  return html`<section class="preview ${shown ? "" : "bare"}" ref=${box} aria-label=${t("lobby.preview")} data-picture=${String(shown)}>
    <${Pictures} pictures=${pictures} />
    ${!shown && html`<div class="instead"><${Face} name=${me.name} /><p>${ownReason(me.camera)}</p></div>`}
    <${Turn} />
    <div class="bar" role="toolbar" aria-label=${t("call.controls")}><${Switches} me=${me} /></div>
  </section>`;
}

/** @param {{ state: CallState }} props */
function WhoIsThere({ state }) {
  const names = (/** @type {boolean} */ calling) => state.people.filter((person) => person.calling === calling && person.name).map((person) => person.name);
  const [inside, waiting] = [names(true), names(false)];
  return html`<p class="soft" id="who-is-there" role="status">
    ${inside.length ? plural("lobby.there", inside.length, { people: listed(inside) }) : t("lobby.there.nobody")}
    ${waiting.length > 0 && html` ${plural("lobby.waiting", waiting.length, { people: listed(waiting) })}`}
  </p>`;
}
