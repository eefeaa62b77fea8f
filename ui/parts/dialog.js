/** A modal dialog: traps the focus, closes with Esc, and gives the focus back to what opened it. */
import { html, useEffect, useRef } from "../html.js";
import { t } from "../i18n/words.js";
import { Icon } from "./icon.js";

/** @param {{ id: string, title: string, onClose: () => void, children?: any }} props */
export function Dialog({ id, title, onClose, children }) {
  const box = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.showModal();
    return () => opener?.isConnected && opener.focus();
  }, []);
  return html`<dialog class="dialog" id=${id} ref=${box} aria-labelledby="${id}-title" onClose=${onClose}>
    <header class="dialog-head">
      <h2 id="${id}-title">${title}</h2>
      <button class="quiet round" id="${id}-close" title=${t("close")} aria-label=${t("close")} onClick=${() => box.current?.close()}>
        <${Icon} name="close" />
      </button>
    </header>
    ${children}
  </dialog>`;
}
