/**
 * Texts, reactions and raised hands: what is said to whom, and what comes of what is heard. `PROTOCOL.md`, section 9; as the engine's
 * `update/talk.rs`. Pure.
 */
import { MAX_KEPT } from "../chat-message.js";
import { messageOf } from "./chat.js";
import { calling } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./state.js").Person} Person */
/** @typedef {import("./update.js").Effect} Effect */
/** @typedef {import("../chat-message.js").ChatMessage} ChatMessage */
/** @typedef {import("../../types.js").Feeling} Feeling */

/** So long a reaction is shown, and so far apart one's own are, in milliseconds. */
const SHOWN_MS = 5_000;
const APART_MS = 500;

/** Those who are here, and those who may come back. @param {State} state */
const known = (state) => [...state.people, ...state.away];

/** Whoever is at the other end of a channel, if it is the one that counts. @param {State} state @param {string} session @param {number} epoch */
const behind = (state, session, epoch) => known(state).find((person) => person.session === session && person.epoch === epoch);

/** They can be written to: the channel of the connection that counts is open. @param {Person} person */
const talks = ({ talk, session, epoch }) => talk.open === `${session} ${epoch}`;

/** @param {State} state @param {ChatMessage} message @param {Effect[]} effects */
function tellAll(state, message, effects) {
  for (const { session } of known(state).filter(talks)) effects.push({ type: "chat", session, messages: [message] });
}

/** I write something. @param {State} state @param {{ id: string, text: string, clock: number }} what @param {Effect[]} effects */
export function say(state, { id, text, clock }, effects) {
  if (!text || !calling(state)) return;
  const { me, chat } = state;
  const waiting = known(state).filter(({ shown }) => shown.calling).map(({ shown }) => shown.id);
  /** @type {import("./chat.js").Remark} */
  const remark = { id, author: me.id, name: me.name, at: chat.stamp(clock), text, source: "mine", waiting };
  tellAll(state, messageOf(remark), effects);
  chat.add(remark);
}

/** I feel something. @param {State} state @param {Feeling} kind @param {number} now @param {Effect[]} effects */
export function react(state, kind, now, effects) {
  const last = state.feelings.get(state.me.id);
  if (!calling(state) || (last && now - last.at < APART_MS)) return;
  state.me.reaction = felt(state, state.me.id, kind, now);
  tellAll(state, { react: kind }, effects);
}

/** The same feeling again has another number. @param {State} state @param {string} person @param {Feeling} kind @param {number} now */
function felt(state, person, kind, now) {
  const number = (state.feelings.get(person)?.number ?? 0) + 1;
  state.feelings.set(person, { number, at: now });
  return { kind, number };
}

/** I raise my hand, or lower it. @param {State} state @param {number | null} clock null: it is lowered @param {Effect[]} effects */
export function raiseHand(state, clock, effects) {
  const { me } = state;
  if (!calling(state) || (clock === null) === ((me.hand ?? null) === null)) return;
  me.hand = clock === null ? null : state.chat.stamp(clock);
  tellAll(state, { hand: me.hand }, effects);
}

/** Somebody's channel opened. @param {State} state @param {string} session @param {number} epoch @param {Effect[]} effects */
export function opened(state, session, epoch, effects) {
  const person = behind(state, session, epoch);
  if (!person) return;
  person.talk = { open: `${session} ${epoch}`, answered: false, got: [] };
  effects.push({ type: "chat", session, messages: [{ know: state.chat.remarks.map(({ id }) => id), hand: state.me.hand ?? null }] });
}

/** Something came by somebody's channel. @param {State} state @param {string} session @param {number} epoch @param {ChatMessage} message @param {number} clock @param {number} now @param {Effect[]} effects */
export function heard(state, session, epoch, message, clock, now, effects) {
  const person = behind(state, session, epoch);
  if (!person) return;
  const { chat } = state;
  const { id, name } = person.shown;
  const { know, got, say, told, react, hand } = message;
  if (react) person.shown.reaction = felt(state, id, react, now);
  if (hand !== undefined) person.shown.hand = hand === null ? null : chat.note(hand, clock);
  const come = new Set([...(know ?? []), ...(got ?? [])]);
  if (come.size) chat.keepWaiting((waiting, remark) => waiting !== id || !come.has(remark.id));
  if (say) {
    person.talk.got.push(say.id);
    chat.add({ ...say, author: id, name, at: chat.note(say.at, clock), source: "author", waiting: [] });
  }
  if (told) {
    const { person: author, ...rest } = told;
    chat.add({ ...rest, author, at: chat.note(told.at, clock), source: author === id ? "author" : { id, name }, waiting: [] });
  }
  // Each opening is answered once: else a few bytes would fetch all that was ever written, again and again.
  if (!know || person.talk.answered) return;
  person.talk.answered = true;
  const messages = chat.remarks.filter((remark) => !come.has(remark.id)).map(messageOf);
  if (messages.length) effects.push({ type: "chat", session, messages });
}

/** Time passed: what came is confirmed, several in one; reactions have been seen; nobody waits for who is gone for good. @param {State} state @param {number} now @param {Effect[]} effects */
export function tick(state, now, effects) {
  const over = (/** @type {string} */ id) => now - (state.feelings.get(id)?.at ?? -Infinity) >= SHOWN_MS;
  if (state.me.reaction && over(state.me.id)) state.me.reaction = null;
  for (const person of known(state)) {
    const { shown, talk, session } = person;
    if (shown.reaction && over(shown.id)) shown.reaction = null;
    if (!talk.got.length || !talks(person)) continue;
    const messages = [];
    for (let at = 0; at < talk.got.length; at += MAX_KEPT) messages.push({ got: talk.got.slice(at, at + MAX_KEPT) });
    talk.got = [];
    effects.push({ type: "chat", session, messages });
  }
  const here = new Set(known(state).map(({ shown }) => shown.id));
  state.chat.keepWaiting((id) => here.has(id));
  for (const id of state.feelings.keys()) if (id !== state.me.id && !here.has(id)) state.feelings.delete(id);
}
