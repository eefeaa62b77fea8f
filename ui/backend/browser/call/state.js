/**
 * The call as one value, as the engine's `call/state.rs`: who is here, how each is connected, which devices, what is muted. It changes
 * only in `update.js`; `shown` makes of it the one snapshot that the UI is handed. Pure.
 */
import { Chat } from "./chat.js";
import { Mending } from "./mending.js";

/** @typedef {import("../../types.js").CallState} CallState */
/** @typedef {import("../../types.js").Me} Me */
/** @typedef {import("../../types.js").Trouble} Trouble */
/** @typedef {import("../../types.js").Devices} Devices */
/** @typedef {import("../events.js").Role} Role */
/** @typedef {import("../control.js").Limited} Limited */

/**
 * One of the others: what is shown of them, and what is known besides.
 * @typedef {object} Person
 * @property {import("../../types.js").Person} shown
 * @property {string} session under which they are known to the server now
 * @property {number} sessionEpoch how-manieth session of theirs that is, as they count
 * @property {boolean} left the server said that this session is over
 * @property {number} epoch number of the link to them that counts; 0: none
 * @property {number} unlinkedSince
 * @property {number | null} closedAt they closed the connection, then: most likely on their way out
 * @property {Mending} mending
 * @property {number | null} rows how tall I show them, in device pixels
 * @property {number | null} screenRows how tall I show the screen that they share
 * @property {Limited} limited what keeps their picture down, as they say
 * @property {{ open: string | null, answered: boolean, got: string[] }} talk the chat's channel: the connection on which it is open; whether they were told what they lack; what they said and has not been confirmed
 */

/**
 * @typedef {object} State
 * @property {CallState["phase"]} phase
 * @property {Trouble | null} trouble
 * @property {import("../../types.js").Invite} invite
 * @property {Me} me
 * @property {Person[]} people in order of arrival
 * @property {Devices} devices
 * @property {string | null} session mine; null before the first entry
 * @property {number} sessionEpoch how many sessions came before it in this call
 * @property {Role} enteredAs
 * @property {Map<string, Role>} present everybody the server says is here; bounded by {@link MAX_PRESENT}
 * @property {number | null} serverLostSince
 * @property {Person[]} away people who vanished, whose connections are kept for a while in case they come back
 * @property {boolean} offline this machine has no network at all
 * @property {number | null} tamperedAt
 * @property {Trouble | null} fatal why the call can't go on
 * @property {Chat} chat what is written
 * @property {Map<string, { number: number, at: number }>} feelings everybody's latest reaction
 * @property {boolean} soundBlocked the browser plays nothing before the page is touched
 */

/** A mesh of more would not carry its video anyway; a server that announces more is not believed. */
export const MAX_PRESENT = 64;

/** A call at its beginning. @param {{ invite: import("../../types.js").Invite, me: Me, epoch: number, join: boolean }} start @returns {State} */
export const begin = ({ invite, me, epoch, join }) => ({
  phase: join ? "entering" : "lobby",
  trouble: null,
  invite,
  me,
  people: [],
  devices: { cameras: [], microphones: [], speakers: [] },
  session: null,
  sessionEpoch: epoch,
  enteredAs: join ? "calling" : "watching",
  present: new Map(),
  serverLostSince: null,
  away: [],
  offline: false,
  tamperedAt: null,
  fatal: null,
  chat: new Chat(),
  feelings: new Map(),
  soundBlocked: false,
});

/** What the UI is handed. @param {State} state @returns {CallState} */
export const shown = ({ phase, trouble, invite, me, people, devices, chat }) => structuredClone({ phase, trouble, invite, me, people: people.map((person) => person.shown), devices, chat: { revision: chat.revision } });

/** Whether I am in the call, or about to be. @param {State} state */
export const calling = ({ phase }) => phase === "entering" || phase === "calling";

/** @param {State} state @returns {Role} */
export const roleOf = (state) => (calling(state) ? "calling" : "watching");

/** @param {State} state @param {string} session */
export const personOf = (state, session) => state.people.find((person) => person.session === session);

/** @param {string} id @param {string} session @param {Role} role @param {number} now @returns {Person} */
export const newPerson = (id, session, role, now) => ({
  shown: { id, name: "", calling: role === "calling", muted: false, cameraOff: false, speaking: false, connection: "connecting", picture: false, paused: false, quality: "unknown", video: null, screen: null, limitedBy: null, hand: null, reaction: null, ...NO_PATH },
  session,
  sessionEpoch: 0,
  left: false,
  epoch: 0,
  unlinkedSince: now,
  closedAt: null,
  mending: new Mending(now),
  rows: 720,
  screenRows: null,
  limited: "nothing",
  talk: { open: null, answered: false, got: [] },
});

/** Of somebody there is no connection to. */
const NO_PATH = { path: null, transport: null, local: null, remote: null, rttMs: null };

/** Media flows, as far as is known. Of somebody who has just closed the connection the tile shows it a moment longer. @param {Person} person */
export const linked = (person) => person.shown.connection === "connected" && person.closedAt === null;

/** There never was a connection. @param {Person} person */
export const connecting = (person) => person.shown.connection === "connecting";

/** @param {Person} person @param {import("../../types.js").Person["connection"]} connection @param {number} now */
export function unlink(person, connection, now) {
  Object.assign(person.shown, { connection, quality: "unknown", speaking: false, paused: false, limitedBy: null, ...NO_PATH });
  person.unlinkedSince = now;
}

/** @param {Person} person @param {import("../message.js").MediaState} media */
export function setMedia({ shown }, { microphone_muted, camera_off, screen = false }) {
  shown.muted = microphone_muted;
  shown.cameraOff = camera_off;
  shown.screen = screen ? (shown.screen ?? { paused: false, video: null }) : null;
  if (camera_off) Object.assign(shown, { picture: false, video: null });
}

/** My screen while I share nothing. @returns {import("../../types.js").OwnScreen} */
export const nothingShared = () => ({ spec: "none", status: "none", source: null, width: 0, height: 0 });

/** Device states in which nothing can be seen of me. */
const SEES_NOTHING = new Set(["none", "busy", "refused", "denied", "lost", "failed"]);

/** What the others are told of my devices. @param {Me} me @returns {import("../message.js").MediaState} */
export const mediaOf = ({ microphone, camera, screen }) => ({
  microphone_muted: microphone.muted,
  camera_off: camera.off || SEES_NOTHING.has(camera.status),
  ...(screen?.status === "ok" && { screen: true }),
});
