/** The small menu above the bar. It takes the focus, gives it back, and closes with Esc or with a press beside it. */
import { behind, copyInvite } from "../actions.js";
import { html, useLayoutEffect, useRef } from "../html.js";
import { t } from "../i18n/words.js";
import { beginSharing, sharing, stopSharing } from "../sharing.js";
import { call, menu, panel } from "../state.js";
import { FEELINGS, react, toggleHand } from "../talk.js";
import { Icon } from "./icon.js";

/** @param {{ kind: "react" | "more", raised: boolean }} props  more: with what the bar has no room for */
export function Menu({ kind, raised }) {
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  // Before the next frame, or a key pressed right after would still go to the button that opened it.
  useLayoutEffect(() => {
    const opener = /** @type {HTMLElement | null} */ (document.activeElement);
    box.current?.querySelector("button")?.focus();
    const beside = (/** @type {Event} */ { target }) => {
      if (target instanceof Element && !target.closest("#menu, #bar")) menu.value = null;
    };
    addEventListener("pointerdown", beside);
    return () => {
      removeEventListener("pointerdown", beside);
      // A panel that was opened from here has taken the focus.
      if (opener?.isConnected && !panel.peek()) opener.focus();
    };
  }, []);
  return html`<div class="menu" id="menu" role="group" aria-label=${t(`call.${kind}`)} ref=${box}>
    <div class="feelings">
      ${FEELINGS.map((feeling) => html`<button key=${feeling} id="feel-${feeling}" class="on-stage round" title=${t(`reaction.${feeling}`)} aria-label=${t(`reaction.${feeling}`)} onClick=${() => react(feeling)}><${Icon} name=${feeling} /></button>`)}
    </div>
    ${kind === "more" &&
    html`<${Choice} id="more-hand" icon="hand" words=${t(raised ? "call.hand.lower" : "call.hand.raise")} onClick=${toggleHand} />
      ${behind().sharing && html`<${Choice} id="more-share" icon="share" words=${t(sharing(call.value?.me) ? "share.stop" : "call.share.hint")} onClick=${() => (sharing(call.value?.me) ? stopSharing() : beginSharing())} />`}
      <${Choice} id="more-devices" icon="devices" words=${t("call.devices")} onClick=${() => (panel.value = "devices")} />
      <${Choice} id="more-invite" icon="invite" words=${t("invite.copy")} onClick=${copyInvite} />`}
  </div>`;
}

/** @param {{ id: string, icon: string, words: string, onClick: () => void }} props */
function Choice({ id, icon, words, onClick }) {
  const choose = () => {
    // What opens now gives the focus back to where it was.
    document.getElementById("more-button")?.focus();
    menu.value = null;
    onClick();
  };
  return html`<button id=${id} class="on-stage choice" onClick=${choose}><${Icon} name=${icon} />${words}</button>`;
}
