/** Says all the time that one's own screen is shared, and ends it. */
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { ASKED, noScreen, screenRefused, sharing, stopSharing } from "../sharing.js";
import { Icon } from "./icon.js";

/** What is to be said of the screen that I share. @param {import("../backend/types.js").OwnScreen} screen */
function words({ spec, status, source }) {
  if (status === "ok") return source ? t("share.on.named", { source }) : t("screen.own");
  if (status === "opening") return t(spec === ASKED ? "share.asked" : "share.opening");
  if (status === "none") return noScreen();
  if (status === "refused") return screenRefused();
  return t(status === "lost" || status === "silent" ? "screen.lost" : "screen.failed");
}

/** @param {{ me: import("../backend/types.js").Me }} props */
export function SharingLine({ me }) {
  if (!me.screen || !sharing(me)) return null;
  return html`<div class="line-place">
    <p class="line" id="sharing-line" data-status=${me.screen.status} role="status">
      <${Icon} name="share" /><span>${words(me.screen)}</span>
      <button class="on-stage" id="sharing-stop" onClick=${stopSharing}>${t("share.stop")}</button>
    </p>
  </div>`;
}
