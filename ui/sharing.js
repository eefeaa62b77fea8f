/**
 * Sharing one's screen, and knowing who shares theirs.
 */
import { behind, say } from "./actions.js";
import { effect } from "./html.js";
import { t } from "./i18n/words.js";
import { announcement, call, environment, panel } from "./state.js";

/** @typedef {import("./backend/types.js").CallState} CallState */
/** @typedef {import("./backend/types.js").Me} Me */

/** What is shared where the system itself asks what: the engine's word for it. */
export const ASKED = "default";

/** Whether I share something, or would if it were there. @param {Me | undefined} me */
export const sharing = (me) => me?.screen !== undefined && me.screen.spec !== "none";

/** Shares what was chosen. @param {string} id */
export async function share(id) {
  panel.value = null;
  await behind().sharing?.share(id).catch(say);
}

/** Begins to share: what, the system asks, or is chosen in the panel. */
export function beginSharing() {
  if (behind().sharing?.asks) void share(ASKED);
  else panel.value = "share";
}

/** Shares nothing any more. */
export const stopSharing = () => share("none");

/** There is no screen to be seen: what helps differs between systems. */
export const noScreen = () => (environment.value.platform === "linux" ? t("screen.none.linux") : t("screen.none"));

/** The system lets Visio see none. */
export const screenRefused = () => (environment.value.platform === "macos" ? t("screen.refused.macos") : t("screen.refused"));

/** Why there is nothing to choose from: a Mac always has a screen, and hides it from whom it is not told to trust. */
export const nothingToShare = () => (environment.value.platform === "macos" ? screenRefused() : noScreen());

/** Tells a screen reader who begins and who ends. */
export function followSharing() {
  /** @type {CallState | null} */
  let before = null;
  effect(() => {
    const now = call.value;
    if (before && now) tell(before, now);
    before = now;
  });
}

/** Whether the others see something of my screen. @param {Me} me */
const seen = (me) => sharing(me) && me.screen?.status === "ok";

/** @param {CallState} before @param {CallState} now */
function tell(before, now) {
  const [was, is] = [before, now].map(({ me }) => seen(me));
  if (is && !was) announcement.value = t("screen.own");
  else if (was && !sharing(now.me)) announcement.value = t("screen.own.over");
  for (const { id, name, screen } of now.people) {
    const was = before.people.find((person) => person.id === id);
    if (was && Boolean(screen) !== Boolean(was.screen)) announcement.value = t(screen ? "screen.theirs" : "screen.over", { name });
  }
}
