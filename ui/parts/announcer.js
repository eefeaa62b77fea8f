/** What a screen reader is told beside what is seen. */
import { html } from "../html.js";
import { announcement } from "../state.js";

export function Announcer() {
  return html`<p class="unseen" role="status" id="announcement">${announcement.value}</p>`;
}
