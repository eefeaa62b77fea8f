/** A modal dialog: traps the focus, closes with Esc, and gives the focus back to what opened it. */
import { html, useLayoutEffect, useRef } from "../html.js";
import { t } from "../i18n/words.js";
import { Icon } from "./icon.js";

/** Keeps Tab inside: from the last control to the first, and back. @param {KeyboardEvent} event */
function keepInside(event) {
  if (event.key !== "Tab") return;
  const box = /** @type {HTMLElement} */ (event.currentTarget);
  const controls = /** @type {HTMLElement[]} */ ([...box.querySelectorAll("button:enabled, input:enabled, select:enabled")]);
  const [from, to] = event.shiftKey ? [controls[0], controls.at(-1)] : [controls.at(-1), controls[0]];
  if (document.activeElement !== from) return;
  event.preventDefault();
  to?.focus();
}

/** @param {{ id: string, title: string, onClose: () => void, children?: any }} props */
export function Dialog({ id, title, onClose, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  // Before the next frame, or a Tab pressed right after the click would still wander about the page behind.
  useLayoutEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.showModal();
    return () => opener?.isConnected && opener.focus();
  }, []);
  return html`<dialog class="dialog" id=${id} ref=${box} aria-labelledby="${id}-title" onClose=${onClose} onKeyDown=${keepInside}>
    <header class="dialog-head">
      <h2 id="${id}-title">${title}</h2>
      <button class="quiet round" id="${id}-close" title=${t("close")} aria-label=${t("close")} onClick=${() => box.current?.close()}>
        <${Icon} name="close" />
      </button>
    </header>
    ${children}
  </dialog>`;
}
