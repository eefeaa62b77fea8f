/**
 * The one function that changes a call: from a state and an event to effects, as the engine's `call/update.rs`, so that app and browser
 * do the same in every case. Pure: no clock, no socket, no device; times are in milliseconds, and given.
 */
import { ROOM } from "../sealing.js";
import { cleanName } from "../name.js";
import * as away from "./away.js";
import { judge } from "./limit.js";
import * as people from "./people.js";
import * as repair from "./repair.js";
import * as talk from "./talk.js";
import { calling, linked, MAX_PRESENT, mediaOf, nothingShared, personOf, roleOf, setMedia } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("../../types.js").Trouble} Trouble */
/** @typedef {import("../../types.js").DeviceKind} DeviceKind */
/** @typedef {import("../../types.js").DeviceStatus} DeviceStatus */
/** @typedef {import("../message.js").Signal} Signal */
/** @typedef {import("../events.js").Presence} Presence */
/** @typedef {import("../events.js").Role} Role */

/** @typedef {"connected" | "disconnected" | "lost" | "closed" | "failed"} LinkChange  disconnected: nothing comes; lost: for so long that the path is given up; failed: only a new connection can help */

/**
 * Figures of one person. @typedef {object} Figures
 * @property {boolean} speaking @property {boolean} picture @property {boolean} paused
 * @property {import("../control.js").Limited} limited
 * @property {import("../../types.js").Person["video"]} video
 * @property {import("../../types.js").Person["video"]} [screen] of the screen that they share @property {boolean} [screenPaused]
 * @property {NonNullable<import("../../types.js").Person["quality"]>} quality
 * @property {Pick<import("../../types.js").Person, "path" | "transport" | "local" | "remote" | "rttMs">} path
 */

/**
 * @typedef {{ type: "join" } | { type: "leave" } | { type: "muted", muted: boolean } | { type: "cameraOff", off: boolean }
 *   | { type: "selected", kind: DeviceKind, spec: string } | { type: "share", spec: string } | { type: "screen", status: DeviceStatus, source: string | null } | { type: "show", rows: Record<string, number> }
 *   | { type: "entered", me: string, present: Presence[] } | { type: "roleSet" } | { type: "refusedEntry", trouble: Trouble }
 *   | { type: "signaling", event: import("../signaling.js").SignalingEvent }
 *   | { type: "link", session: string, epoch: number, change: LinkChange }
 *   | { type: "device", kind: DeviceKind, status: DeviceStatus, device: string | null, away?: boolean }
 *   | { type: "devices", devices: import("../../types.js").Devices } | { type: "network", offline: boolean } | { type: "soundBlocked", blocked: boolean }
 *   | { type: "measured", level: number, speaking: boolean, size: [number, number] | null, screenSize: [number, number] | null, slow: boolean, limited: import("../control.js").Limited, people: Map<string, Figures> }
 *   | { type: "say", id: string, text: string, clock: number } | { type: "react", kind: import("../../types.js").Feeling } | { type: "hand", clock: number | null }
 *   | { type: "chatOpen", session: string, epoch: number } | { type: "chatHeard", session: string, epoch: number, message: import("../chat-message.js").ChatMessage, clock: number }
 *   | { type: "tick" }} Event
 */

/**
 * @typedef {{ type: "setRole", role: Role } | { type: "reconnectServer" } | { type: "leaveServer" } | { type: "send", to: string, signal: Signal }
 *   | { type: "openLink", session: string, epoch: number, offerer: boolean } | { type: "restartLink", session: string }
 *   | { type: "acceptOffer" | "acceptAnswer", session: string, sdp: string } | { type: "addCandidate", session: string, candidate: string }
 *   | { type: "closeLink", session: string } | { type: "ask" | "askScreen", session: string, rows: number | null }
 *   | { type: "mute", muted: boolean } | { type: "turnCameraOff", off: boolean } | { type: "use", kind: DeviceKind, spec: string } | { type: "useScreen", spec: string }
 *   | { type: "chat", session: string, messages: import("../chat-message.js").ChatMessage[] }} Effect
 */

/** A stream that comes back sooner than this is nobody's business, in milliseconds. */
const SERVER_LOST_SHOWN_AFTER_MS = 3_000;
/** How long a refused message is spoken of, in milliseconds. */
const TAMPERING_SHOWN_MS = 30_000;

/** Takes one step: changes the state in place, and returns what is to be done, in order. @param {State} state @param {Event} event @param {number} now @returns {Effect[]} */
export function update(state, event, now) {
  /** @type {Effect[]} */
  const effects = [];
  step(state, event, now, effects);
  state.trouble = troubleNow(state, now);
  return effects;
}

/** @param {State} state @param {Event} event @param {number} now @param {Effect[]} effects */
function step(state, event, now, effects) {
  const { me } = state;
  switch (event.type) {
    case "join":
      if (state.phase !== "lobby") return;
      state.phase = "entering";
      // Otherwise the server has not answered yet: enter as soon as it does.
      if (state.session !== null) {
        effects.push({ type: "setRole", role: "calling" });
        people.linkToAll(state, now, effects);
      }
      return;
    case "leave":
      if (state.session !== null) effects.push({ type: "send", to: ROOM, signal: { type: "bye" } });
      for (const { session } of [...state.people, ...state.away]) effects.push({ type: "closeLink", session });
      Object.assign(state, { people: [], away: [], phase: "left" });
      me.hand = null;
      effects.push({ type: "leaveServer" });
      return;
    case "muted":
      me.microphone.muted = event.muted;
      effects.push({ type: "mute", muted: event.muted });
      return tellMedia(state, effects);
    case "cameraOff":
      me.camera.off = event.off;
      effects.push({ type: "turnCameraOff", off: event.off });
      return tellMedia(state, effects);
    case "selected":
      Object.assign(me[event.kind], { spec: event.spec, status: "opening" });
      effects.push({ type: "use", kind: event.kind, spec: event.spec });
      return;
    case "share":
      return share(state, event.spec, effects);
    case "screen":
      return screenChanged(state, event, effects);
    case "show":
      return people.show(state, event.rows, effects);
    case "entered":
      return enter(state, event, now, effects);
    case "roleSet":
      if (state.phase === "entering") state.phase = "calling";
      return;
    case "refusedEntry":
      return fail(state, event.trouble);
    case "signaling":
      return hear(state, event.event, now, effects);
    case "link":
      return people.linkChanged(state, event.session, event.epoch, event.change, now, effects);
    case "device":
      return deviceChanged(state, event, effects);
    case "devices":
      state.devices = event.devices;
      return;
    case "network":
      return repair.networkChanged(state, event.offline, now, effects);
    case "soundBlocked":
      state.soundBlocked = event.blocked;
      return;
    case "measured":
      return showFigures(state, event);
    case "say":
      return talk.say(state, event, effects);
    case "react":
      return talk.react(state, event.kind, now, effects);
    case "hand":
      return talk.raiseHand(state, event.clock, effects);
    case "chatOpen":
      return talk.opened(state, event.session, event.epoch, effects);
    case "chatHeard":
      return talk.heard(state, event.session, event.epoch, event.message, event.clock, now, effects);
    case "tick":
      repair.tick(state, now, effects);
      return talk.tick(state, now, effects);
  }
}

/** The server let us in: greet everybody, and start from what it says is present. @param {State} state @param {{ me: string, present: Presence[] }} entered @param {number} now @param {Effect[]} effects */
function enter(state, entered, now, effects) {
  // The user may have pressed Join between the request and its answer.
  const askedMeanwhile = state.session === null && state.enteredAs === "watching" && state.phase === "entering";
  state.session = entered.me;
  state.serverLostSince = null;
  if (askedMeanwhile) effects.push({ type: "setRole", role: roleOf(state) });
  else if (state.phase === "entering") state.phase = "calling";
  const others = entered.present.filter(({ session }) => session !== entered.me).slice(0, MAX_PRESENT);
  state.present = new Map(others.map(({ session, role }) => [session, role]));
  people.reconcile(state, now, effects);
  greet(state, ROOM, effects);
}

/** @param {State} state @param {Trouble} trouble */
function fail(state, trouble) {
  state.phase = "failed";
  state.fatal = trouble;
}

/** @param {State} state @param {import("../signaling.js").SignalingEvent} event @param {number} now @param {Effect[]} effects */
function hear(state, event, now, effects) {
  switch (event.type) {
    case "arrived":
      if (!announce(state, event)) return;
      away.bringBack(state, (person) => person.session === event.session);
      greet(state, event.session, effects);
      return people.roleChanged(state, event.session, event.role, now, effects);
    case "role":
      if (announce(state, event)) people.roleChanged(state, event.session, event.role, now, effects);
      return;
    case "left":
      return people.left(state, event.session, now, effects);
    case "signal":
      return listen(state, event.from, event.signal, now, effects);
    case "refused":
      state.tamperedAt = now;
      return;
    case "lost":
      state.serverLostSince ??= now;
      return;
    case "resumed":
      state.serverLostSince = null;
      // Who took us for gone meanwhile may not know us any more.
      greet(state, ROOM, effects);
      return repair.resumed(state, now, effects);
    case "replaced":
      state.sessionEpoch++;
      people.forgetLinks(state, now, effects);
      return enter(state, event, now, effects);
    case "ended":
      return fail(state, event.trouble);
  }
}

/** Notes who is present. False when there are too many to be true, or when it is ourselves. @param {State} state @param {Presence} presence */
function announce(state, { session, role }) {
  if (state.session === session || (!state.present.has(session) && state.present.size >= MAX_PRESENT)) return false;
  state.present.set(session, role);
  return true;
}

/** @param {State} state @param {string} from @param {Signal} signal @param {number} now @param {Effect[]} effects */
function listen(state, from, signal, now, effects) {
  const person = personOf(state, from);
  switch (signal.type) {
    case "hello":
      return people.met(state, from, signal, now, effects);
    case "bye":
      return people.saidBye(state, from, effects);
    case "state":
      if (person) setMedia(person, signal.media);
      return;
    case "offer":
      return people.offered(state, from, signal.link, signal.sdp, now, effects);
    case "answer":
      if (person?.epoch !== signal.link) return;
      person.mending.answered(now);
      effects.push({ type: "acceptAnswer", session: from, sdp: signal.sdp });
      return;
    case "candidate":
      if (person?.epoch === signal.link) effects.push({ type: "addCandidate", session: from, candidate: signal.candidate });
      return;
    case "ask_offer":
      return repair.asked(state, from, signal.restart, now, effects);
  }
}

/** Who I am, for one or for all. @param {State} state @param {string} to @param {Effect[]} effects */
function greet(state, to, effects) {
  if (state.session === null) return;
  const { id, name } = state.me;
  effects.push({ type: "send", to, signal: { type: "hello", person: id, name: cleanName(name), media: mediaOf(state.me), session_epoch: state.sessionEpoch } });
}

/** @param {State} state @param {Effect[]} effects */
function tellMedia(state, effects) {
  if (state.session !== null) effects.push({ type: "send", to: ROOM, signal: { type: "state", media: mediaOf(state.me) } });
}

/** @param {State} state @param {Extract<Event, { type: "device" }>} event @param {Effect[]} effects */
function deviceChanged(state, { kind, status, device, away }, effects) {
  const before = JSON.stringify(mediaOf(state.me));
  Object.assign(state.me[kind], { status, device });
  if (kind === "camera") state.me.camera.away = away ?? false;
  if (JSON.stringify(mediaOf(state.me)) !== before) tellMedia(state, effects);
}

/** I share this from now on, or nothing. The others are told once there is something to see. @param {State} state @param {string} spec @param {Effect[]} effects */
function share(state, spec, effects) {
  const { me } = state;
  if (!me.screen || spec === me.screen.spec || (spec !== "none" && !calling(state))) return;
  const before = mediaOf(me).screen;
  me.screen = { ...nothingShared(), spec, status: spec === "none" ? "none" : "opening" };
  effects.push({ type: "useScreen", spec });
  if (before) tellMedia(state, effects);
}

/** What I share was opened, or is gone. @param {State} state @param {Extract<Event, { type: "screen" }>} event @param {Effect[]} effects */
function screenChanged(state, { status, source }, effects) {
  const { me } = state;
  // What was said of something that is not shared any more.
  if (!me.screen || me.screen.spec === "none") return;
  const before = mediaOf(me).screen;
  Object.assign(me.screen, { status, source });
  if (mediaOf(me).screen !== before) tellMedia(state, effects);
}

/** @param {State} state @param {Extract<Event, { type: "measured" }>} measured */
function showFigures(state, { level, speaking, size, screenSize, slow, limited, people }) {
  const { me } = state;
  Object.assign(me.microphone, { level, speaking });
  Object.assign(me, { slow, limited });
  if (size) [me.camera.width, me.camera.height] = size;
  if (screenSize && me.screen) [me.screen.width, me.screen.height] = screenSize;
  for (const person of state.people) {
    const figures = people.get(person.shown.id);
    if (!figures) continue;
    const { shown } = person;
    shown.speaking = figures.speaking && !shown.muted;
    shown.picture = figures.picture && !shown.cameraOff;
    shown.paused = figures.paused && !shown.cameraOff && linked(person);
    shown.video = shown.picture ? figures.video : null;
    if (shown.screen) shown.screen = { paused: Boolean(figures.screenPaused) && linked(person), video: figures.screen ?? null };
    shown.quality = figures.quality;
    Object.assign(shown, figures.path);
    person.limited = figures.limited;
  }
  judge(state.people, slow);
}

/** The one thing that is said to be wrong: what ends the call first, then what endangers it, then what delays it. @param {State} state @param {number} now @returns {Trouble | null} */
function troubleNow(state, now) {
  const { server } = state.invite;
  if (state.fatal) return state.fatal;
  if (state.phase === "left") return null;
  if (state.tamperedAt !== null && now - state.tamperedAt < TAMPERING_SHOWN_MS) return { kind: "tampering", server };
  if (state.offline) return { kind: "offline" };
  if (state.serverLostSince !== null && now - state.serverLostSince >= SERVER_LOST_SHOWN_AFTER_MS) {
    const called = state.people.filter((person) => person.shown.calling);
    return called.length && !called.some(linked) ? { kind: "offline" } : { kind: "serverLost", server };
  }
  return state.soundBlocked && state.phase === "calling" ? { kind: "soundBlocked" } : null;
}
