/**
 * The browser behind the UI: a guest's call, without an app. The page comes from the call's own server, and asks nobody else.
 */
import { lack } from "./support.js";
import { random, toHex } from "./bytes.js";
import { cleanText } from "./chat-text.js";
import { devices } from "./devices.js";
import * as identity from "./identity.js";
import { appLinkOf, parseInvite, shown } from "./invite.js";
import { deriveKeys } from "./keys.js";
import { origin } from "./server-url.js";
import { canShare } from "./screen.js";
import { Session } from "./session.js";
import { load, save } from "./settings.js";

/** @typedef {import("../types.js").Backend} Backend */
/** @typedef {import("../types.js").CallState} CallState */

/** @returns {Backend} */
export function browser() {
  const { settings, damaged } = load();
  let current = settings;
  /** @type {Session | null} */
  let session = null;
  /** @type {CallState | null} */
  let state = null;
  /** @type {(state: CallState | null) => void} */
  let listener = () => {};
  /** What the address bar says, once. @type {string | null} */
  let link = location.hash.length > 1 ? location.href : null;

  const calling = () => {
    if (!session) throw { kind: "noCall" };
    return session;
  };
  const unavailable = async () => {
    throw { kind: "internal" };
  };
  // Another invite, put into the address bar of a page that is open: the page begins anew with it.
  addEventListener("hashchange", () => location.reload());
  // A page that the browser had put away would come back with connections that are gone.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

  return {
    settingsGet: async () => current,
    async settingsSet(settings) {
      current = settings;
      try {
        save(settings);
      } catch {
        throw { kind: "settings" };
      }
    },
    async environment() {
      const invite = link && (await parseInvite(link).catch(() => null));
      const room = invite ? (await deriveKeys(invite.secret).catch(() => null))?.room : undefined;
      const guest = { lack: lack(), appLink: invite ? await appLinkOf(invite) : null, resume: room !== undefined && identity.interrupted(room) };
      const version = document.querySelector('meta[name="version"]')?.getAttribute("content") ?? "";
      return { language: navigator.language, version, platform: "browser", autoInvite: link, settingsSetAside: damaged ? "localStorage" : null, guest };
    },
    devices,
    inviteCheck: async (text) => shown(await parseInvite(text)),
    callCreate: unavailable,
    callHost: unavailable,
    async callOpen(text, name) {
      const invite = await parseInvite(text);
      if (origin(invite.server) !== location.origin) {
        // A page may only speak to its own server: the other one has a page too.
        location.assign((await shown(invite)).link);
        return new Promise(() => {});
      }
      await session?.leave();
      const keys = await deriveKeys(invite.secret);
      session = new Session({
        invite: await shown(invite),
        server: invite.server,
        keys,
        settings: current,
        name,
        join: false,
        tell: (changed) => listener((state = changed)),
      });
      session.start();
    },
    callJoin: async () => calling().step({ type: "join" }),
    async callLeave() {
      const left = session;
      session = null;
      await left?.leave();
      state = null;
      listener(null);
    },
    callState: async () => state,
    setMuted: async (muted) => calling().step({ type: "muted", muted }),
    setNoiseSuppression: async (noiseSuppression) => calling().treat({ ...calling().treatment, noiseSuppression }),
    setMusic: async (music) => calling().treat({ ...calling().treatment, music }),
    setCameraOff: async (off) => calling().step({ type: "cameraOff", off }),
    selectDevice: async (kind, spec) => calling().step({ type: "selected", kind, spec }),
    playTestSound: async () => session?.speaker.playTestSound(),
    copyText: (text) => navigator.clipboard.writeText(text),
    talk: {
      messages: async () => session?.messages() ?? [],
      say: async (text) => calling().step({ type: "say", id: toHex(random(16)), text: cleanText(text), clock: Date.now() }),
      react: async (kind) => calling().step({ type: "react", kind }),
      raiseHand: async (up) => calling().step({ type: "hand", clock: up ? Date.now() : null }),
      async openLink(url) {
        if (!/^https?:\/\//i.test(url)) throw { kind: "linkFailed" };
        // What opens knows neither this page nor where it was.
        window.open(url, "_blank", "noopener,noreferrer");
      },
    },
    // The browser asks what to share, and there is nothing to choose before.
    sharing: canShare() ? { asks: true, list: async () => [], share: async (id) => calling().step({ type: "share", spec: id }) } : undefined,
    pictures: {
      kind: "streams",
      of: (tile) => session?.streamOf(tile) ?? null,
      want: (rows) => session?.step({ type: "show", rows }),
    },
    allowSound: async () => session?.speaker.wake(),
    doctor: unavailable,
    async linkTake() {
      return null;
    },
    async onCallState(told) {
      listener = told;
    },
    async onLink() {},
  };
}
