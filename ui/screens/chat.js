/** What is written in the call. Everything in it is text; only what leads to the web is a link. */
import { pieces } from "../call/pieces.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { hour, listed, t } from "../i18n/words.js";
import { Icon } from "../parts/icon.js";
import { draft, messages } from "../state.js";
import { openLink, sendDraft } from "../talk.js";

/** @typedef {import("../backend/types.js").Message} Message */

/** The longest message, in characters. */
const LONGEST = 2000;
/** What one person writes within this belongs together, in milliseconds. */
const TOGETHER_MS = 3 * 60_000;
/** What takes no longer to arrive is nothing to speak of, in milliseconds. */
const ARRIVES_MS = 3_000;
/** So near to its end the list is taken to be read to the end, in CSS pixels. */
const NEAR_END = 80;

export function Chat() {
  const list = messages.value;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  /** How high the list was when it was last laid out, and how much of it was seen: where it is scrolled to is measured against that, not told by an event that may come too late. */
  const before = useRef({ height: 0, seen: 0 });
  const toEnd = () => {
    const element = box.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  // Who reads what was written before is not taken away from it.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { height, seen } = before.current;
    // A phone's keyboard takes from what is seen, and does not scroll.
    const end = height - Math.max(seen, element.clientHeight);
    if (end - element.scrollTop < NEAR_END) toEnd();
    before.current = { height: element.scrollHeight, seen: element.clientHeight };
  }, [list]);
  return html`<div class="chat">
    ${list.length === 0 && html`<p class="soft nothing">${t("chat.empty")}</p>`}
    ${list.length > 0 &&
    html`<ol class="messages" id="messages" ref=${box} tabindex="0" aria-label=${t("chat.list")}>
      ${list.map((message, index) => html`<${Entry} key=${`${message.author} ${message.id}`} message=${message} before=${list[index - 1]} />`)}
    </ol>`}
    <${Composer} onSend=${toEnd} />
  </div>`;
}

/** @param {{ message: Message, before?: Message }} props */
function Entry({ message, before }) {
  const { name, at, text, own, toldBy, waiting } = message;
  const goesOn = before && before.author === message.author && before.toldBy === toldBy && at - before.at < TOGETHER_MS;
  return html`<li class="message ${own ? "mine" : ""} ${goesOn ? "goes-on" : ""}" data-test="message">
    ${!goesOn &&
    html`<p class="by"><b>${own ? t("call.you") : name || t("person.unnamed")}</b> <time datetime=${new Date(at).toISOString()}>${hour(new Date(at))}</time>${toldBy && html` <span class="soft">${t("chat.told", { name: toldBy })}</span>`}</p>`}
    <p class="text" dir="auto">${pieces(text).map((piece) => (piece.link ? html`<${Link} url=${piece.link} text=${piece.text} />` : piece.text))}</p>
    ${waiting.length > 0 && html`<${Undelivered} at=${at} names=${waiting} />`}
  </li>`;
}

/** @param {{ url: string, text: string }} props */
function Link({ url, text }) {
  const follow = (/** @type {Event} */ event) => {
    event.preventDefault();
    void openLink(url);
  };
  return html`<a href=${url} title=${url} target="_blank" rel="noopener noreferrer" onClick=${follow}>${text}</a>`;
}

/** Says who has not got a message, once that has lasted. @param {{ at: number, names: string[] }} props */
function Undelivered({ at, names }) {
  const left = at + ARRIVES_MS - Date.now();
  const [late, setLate] = useState(left <= 0);
  useEffect(() => {
    if (late) return;
    const timer = setTimeout(() => setLate(true), Math.min(left, ARRIVES_MS));
    return () => clearTimeout(timer);
  }, []);
  return late && html`<p class="waiting-for" role="status">${t("chat.waiting", { people: listed(names.map((name) => name || t("person.unnamed"))) })}</p>`;
}

/** @param {{ onSend: () => void }} props */
function Composer({ onSend }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const send = () => {
    onSend();
    void sendDraft();
  };
  // As tall as what is written, up to what the style allows.
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + element.offsetHeight - element.clientHeight}px`;
  }, [draft.value]);
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    send();
    field.current?.focus();
  };
  return html`<form class="composer" onSubmit=${submit}>
    <label class="unseen" for="chat-field">${t("chat.field")}</label>
    <textarea id="chat-field" ref=${field} rows="1" maxlength=${LONGEST} placeholder=${t("chat.field")} value=${draft.value} onInput=${(/** @type {any} */ event) => (draft.value = event.target.value)} onKeyDown=${press}></textarea>
    <button class="primary round" id="chat-send" title=${t("chat.send")} aria-label=${t("chat.send")}><${Icon} name="send" /></button>
  </form>`;
}
