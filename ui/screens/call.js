/** The call: tiles, the line above them, the bar below, and a panel beside. */
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Bar } from "../parts/bar.js";
import { DevicePickers } from "../parts/devices.js";
import { TopLine } from "../parts/line.js";
import { Panel } from "../parts/panel.js";
import { useQuiet } from "../parts/quiet.js";
import { SharingLine } from "../parts/sharing.js";
import { Stage } from "../parts/stage.js";
import { call, dialog, menu, panel } from "../state.js";
import { Chat } from "./chat.js";
import { People } from "./people.js";
import { Share } from "./share.js";

/** While the bar is pointed at or holds the focus of a keyboard, or something is open, it stays. */
const busy = () => panel.value !== null || menu.value !== null || dialog.value !== null || document.querySelector("#bar:hover, #bar :focus-visible, .stage :focus-visible") !== null;

/** Whether a field may take the focus unasked: on a touch screen a keyboard would come up over half of the call. */
const typing = () => !matchMedia("(hover: none)").matches;

export function Call() {
  const quiet = useQuiet(busy);
  const state = call.value;
  if (!state) return null;
  return html`<main class="call ${quiet ? "quiet-now" : ""}" data-screen="call">
    <h1 class="unseen" tabindex="-1">${t("call.title")}</h1>
    <div class="call-main">
      <${TopLine} state=${state} />
      <${SharingLine} me=${state.me} />
      <${Stage} state=${state} />
      <div class="bar-place"><${Bar} me=${state.me} /></div>
    </div>
    ${panel.value === "chat" && html`<${Panel} key="chat" title=${t("call.chat")} first=${typing() ? "chat-field" : undefined}><${Chat} /><//>`}
    ${panel.value === "people" && html`<${Panel} key="people" title=${t("people.title")}><${People} state=${state} /><//>`}
    ${panel.value === "share" && html`<${Panel} key="share" title=${t("share.title")}><${Share} /><//>`}
    ${panel.value === "devices" && html`<${Panel} key="devices" title=${t("device.title")}><${DevicePickers} state=${state} /><//>`}
  </main>`;
}
