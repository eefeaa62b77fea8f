/** Who is here and how each is connected. */
import { copyInvite } from "../actions.js";
import { byHands, placesOf } from "../call/hands.js";
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Face } from "../parts/face.js";
import { Icon } from "../parts/icon.js";

/** @typedef {import("../backend/types.js").Person} Person */
/** @typedef {import("../backend/types.js").CallState} CallState */

/** @param {{ state: CallState }} props */
export function People({ state }) {
  const { me, invite } = state;
  const hands = placesOf(state);
  const people = byHands(state.people, hands);
  return html`<ul class="people">
      <${Entry} id="me" name=${t("call.you.named", { name: me.name })} muted=${me.microphone.muted} cameraOff=${me.camera.off || me.camera.status !== "ok"} place=${hands.get(me.id)} />
      ${people.map((person) => html`<${Entry} key=${person.id} id=${person.id} name=${person.name} muted=${person.muted} cameraOff=${person.cameraOff} place=${hands.get(person.id)} person=${person} />`)}
    </ul>
    <section class="invite-box">
      <h3>${t("invite.title")}</h3>
      <dl>
        <${Row} name=${t("invite.server")} value=${invite.server} />
        <${Row} name=${t("invite.code")} value=${invite.code} />
      </dl>
      <button id="panel-copy" onClick=${copyInvite}><${Icon} name="copy" />${t("invite.copy")}</button>
    </section>`;
}

/** @param {{ id: string, name: string, muted: boolean, cameraOff: boolean, place?: number, person?: Person }} props  place: of the raised hand among all */
function Entry({ id, name, muted, cameraOff, place, person }) {
  const here = !person || person.calling;
  return html`<li data-test="person" data-person=${id}>
    <h3><${Face} name=${name} /><span>${name}</span></h3>
    ${!here && html`<p class="soft">${t("people.lobby")}</p>`}
    ${here &&
    html`<dl>
      ${place !== undefined && html`<${Row} name=${t("people.hand")} value=${t("people.hand.value", { place })} test="hand" />`}
      <${Row} name=${t("people.microphone")} value=${t(muted ? "people.off" : "people.on")} />
      <${Row} name=${t("people.camera")} value=${t(cameraOff ? "people.off.feminine" : "people.on.feminine")} />
      ${person && html`<${Connection} person=${person} />`}
    </dl>`}
  </li>`;
}

/** @param {{ person: Person }} props */
function Connection({ person }) {
  const { rttMs, quality, video, remote, limitedBy } = person;
  return html`<${Row} name=${t("people.connection")} value=${how(person)} test="connection" />
    ${remote && html`<${Row} name=${t("people.address")} value=${remote} test="address" />`}
    ${rttMs != null && html`<${Row} name=${t("people.roundTrip")} value=${t("people.roundTrip.value", { milliseconds: rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs) })} test="round-trip" />`}
    <${Row} name=${t("people.quality")} value=${t(`people.quality.${quality ?? "unknown"}`)} test="quality" />
    ${video && html`<${Row} name=${t("people.picture")} value=${t("people.picture.value", { ...video, fps: Math.round(video.fps) })} test="picture" />`}
    ${limitedBy && html`<${Row} name=${t("people.limit")} value=${t(`people.limit.${limitedBy}`)} test="limit" />`}`;
}

/** @param {Person} person */
function how({ connection, path, transport }) {
  if (connection !== "connected" || !path) return t(`people.connection.${connection === "connected" ? "connecting" : connection}`);
  const words = t(`people.connection.${path}`);
  return transport ? t("people.connection.over", { path: words, transport: transport.toUpperCase() }) : words;
}

/** @param {{ name: string, value: string, test?: string }} props */
function Row({ name, value, test }) {
  return html`<div>
    <dt>${name}</dt>
    <dd data-test=${test}>${value}</dd>
  </div>`;
}
