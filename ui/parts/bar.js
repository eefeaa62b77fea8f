/** The bar of the call: each control an icon and a word. The word of all but Leave is dropped where the bar is narrow. */
import { copyInvite, leave, toggleCamera, toggleFullscreen, toggleMicrophone } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { panel } from "../state.js";
import { Icon } from "./icon.js";

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

/** A control that opens a side panel. @param {{ kind: "people" | "devices" }} props */
function PanelControl({ kind }) {
  const open = panel.value === kind;
  return html`<button id="${kind}-button" class="control" aria-expanded=${String(open)} aria-controls="panel" aria-label=${t(`call.${kind}`)} title=${t(`call.${kind}.hint`)} onClick=${() => (panel.value = open ? null : kind)}>
    <${Icon} name=${kind} /><span class="word">${t(`call.${kind}`)}</span>
  </button>`;
}

/** A control that does something at once. @param {{ kind: string, title: string, name: string, className?: string, onClick: () => void, shortcut?: string }} props */
function Control({ kind, title, name, className = "", onClick, shortcut }) {
  return html`<button id="${kind}-button" class="control ${className}" aria-label=${name} aria-keyshortcuts=${shortcut} title=${title} onClick=${onClick}>
    <${Icon} name=${kind} /><span class="word">${name}</span>
  </button>`;
}

/** @param {{ me: import("../backend/types.js").Me }} props */
export function Bar({ me }) {
  return html`<div class="bar" id="bar" role="toolbar" aria-label=${t("call.controls")}>
    <${Switches} me=${me} />
    <${PanelControl} kind="devices" />
    <${PanelControl} kind="people" />
    <${Control} kind="invite" name=${t("call.invite")} title=${t("invite.copy")} onClick=${copyInvite} />
    <${Control} kind="fullscreen" className="spare" name=${t("call.fullscreen")} title=${t("tooltip.shortcut", { words: t("call.fullscreen"), key: "F" })} shortcut="F" onClick=${toggleFullscreen} />
    <${Control} kind="leave" className="leave" name=${t("call.leave")} title=${t("call.leave.hint")} onClick=${leave} />
  </div>`;
}
