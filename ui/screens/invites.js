/** The invites used before: call again, rename, remove (and undo). */
import { openInvite, removeInvite, renameInvite, say } from "../actions.js";
import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { day, listed, t } from "../i18n/words.js";
import { Icon } from "../parts/icon.js";
import { labelOf, settings } from "../state.js";

/** @typedef {import("../backend/types.js").EarlierInvite} EarlierInvite */

/** @param {{ named: (run: () => Promise<void>) => Promise<void> }} props */
export function EarlierInvites({ named }) {
  const { invites } = settings.value;
  if (invites.length === 0) return null;
  return html`<section class="earlier" aria-labelledby="earlier-title">
    <h2 id="earlier-title">${t("home.earlier.title")}</h2>
    <ul>
      ${invites.map((invite) => html`<${Entry} key=${invite.link} invite=${invite} named=${named} />`)}
    </ul>
  </section>`;
}

/** @param {{ invite: EarlierInvite, named: (run: () => Promise<void>) => Promise<void> }} props */
function Entry({ invite, named }) {
  const [renaming, setRenaming] = useState(false);
  const renameButton = useRef(/** @type {HTMLElement | null} */ (null));
  const label = labelOf(invite);
  const done = () => {
    setRenaming(false);
    requestAnimationFrame(() => renameButton.current?.focus());
  };
  if (renaming) return html`<li data-test="earlier"><${Rename} invite=${invite} label=${label} onDone=${done} /></li>`;
  return html`<li data-test="earlier">
    <span class="grow"><b>${label}</b><span class="soft">${usage(invite)}</span></span>
    <button class="quiet round" data-test="rename" ref=${renameButton} title=${t("home.earlier.rename")} aria-label=${t("home.earlier.rename.whom", { label })} onClick=${() => setRenaming(true)}>
      <${Icon} name="rename" />
    </button>
    <button class="quiet round" data-test="remove" title=${t("home.earlier.remove")} aria-label=${t("home.earlier.remove.whom", { label })} onClick=${() => removeInvite(invite.link, label)}>
      <${Icon} name="remove" />
    </button>
    <button data-test="again" aria-label=${t("home.earlier.again.whom", { label })} onClick=${() => named(() => openInvite(invite.link).catch(say))}>${t("home.earlier.again")}</button>
  </li>`;
}

/** When and with whom. @param {EarlierInvite} invite */
function usage(invite) {
  const when = day(new Date(invite.lastUsed), new Date());
  return invite.with.length ? t("home.earlier.with", { when, people: listed(invite.with) }) : when;
}

/** @param {{ invite: EarlierInvite, label: string, onDone: () => void }} props */
function Rename({ invite, label, onDone }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => field.current?.select(), []);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    await renameInvite(invite.link, field.current?.value ?? "");
    onDone();
  };
  return html`<form class="row wrap grow" onSubmit=${save} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Escape" && onDone()}>
    <input class="grow" data-test="label" ref=${field} maxlength="64" defaultValue=${label} aria-label=${t("home.earlier.label")} />
    <button class="primary" data-test="save" type="submit">${t("home.earlier.save")}</button>
    <button type="button" data-test="cancel" onClick=${onDone}>${t("cancel")}</button>
  </form>`;
}
