/** The bar of the call: each control an icon and a word. The word of all but Leave is dropped where the bar is narrow. */
import { behind, copyInvite, leave, toggleCamera, toggleFullscreen, toggleMicrophone } from "../actions.js";
import { html } from "../html.js";
import { plural, t } from "../i18n/words.js";
import { menu, panel, unread } from "../state.js";
import { beginSharing, sharing, stopSharing } from "../sharing.js";
import { toggleHand } from "../talk.js";
import { Icon } from "./icon.js";
import { Menu } from "./menu.js";

/** More new messages than this are not counted: the mark has room for two digits. */
const MOST_COUNTED = 99;

/**
 * A switch for microphone or camera: its word stays, its icon and colour say the state, a screen reader hears "on" or "off".
 * @param {{ kind: "microphone" | "camera", on: boolean, shortcut: string, onToggle: () => void }} props
 */
export function Switch({ kind, on, shortcut, onToggle }) {
  const title = t("tooltip.shortcut", { words: t(`call.${kind}.${on ? "turnOff" : "turnOn"}`), key: shortcut });
  return html`<button id="${kind}-switch" class="control" role="switch" aria-checked=${String(on)} aria-label=${t(`call.${kind}`)} aria-keyshortcuts=${shortcut} title=${title} onClick=${onToggle}>
    <${Icon} name=${on ? kind : `${kind}-off`} /><span class="word">${t(`call.${kind}`)}</span>
  </button>`;
}

/** @param {{ me: import("../backend/types.js").Me }} props */
export function Switches({ me }) {
  return html`<${Switch} kind="microphone" on=${!me.microphone.muted} shortcut="M" onToggle=${toggleMicrophone} />
    <${Switch} kind="camera" on=${!me.camera.off} shortcut="C" onToggle=${toggleCamera} />`;
}

/** A control that opens a side panel. @param {{ kind: "people" | "devices" | "chat" | "share", className?: string, shortcut?: string, children?: any, name?: string }} props */
function PanelControl({ kind, className = "", shortcut, children, name = t(`call.${kind}`) }) {
  const open = panel.value === kind;
  const hint = t(`call.${kind}.hint`);
  const toggle = () => {
    menu.value = null;
    panel.value = open ? null : kind;
  };
  return html`<button id="${kind}-button" class="control ${className}" aria-expanded=${String(open)} aria-controls="panel" aria-label=${name} aria-keyshortcuts=${shortcut} title=${shortcut ? t("tooltip.shortcut", { words: hint, key: shortcut }) : hint} onClick=${toggle}>
    <${Icon} name=${kind} /><span class="word">${t(`call.${kind}`)}</span>${children}
  </button>`;
}

/** The chat, with how many messages are new. */
function ChatControl() {
  const count = unread.value;
  return html`<${PanelControl} kind="chat" shortcut="T" name=${count ? plural("call.chat.unread", count) : undefined}>${count > 0 && html`<span class="count" data-count=${count > MOST_COUNTED ? `${MOST_COUNTED}+` : count}></span>`}<//>`;
}

/** A control that opens the small menu. @param {{ kind: "react" | "more", className: string }} props */
function MenuControl({ kind, className }) {
  const open = menu.value === kind;
  return html`<button id="${kind}-button" class="control ${className}" aria-expanded=${String(open)} aria-controls="menu" aria-label=${t(`call.${kind}`)} title=${t(`call.${kind}.hint`)} onClick=${() => (menu.value = open ? null : kind)}>
    <${Icon} name=${kind} /><span class="word">${t(`call.${kind}`)}</span>
  </button>`;
}

/** One's own hand. @param {{ raised: boolean }} props */
function Hand({ raised }) {
  const title = t("tooltip.shortcut", { words: t(raised ? "call.hand.lower" : "call.hand.raise"), key: "H" });
  return html`<button id="hand-button" class="control roomy" aria-pressed=${String(raised)} aria-label=${t("call.hand.raise")} aria-keyshortcuts="H" title=${title} onClick=${toggleHand}>
    <${Icon} name="hand" /><span class="word">${t("call.hand")}</span>
  </button>`;
}

/** A control that does something at once. @param {{ kind: string, title: string, name: string, className?: string, onClick: () => void, shortcut?: string }} props */
function Control({ kind, title, name, className = "", onClick, shortcut }) {
  return html`<button id="${kind}-button" class="control ${className}" aria-label=${name} aria-keyshortcuts=${shortcut} title=${title} onClick=${onClick}>
    <${Icon} name=${kind} /><span class="word">${name}</span>
  </button>`;
}

/** Begins to share one's screen, or ends it. @param {{ me: import("../backend/types.js").Me }} props */
function Share({ me }) {
  if (sharing(me)) return html`<${Control} kind="share" className="roomy on" name=${t("share.stop")} title=${t("share.stop")} onClick=${stopSharing} />`;
  if (behind().sharing?.asks) return html`<${Control} kind="share" className="roomy" name=${t("call.share")} title=${t("call.share.hint")} onClick=${beginSharing} />`;
  return html`<${PanelControl} kind="share" className="roomy" />`;
}

/** @param {{ me: import("../backend/types.js").Me }} props */
export function Bar({ me }) {
  const talk = behind().talk !== undefined;
  // On a phone these are in the menu.
  const roomy = talk ? "roomy" : "";
  const raised = me.hand != null;
  return html`<div class="bar-box">
    ${menu.value && html`<${Menu} key=${menu.value} kind=${menu.value} raised=${raised} />`}
    <div class="bar" id="bar" role="toolbar" aria-label=${t("call.controls")}>
      <${Switches} me=${me} />
      ${talk && html`<${Hand} raised=${raised} /><${MenuControl} kind="react" className="roomy" /><${ChatControl} />`}
      ${behind().sharing && html`<${Share} me=${me} />`}
      <${PanelControl} kind="devices" className=${roomy} />
      <${PanelControl} kind="people" />
      <${Control} kind="invite" className=${roomy} name=${t("call.invite")} title=${t("invite.copy")} onClick=${copyInvite} />
      ${talk && html`<${MenuControl} kind="more" className="narrow" />`}
      <${Control} kind="fullscreen" className="spare" name=${t("call.fullscreen")} title=${t("tooltip.shortcut", { words: t("call.fullscreen"), key: "F" })} shortcut="F" onClick=${toggleFullscreen} />
      <${Control} kind="leave" className="leave" name=${t("call.leave")} title=${t("call.leave.hint")} onClick=${leave} />
    </div>
  </div>`;
}
