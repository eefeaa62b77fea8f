/** The place of those who are not here yet: while entering, what is being waited for; then the invite to send them. */
import { copyInvite, leave } from "../actions.js";
import { html } from "../html.js";
import { listed, plural, t } from "../i18n/words.js";
import { Icon } from "./icon.js";
import { at } from "./tile.js";
import { Waiting } from "./waiting.js";

/** @param {{ state: import("../backend/types.js").CallState, box: import("../call/grid.js").Box }} props */
export function Alone({ state, box }) {
  return html`<li class="tile bare alone" style=${at(box)} data-test="alone">
    <div class="instead">${state.phase === "entering" ? html`<${Entering} server=${state.invite.server} />` : html`<${Empty} state=${state} />`}</div>
  </li>`;
}

/** @param {{ server: string }} props */
function Entering({ server }) {
  const out = html`<button class="on-stage" onClick=${leave}>${t("call.leave")}</button>`;
  return html`<${Waiting} now=${t("call.entering")} long=${t("call.entering.long", { server })} help=${t("call.entering.help", { server })} action=${out} />`;
}

/** @param {{ state: import("../backend/types.js").CallState }} props */
function Empty({ state }) {
  const ready = state.people.map((person) => person.name);
  const nobody = t(state.invite.near ? "call.alone.near" : "call.alone");
  return html`<p role="status">${ready.length ? plural("call.alone.ready", ready.length, { people: listed(ready) }) : nobody}</p>
    <p class="code" id="invite-code" translate="no">${state.invite.server} ${state.invite.code}</p>
    <button class="on-stage" id="alone-copy" onClick=${copyInvite}><${Icon} name="copy" />${t("invite.copy")}</button>`;
}
