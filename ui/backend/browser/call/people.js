/**
 * Who is here, and which link leads to them. As the engine's `update/people.rs`. Pure.
 */
import * as away from "./away.js";
import { Mending } from "./mending.js";
import { push } from "./repair.js";
import { calling, linked, MAX_PRESENT, newPerson, personOf, setMedia, unlink } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Person} Person */
/** @typedef {import("./update.js").Effect} Effect */
/** @typedef {import("../events.js").Role} Role */

/**
 * Somebody said who they are: a new person, or one we know under a new session or name.
 * @param {State} state @param {string} session @param {Extract<import("../message.js").Signal, { type: "hello" }>} who @param {number} now @param {Effect[]} effects
 */
export function met(state, session, who, now, effects) {
  if (state.session === session) return;
  if (who.person === state.me.id) return replaced(state, who.session_epoch, effects);
  const role = state.present.get(session) ?? "calling";
  state.present.set(session, role);
  away.bringBack(state, (person) => person.shown.id === who.person);
  let person = state.people.find((it) => it.shown.id === who.person);
  if (!person) {
    if (state.people.length >= MAX_PRESENT) return;
    person = newPerson(who.person, session, role, now);
    state.people.push(person);
  }
  if (person.session !== session) {
    if (who.session_epoch < person.sessionEpoch) return;
    // Back under a new session: the same tile, a new link.
    effects.push({ type: "closeLink", session: person.session });
    Object.assign(person, { session, epoch: 0, left: false, mending: new Mending(now) });
    unlink(person, "retrying", now);
  }
  person.sessionEpoch = who.session_epoch;
  person.shown.name = who.name;
  setMedia(person, who.media);
  roleChanged(state, session, role, now, effects);
}

/** Somebody is I: the same page in another tab. The newer one has the call. @param {State} state @param {number} epoch @param {Effect[]} effects */
function replaced(state, epoch, effects) {
  if (epoch <= state.sessionEpoch) return;
  for (const { session } of [...state.people, ...state.away]) effects.push({ type: "closeLink", session });
  Object.assign(state, { people: [], away: [], phase: "failed", fatal: { kind: "replaced" } });
  effects.push({ type: "leaveServer" });
}

/** They went from the lobby into the call, or back; or it is only now that we know them. @param {State} state @param {string} session @param {Role} role @param {number} now @param {Effect[]} effects */
export function roleChanged(state, session, role, now, effects) {
  const person = personOf(state, session);
  if (!person) return;
  person.shown.calling = role === "calling";
  person.left = false;
  if (!person.shown.calling && person.epoch > 0) {
    effects.push({ type: "closeLink", session });
    unlink(person, "connecting", now);
    person.epoch = 0;
  }
  linkToAll(state, now, effects);
}

/** Offers a link to everybody who has none and whom it is on us to offer. @param {State} state @param {number} now @param {Effect[]} effects */
export function linkToAll(state, now, effects) {
  const me = state.session;
  if (me === null || !calling(state)) return;
  for (const person of state.people.filter((it) => it.shown.calling && it.epoch === 0)) {
    if (me < person.session) open(person, now, effects);
    else person.mending.wait(now);
  }
}

/** A new link to them, offered by us. @param {Person} person @param {number} now @param {Effect[]} effects */
export function open(person, now, effects) {
  person.epoch++;
  person.closedAt = null;
  person.mending.opened("offered", now);
  effects.push({ type: "openLink", session: person.session, epoch: person.epoch, offerer: true });
}

/** They offer a link, or the restart of the one there is. @param {State} state @param {string} from @param {number} epoch @param {string} sdp @param {number} now @param {Effect[]} effects */
export function offered(state, from, epoch, sdp, now, effects) {
  const me = state.session;
  if (me === null || !calling(state)) return;
  away.bringBack(state, (person) => person.session === from);
  const person = personOf(state, from);
  // Only one of two ever offers; an offer the wrong way round is a mistake or a trick.
  if (!person || me < from || epoch < person.epoch || epoch === 0) return;
  person.shown.calling = true;
  if (epoch === person.epoch && linked(person) && person.mending.isOutOfDate(now)) return;
  if (epoch > person.epoch) {
    const connection = person.epoch === 0 ? person.shown.connection : "retrying";
    person.epoch = epoch;
    person.closedAt = null;
    unlink(person, connection, now);
    person.mending.opened("agreed", now);
    effects.push({ type: "openLink", session: from, epoch, offerer: false });
  } else {
    person.mending.agree(now);
  }
  effects.push({ type: "acceptOffer", session: from, sdp });
}

/** They said goodbye. @param {State} state @param {string} session @param {Effect[]} effects */
export function saidBye(state, session, effects) {
  state.present.delete(session);
  away.forget(state, effects, (person) => person.session === session);
  remove(state, effects, (person) => person.session === session);
}

/** The server gave up their session. While media still flows they are here all the same. @param {State} state @param {string} session @param {number} now @param {Effect[]} effects */
export function left(state, session, now, effects) {
  state.present.delete(session);
  const person = personOf(state, session);
  if (person) person.left = true;
  // Who has closed the connection is not coming back by it.
  remove(state, effects, (it) => it.session === session && (it.closedAt !== null || it.epoch === 0));
  away.put(state, now, effects, (it) => it.session === session && !linked(it));
}

/** @param {State} state @param {Effect[]} effects @param {(person: Person) => boolean} gone */
function remove(state, effects, gone) {
  for (const person of state.people.filter(gone)) effects.push({ type: "closeLink", session: person.session });
  state.people = state.people.filter((person) => !gone(person));
}

/** Stands before the person in the name of the tile of the screen that they share. */
export const SCREEN = "screen-";

/** So tall each of these is shown, and nobody else. @param {State} state @param {Record<string, number>} rows by tile @param {Effect[]} effects */
export function show(state, rows, effects) {
  for (const person of state.people) {
    const tall = rows[person.shown.id] ?? null;
    if (person.rows !== tall) effects.push({ type: "ask", session: person.session, rows: tall });
    person.rows = tall;
    const screen = rows[`${SCREEN}${person.shown.id}`] ?? null;
    if (person.screenRows !== screen) effects.push({ type: "askScreen", session: person.session, rows: screen });
    person.screenRows = screen;
  }
}

/** A link came up or went down. @param {State} state @param {string} session @param {number} epoch @param {import("./update.js").LinkChange} change @param {number} now @param {Effect[]} effects */
export function linkChanged(state, session, epoch, change, now, effects) {
  away.linkChanged(state, session, epoch, change, effects);
  const person = personOf(state, session);
  if (!person || person.epoch !== epoch) return;
  const wasLinked = linked(person);
  if (change === "connected") {
    person.shown.connection = "connected";
    person.closedAt = null;
    person.mending.succeeded(!wasLinked, now);
    // Where their packets come through, the server is likely to be found as well.
    if (state.serverLostSince !== null) effects.push({ type: "reconnectServer" });
    return;
  }
  if (change === "closed" && wasLinked && !person.left) {
    person.closedAt = now;
    return;
  }
  if (change === "closed" || change === "failed") person.mending.giveUpLink();
  if (wasLinked) unlink(person, "retrying", now);
  if (person.left) {
    away.put(state, now, effects, (it) => it.session === session);
    away.linkChanged(state, session, epoch, change, effects);
  } else if (person.mending.mayBegin(change === "failed")) {
    push(state, session, now, effects);
  } else if (change === "failed") {
    person.mending.failed(now);
  }
}

/** After we got a new session, no link of the old one counts. @param {State} state @param {number} now @param {Effect[]} effects */
export function forgetLinks(state, now, effects) {
  away.forget(state, effects, () => true);
  for (const person of state.people) {
    effects.push({ type: "closeLink", session: person.session });
    Object.assign(person, { epoch: 0, closedAt: null, mending: new Mending(now) });
    unlink(person, "retrying", now);
  }
}

/** Makes the people agree with who the server says is present. @param {State} state @param {number} now @param {Effect[]} effects */
export function reconcile(state, now, effects) {
  for (const person of state.people) person.left = !state.present.has(person.session);
  away.put(state, now, effects, (person) => person.left && !linked(person));
  for (const [session, role] of state.present) roleChanged(state, session, role, now, effects);
}
