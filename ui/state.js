/**
 * What the UI knows: a handful of signals. Screens read them; only actions.js and the few local ones below change them.
 */
import { computed, signal } from "./html.js";

/** @typedef {import("./backend/types.js").CallState} CallState */
/** @typedef {import("./backend/types.js").Settings} Settings */
/** @typedef {import("./backend/types.js").Environment} Environment */

/** Settings until the app has told its own. @type {Settings} */
const UNKNOWN = { name: "", language: "system", look: "system", server: "", hostCode: "", camera: "default", microphone: "default", speaker: "default", noiseSuppression: true, music: false, invites: [] };

export const settings = signal(UNKNOWN);
export const environment = signal(/** @type {Environment} */ ({ language: "en", version: "", platform: "", autoInvite: null }));

/** The call as the engine sees it; null when there is none. */
export const call = signal(/** @type {CallState | null} */ (null));

/** Which screen is shown follows from the call alone. */
export const screen = computed(() => {
  switch (call.value?.phase) {
    case "lobby":
      return "lobby";
    case "entering":
    case "calling":
      return "call";
    case "failed":
      return "failed";
    default:
      return "home";
  }
});

/** The side panel of the call. */
export const panel = signal(/** @type {null | "people" | "devices" | "chat" | "share"} */ (null));

/** The small menu above the bar: feelings, and where the bar has no room the rest. */
export const menu = signal(/** @type {null | "react" | "more"} */ (null));

/** What is written in the call, in order. */
export const messages = signal(/** @type {import("./backend/types.js").Message[]} */ ([]));

/** How many messages came that nobody has had before their eyes. */
export const unread = signal(0);

/** What is being written and has not been sent. */
export const draft = signal("");

/** The dialog on top of everything. */
export const dialog = signal(/** @type {null | "settings" | "start" | "doctor" | "other" | "codec"} */ (null));

/** The invite that the connection is tested with; null: the latest, or none. */
export const examined = signal(/** @type {string | null} */ (null));

/** What the invite field of the home screen holds. */
export const inviteText = signal("");

/** What is wrong with that invite. */
export const inviteTrouble = signal(/** @type {import("./backend/types.js").Trouble | null} */ (null));

/** Whether the home screen asks for the name, without which nobody can be joined. */
export const nameMissing = signal(false);

/** The invite of another call, opened during this one: the dialog "other" asks what to do. */
export const offered = signal(/** @type {import("./backend/types.js").Invite | null} */ (null));

/** One passing line, such as "Invite copied.", with something to do about it; it stays for so long, in milliseconds, where that is not usual. */
export const notice = signal(/** @type {null | { words: string, action?: { words: string, run: () => void }, stays?: number }} */ (null));

/** What a screen reader is told, politely. */
export const announcement = signal("");

/** The call that was just left; it can be rejoined until then (milliseconds since the epoch). */
export const rejoinable = signal(/** @type {null | { link: string, until: number }} */ (null));

/** The remembered invite of a link. @param {string} link */
export const earlier = (link) => settings.value.invites.find((invite) => invite.link === link);

/** What a person calls an invite: their own label, whom they met, or its server. @param {import("./backend/types.js").EarlierInvite} invite */
export function labelOf(invite) {
  return invite.label || invite.with.join(", ") || serverOf(invite.link);
}

/** The server named in a link. @param {string} link */
export function serverOf(link) {
  return link.replace(/^\w+:\/\//, "").split(/[/#]/)[0];
}

/** Whether this is a phone or a tablet, which is used with fingers. */
export const onAPhone = () => matchMedia("(pointer: coarse)").matches;
