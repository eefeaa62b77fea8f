/** A screen that somebody shares: a tile of its own. Its picture lies beneath; here are the name, and words where no picture is. */
import { SCREEN } from "../call/frames.js";
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Icon } from "./icon.js";
import { at } from "./tile.js";
import { Waiting } from "./waiting.js";

/** @typedef {import("../backend/types.js").Person} Person */

/** The tile of the screen that a person shares. @param {string} person */
export const screenTile = (person) => `${SCREEN}${person}`;

/** Whether there is a picture of it to draw. @param {Person} person */
export const screenPictured = ({ screen, connection }) => Boolean(screen?.video) && (connection === "connected" || connection === "retrying");

/** @param {{ person: Person, box: import("../call/grid.js").Box, clip?: string }} props */
export function ScreenTile({ person, box, clip }) {
  const { name, screen } = person;
  const shown = screenPictured(person);
  const long = t("screen.waiting.long", { name });
  const reason = screen?.paused ? html`<p role="status">${t("screen.paused", { name })}</p>` : html`<${Waiting} key="screen" now=${t("screen.waiting", { name })} long=${long} help=${long} />`;
  return html`<li class="tile screen ${shown ? "" : "bare"}" style=${{ ...at(box), clipPath: clip }} data-test="screen-tile" data-person=${person.id} data-picture=${String(shown)} data-paused=${String(Boolean(screen?.paused))}>
    ${(!shown || screen?.paused) && html`<div class="instead ${shown ? "veil" : ""}"><${Icon} name="screen" />${reason}</div>`}
    <span class="name"><${Icon} name="screen" /><span class="words">${t("screen.name", { name })}</span></span>
  </li>`;
}
