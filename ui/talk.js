/**
 * What a person writes, feels and asks for by hand, and how they come to know what the others do.
 */
import { behind, say as complain } from "./actions.js";
import { batch, effect } from "./html.js";
import { plural, t } from "./i18n/words.js";
import { announcement, call, draft, menu, messages, notice, panel, unread } from "./state.js";

/** @typedef {import("./backend/types.js").CallState} CallState */
/** @typedef {import("./backend/types.js").Feeling} Feeling */
/** @typedef {import("./backend/types.js").Message} Message */

/** The feelings that can be shown, in the order in which they are offered. @type {Feeling[]} */
export const FEELINGS = ["like", "love", "laugh", "celebrate", "sad", "dislike"];

/** How long a passing message stays, in milliseconds: a sentence, with room to reach for it. */
const PASSING_MS = 8_000;
/** How much of it is shown, in characters. */
const PASSING_LENGTH = 120;

/** @param {Message} message */
const keyOf = ({ author, id }) => `${author} ${id}`;

/** Follows the call, and tells of what is new. */
export function followTalk() {
  /** @type {CallState | null} */
  let before = null;
  let revision = 0;
  effect(() => {
    const state = call.value;
    if (!state) {
      revision = 0;
      batch(() => {
        messages.value = [];
        unread.value = 0;
        draft.value = "";
        menu.value = null;
      });
    } else {
      if (before) tellFeelings(before, state);
      const now = state.chat?.revision ?? 0;
      if (now !== revision) void fetch(state.me.id);
      revision = now;
    }
    before = state;
  });
  effect(() => {
    if (panel.value !== "chat") return;
    unread.value = 0;
    // What passes by stands there now.
    if (passing && notice.peek() === passing) notice.value = null;
  });
}

let asked = 0;

/** The passing line that tells of a message. @type {typeof notice.value} */
let passing = null;

/** @param {string} me whose call it was when it was asked for */
async function fetch(me) {
  const number = ++asked;
  const list = await behind()
    .talk?.messages()
    .catch(() => null);
  // An answer that was overtaken, or that comes after the call, tells nothing.
  if (!list || number !== asked || call.peek()?.me.id !== me) return;
  const known = new Set(messages.peek().map(keyOf));
  const fresh = list.filter((message) => !message.own && !known.has(keyOf(message)));
  messages.value = list;
  if (fresh.length) tellOf(fresh);
}

/** @param {Message[]} fresh */
function tellOf(fresh) {
  const [{ name, text }] = fresh;
  const line = text.replace(/\s+/g, " ");
  const words = plural("chat.new", fresh.length, { name: name || t("person.unnamed"), text: line.length > PASSING_LENGTH ? `${line.slice(0, PASSING_LENGTH)}…` : line });
  if (panel.peek() === "chat") {
    announcement.value = words;
    return;
  }
  unread.value += fresh.length;
  notice.value = passing = { words, action: { words: t("chat.open"), run: () => (panel.value = "chat") }, stays: PASSING_MS };
}

/** Tells a screen reader what the others show. @param {CallState} before @param {CallState} now */
function tellFeelings(before, now) {
  for (const { id, name, hand, reaction } of now.people) {
    const was = before.people.find((person) => person.id === id);
    if (hand != null && was?.hand == null) announcement.value = t("call.announce.raised", { name });
    if (reaction && reaction.number !== was?.reaction?.number) announcement.value = t("call.announce.reacted", { name, reaction: t(`reaction.${reaction.kind}`) });
  }
}

/** Sends what is in the draft; it comes back if that can't be done. */
export async function sendDraft() {
  const text = draft.value;
  if (!text.trim()) return;
  draft.value = "";
  await behind()
    .talk?.say(text)
    .catch((trouble) => {
      draft.value = draft.value || text;
      complain(trouble);
    });
}

export function toggleChat() {
  if (!behind().talk) return;
  menu.value = null;
  panel.value = panel.value === "chat" ? null : "chat";
}

export async function toggleHand() {
  const up = call.value?.me.hand == null;
  menu.value = null;
  announcement.value = t(up ? "call.announce.handUp" : "call.announce.handDown");
  await behind().talk?.raiseHand(up).catch(complain);
}

/** @param {Feeling} feeling */
export async function react(feeling) {
  menu.value = null;
  await behind().talk?.react(feeling).catch(complain);
}

/** @param {string} url */
export const openLink = (url) => behind().talk?.openLink(url).catch(complain);
