/**
 * What a person can do. Every action tells the backend and the signals; none draws anything.
 */
import { batch } from "./html.js";
import { speak, t, troubleWords } from "./i18n/words.js";
import { applyLook } from "./look.js";
import { announcement, call, dialog, earlier, environment, examined, inviteText, inviteTrouble, nameMissing, notice, offered, panel, rejoinable, screen, settings } from "./state.js";

/** @typedef {import("./backend/types.js").Backend} Backend */
/** @typedef {import("./backend/types.js").Settings} Settings */
/** @typedef {import("./backend/types.js").Trouble} Trouble */
/** @typedef {import("./backend/types.js").Invite} Invite */
/** @typedef {import("./backend/types.js").DeviceKind} DeviceKind */

/** How long a call that was left can be rejoined, in milliseconds. */
const REJOIN_MS = 60_000;
/** How many invites are remembered. */
const MOST_INVITES = 50;

/** @type {Backend} */
let backend;

/** The backend, for the parts that read from it. */
export const behind = () => backend;

/** Starts the UI on a backend. @param {Backend} chosen */
export async function begin(chosen) {
  backend = chosen;
  [environment.value, settings.value] = await Promise.all([backend.environment(), backend.settingsGet()]);
  const { autoName, guest, settingsSetAside } = environment.value;
  if (autoName && !settings.value.name) settings.value = { ...settings.value, name: autoName };
  applyLook(settings.value.look);
  await speak(wishedLanguage());
  if (settingsSetAside) say(guest ? { kind: "settingsForgotten" } : { kind: "settingsDamaged", file: settingsSetAside });
  await backend.onCallState(take);
  take(await backend.callState());
  const invite = environment.value.autoInvite;
  if (invite && !call.value) {
    inviteText.value = invite;
    if (guest?.resume && !guest.lack && settings.value.name) await rejoin(invite);
    else if (settings.value.name && !guest) await openInvite(invite).catch(say);
  }
  await backend.onLink(followLink);
  await followLink();
  if (environment.value.codec === "missing" && screen.value === "home") dialog.value = "codec";
}

const wishedLanguage = () => (settings.value.language === "system" ? environment.value.language : settings.value.language);

/** @param {import("./backend/types.js").CallState | null} state */
function take(state) {
  const before = call.value;
  const left = state === null || state.phase === "left";
  batch(() => {
    call.value = left ? null : named(state);
    if (left) panel.value = null;
  });
  if (dialog.value === "other" && screen.value !== "call") void goToOther();
  if (state?.phase === "calling") meet(state);
  if (before?.phase === "calling" && state?.phase === "calling") tellComings(before, state);
}

/** Somebody whose name has not arrived yet has one to be shown. @param {import("./backend/types.js").CallState} state */
const named = (state) => ({ ...state, people: state.people.map((person) => (person.name ? person : { ...person, name: t("person.unnamed") })) });

/** Tells a screen reader who came and went. @param {import("./backend/types.js").CallState} before @param {import("./backend/types.js").CallState} now */
function tellComings(before, now) {
  const inside = (/** @type {typeof now} */ state) => new Map(state.people.filter((person) => person.calling).map(({ id, name }) => [id, name]));
  const [was, is] = [inside(before), inside(now)];
  for (const [id, name] of is) if (!was.has(id)) announcement.value = t("call.announce.came", { name });
  for (const [id, name] of was) if (!is.has(id)) announcement.value = t("call.announce.went", { name });
}

/** Remembers with whom an invite was used. @param {import("./backend/types.js").CallState} state */
function meet(state) {
  const known = earlier(state.invite.link);
  const met = state.people.filter((person) => person.calling && person.name).map((person) => person.name);
  const fresh = met.filter((name) => known && !known.with.includes(name));
  if (known && fresh.length) void change({ invites: settings.value.invites.map((it) => (it === known ? { ...it, with: [...it.with, ...fresh].slice(-12) } : it)) });
}

/** Shows a trouble as a passing line. @param {unknown} trouble */
export function say(trouble) {
  notice.value = { words: troubleWords(/** @type {Trouble} */ (trouble)) };
}

/** Changes settings and saves them. @param {Partial<Settings>} changes */
export async function change(changes) {
  settings.value = { ...settings.value, ...changes };
  if (changes.look) applyLook(changes.look);
  if (changes.language) await speak(wishedLanguage());
  await backend.settingsSet(settings.value).catch(say);
}

/** Checks an invite and opens its lobby; rejects with a Trouble. @param {string} text */
export async function openInvite(text) {
  await enterLobby(await backend.inviteCheck(text));
}

/** Goes where the link leads that the system handed over, if there is one: into its lobby, but out of no call unasked. */
async function followLink() {
  const text = await backend.linkTake().catch(() => null);
  if (!text) return;
  try {
    const invite = await backend.inviteCheck(text);
    if (screen.value !== "failed" && call.value?.invite.link === invite.link) return;
    if (screen.value === "call") batch(() => ((offered.value = invite), (dialog.value = "other")));
    else if (settings.value.name) await enterLobby(invite);
    else atHome(text, null);
  } catch (trouble) {
    if (screen.value === "home") atHome(text, /** @type {Trouble} */ (trouble));
    else say(trouble);
  }
}

/** Shows an invite on the home screen, as if it had been typed there: with what is wrong with it, or asking for the name. @param {string} text @param {Trouble | null} trouble */
function atHome(text, trouble) {
  batch(() => {
    dialog.value = null;
    inviteText.value = text;
    inviteTrouble.value = trouble;
    nameMissing.value = trouble === null;
  });
}

/** Leaves the call for the one whose link was opened during it. */
export async function goToOther() {
  dialog.value = null;
  if (offered.value) await enterLobby(offered.value).catch(say);
}

/** Starts a call on a server; rejects with a Trouble. @param {string} server @param {string} hostCode */
export async function startCall(server, hostCode) {
  const invite = await backend.callCreate(server, hostCode);
  await change({ server, hostCode });
  await enterLobby(invite);
}

/** Starts a call on this computer, for people on the same network; rejects with a Trouble. */
export async function hostCall() {
  await enterLobby(await backend.callHost());
}

/** @param {Invite} invite */
async function enterLobby({ link }) {
  await backend.callOpen(link, settings.value.name);
  const known = earlier(link);
  const used = { label: "", with: [], ...known, link, lastUsed: new Date().toISOString() };
  batch(() => {
    inviteText.value = "";
    inviteTrouble.value = null;
    offered.value = null;
    rejoinable.value = null;
    dialog.value = null;
    panel.value = null;
  });
  await change({ invites: [used, ...settings.value.invites.filter((it) => it !== known)].slice(0, MOST_INVITES) });
  take(await backend.callState());
}

export const join = () => backend.callJoin().catch(say);

/** Leaves the call or the lobby. */
export async function leave() {
  const was = call.value;
  await backend.callLeave().catch(say);
  take(null);
  if (was && was.phase !== "lobby") rejoinable.value = { link: was.invite.link, until: Date.now() + REJOIN_MS };
}

/** Back into the call, through its lobby without stopping there. @param {string} link */
export async function rejoin(link) {
  try {
    await openInvite(link);
    await backend.callJoin();
  } catch (trouble) {
    say(trouble);
  }
}

/** Leaves and comes back at once, for when a connection does not come about. */
export async function comeBack() {
  const link = call.value?.invite.link;
  await leave();
  if (link) await rejoin(link);
}

/** Opens the lobby of a call that failed again. */
export async function tryAgain() {
  const link = call.value?.invite.link;
  await backend.callLeave().catch(() => {});
  take(null);
  if (link) await openInvite(link).catch(say);
}

/** Opens the test of the connection: of a call that failed, which is left so that its devices are free, or else of the latest invite. */
export async function testConnection() {
  const link = call.value?.invite.link ?? null;
  if (link) {
    await backend.callLeave().catch(() => {});
    take(null);
    inviteText.value = link;
  }
  batch(() => {
    examined.value = link ?? settings.value.invites[0]?.link ?? null;
    dialog.value = "doctor";
  });
}

export async function toggleMicrophone() {
  const muted = !call.value?.me.microphone.muted;
  announcement.value = t(muted ? "call.announce.muted" : "call.announce.unmuted");
  await backend.setMuted(muted).catch(say);
}

export async function toggleCamera() {
  const off = !call.value?.me.camera.off;
  announcement.value = t(off ? "call.announce.cameraOff" : "call.announce.cameraOn");
  await backend.setCameraOff(off).catch(say);
}

/** Uses a device now (in a call) and from now on. @param {DeviceKind} kind @param {string} spec */
export async function useDevice(kind, spec) {
  if (call.value) await backend.selectDevice(kind, spec).catch(say);
  await change({ [kind]: spec });
}

/** Films with the camera on the other side of a phone. */
export async function turnCamera() {
  const { me, devices } = call.value ?? {};
  if (devices?.sides) await useDevice("camera", `device:${me?.camera.away ? devices.sides.front : devices.sides.back}`);
}

/** Makes noise fainter, or leaves it, now (in a call) and from now on. @param {boolean} on */
export async function suppressNoise(on) {
  if (call.value) await backend.setNoiseSuppression(on).catch(say);
  await change({ noiseSuppression: on });
}

/** Sends music or a voice, now (in a call) and from now on. @param {boolean} on */
export async function sendMusic(on) {
  if (call.value) await backend.setMusic(on).catch(say);
  await change({ music: on });
}

/** Plays what the browser has not allowed before the page was touched. */
export const allowSound = () => backend.allowSound?.().catch(say);

export const playTestSound = () => backend.playTestSound().catch(say);

export async function copyInvite() {
  const invite = call.value?.invite;
  if (!invite) return;
  const { link, near } = invite;
  const done = () => (notice.value = { words: t(near ? "invite.copied.near" : "invite.copied") });
  await backend.copyText(link).then(done, () => say({ kind: "copyFailed" }));
}

/** Fetches the video codec; rejects with a Trouble. @param {(share: number) => void} onProgress */
export async function fetchCodec(onProgress) {
  await backend.codec?.fetch(onProgress);
  batch(() => {
    environment.value = { ...environment.value, codec: "fetched" };
    dialog.value = null;
    notice.value = { words: t("codec.there") };
  });
}

/** Removes the video codec; it can be fetched again. */
export async function removeCodec() {
  await backend.codec?.remove().then(() => (environment.value = { ...environment.value, codec: "missing" }), say);
}

export function toggleFullscreen() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen?.().catch(() => {});
}

/** @param {string} link @param {string} label */
export const renameInvite = (link, label) => change({ invites: settings.value.invites.map((it) => (it.link === link ? { ...it, label: label.trim() } : it)) });

/** Forgets an invite, with a way back. @param {string} link @param {string} label as it is shown */
export async function removeInvite(link, label) {
  const before = settings.value.invites;
  await change({ invites: before.filter((it) => it.link !== link) });
  const undo = () => {
    notice.value = null;
    const gone = before.filter((it) => !earlier(it.link));
    void change({ invites: [...settings.value.invites, ...gone].sort((a, b) => b.lastUsed.localeCompare(a.lastUsed)) });
  };
  notice.value = { words: t("home.earlier.removed", { label }), action: { words: t("undo"), run: undo } };
}

