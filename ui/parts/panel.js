/** The frame of a side panel: beside the tiles, or a sheet over them on a phone. It takes the focus, and gives it back. */
import { html, useLayoutEffect, useRef } from "../html.js";
import { t } from "../i18n/words.js";
import { panel } from "../state.js";
import { Icon } from "./icon.js";

/** @param {{ title: string, first?: string, children?: any }} props  first: the id of what takes the focus, where that is not the title */
export function Panel({ title, first, children }) {
  const heading = useRef(/** @type {HTMLElement | null} */ (null));
  // Before the next frame, or a key pressed right after would still go to what is behind.
  useLayoutEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    ((first && document.getElementById(first)) || heading.current)?.focus();
    return () => opener?.isConnected && opener.focus();
  }, []);
  return html`<aside class="panel" id="panel" aria-labelledby="panel-title">
    <header class="dialog-head">
      <h2 id="panel-title" tabindex="-1" ref=${heading}>${title}</h2>
      <button class="quiet round" id="panel-close" title=${t("tooltip.shortcut", { words: t("close"), key: "Esc" })} aria-label=${t("close")} onClick=${() => (panel.value = null)}>
        <${Icon} name="close" />
      </button>
    </header>
    ${children}
  </aside>`;
}
