/**
 * Mending connections: when to push again, and when somebody is gone. A path that dies is offered anew at once, by the one who offers;
 * who does not asks for it. What does not help is tried again, less and less often: restarts first, then a new connection under the
 * same tile. As the engine's `update/repair.rs`. Pure.
 */
import * as away from "./away.js";
import { open } from "./people.js";
import { calling, connecting, linked, personOf, unlink } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./update.js").Effect} Effect */

/** With the server out of reach too, silence for so long tells that somebody is gone, in milliseconds. */
const GONE_AFTER_MS = 9_000;

/** Who closes a connection is most likely leaving, and their goodbye is a moment behind: only when none has come after this is it spoken of as lost. */
const CLOSED_PATIENCE_MS = 1_500;

/** Time passed: push what is stuck, let go of who is gone. @param {State} state @param {number} now @param {Effect[]} effects */
export function tick(state, now, effects) {
  const serverLost = state.serverLostSince !== null;
  // When everybody is silent and the server too, it is most likely we who are cut off, and nobody is gone.
  const cutOff = serverLost && !state.people.some(linked);
  away.put(state, now, effects, (person) => {
    const silent = !linked(person) && now - person.unlinkedSince >= GONE_AFTER_MS;
    return silent && person.epoch > 0 && (person.left || (serverLost && !cutOff));
  });
  away.tick(state, now, effects);
  for (const session of missClosed(state, now)) push(state, session, now, effects);
  if (!canMend(state)) return;
  for (const person of [...state.people]) {
    const { mending } = person;
    const wanted = person.shown.calling && !person.left && person.closedAt === null;
    const unfinished = !linked(person) || mending.stage !== "idle";
    if (!wanted || !unfinished || !mending.isStuck(connecting(person), now)) continue;
    if (linked(person) && mending.isPointless) {
      mending.startOver();
      mending.wait(now);
    } else {
      push(state, person.session, now, effects);
    }
  }
}

/** Those who closed the connection and have said no goodbye are missed from now on. @param {State} state @param {number} now */
function missClosed(state, now) {
  const missed = state.people.filter(({ closedAt }) => closedAt !== null && now - closedAt >= CLOSED_PATIENCE_MS);
  for (const person of missed) {
    person.closedAt = null;
    unlink(person, "retrying", now);
    person.mending.giveUpLink();
  }
  return missed.map(({ session }) => session);
}

/** Whether anything can be said to the others. @param {State} state */
const canMend = (state) => state.session !== null && calling(state) && state.serverLostSince === null && !state.offline;

/** Does the next thing that may bring a connection up: a restart, or a new link; who does not offer asks for it. @param {State} state @param {string} session @param {number} now @param {Effect[]} effects */
export function push(state, session, now, effects) {
  const person = personOf(state, session);
  if (state.session === null || !person) return;
  // Otherwise as soon as something can be said.
  if (!canMend(state)) return person.mending.failed(now);
  // A path that lives is never given up for one that may be better.
  const afresh = person.epoch === 0 || connecting(person) || (!linked(person) && person.mending.wantsAfresh);
  if (state.session > session) {
    person.mending.begin("asked", now);
    effects.push({ type: "send", to: session, signal: { type: "ask_offer", restart: !afresh } });
  } else {
    person.mending.begin("offered", now);
    if (afresh) open(person, now, effects);
    else effects.push({ type: "restartLink", session });
  }
  if (person.mending.isHopeless) person.shown.connection = "failed";
}

/** They ask us, the offerer, for an offer. @param {State} state @param {string} from @param {boolean} asRestart @param {number} now @param {Effect[]} effects */
export function asked(state, from, asRestart, now, effects) {
  const person = personOf(state, from);
  if (state.session === null || !calling(state) || !person) return;
  const restart = asRestart && person.epoch > 0 && !connecting(person);
  if (state.session > from || person.mending.isBusyWithIt(restart, now)) return;
  if (restart && linked(person) && person.mending.isOutOfDate(now)) return;
  person.mending.begin("offered", now);
  if (restart) effects.push({ type: "restartLink", session: from });
  else open(person, now, effects);
}

/** The server can be reached again: what could not be said meanwhile is said now. @param {State} state @param {number} now @param {Effect[]} effects */
export function resumed(state, now, effects) {
  const waiting = state.people.filter((person) => person.shown.calling && !person.left && person.mending.stage === "failed");
  for (const { session } of waiting) push(state, session, now, effects);
}

/** This machine's network went or came: paths are made anew before anybody misses them. @param {State} state @param {boolean} offline @param {number} now @param {Effect[]} effects */
export function networkChanged(state, offline, now, effects) {
  state.offline = offline;
  if (offline) return;
  effects.push({ type: "reconnectServer" });
  for (const person of state.people.filter((it) => it.shown.calling && it.epoch > 0 && !linked(it))) {
    person.mending.startOver();
    push(state, person.session, now, effects);
  }
}
