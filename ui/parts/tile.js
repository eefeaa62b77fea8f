/** One person's place in the call: their picture lies on the canvas beneath; here are name, marks, and words where no picture is. */
import { comeBack } from "../actions.js";
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Face } from "./face.js";
import { Icon } from "./icon.js";
import { Marks } from "./marks.js";
import { Waiting } from "./waiting.js";

/** @typedef {import("../backend/types.js").Person} Person */
/** @typedef {import("../call/grid.js").Box} Box */

/** Whether a person's picture is to be drawn: also the last one of somebody whose connection is being retried. @param {Person} person */
export const pictured = (person) => person.picture && !person.cameraOff && (person.connection === "connected" || person.connection === "retrying");

/** @param {Box} box */
export const at = ({ x, y, width, height }) => ({ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });

/** @param {{ person: Person, box: Box, clip?: string, place?: number }} props  place: of the raised hand among all */
export function Tile({ person, box, clip, place }) {
  const { name, connection } = person;
  const speaking = person.speaking && connection === "connected";
  const shown = pictured(person);
  return html`<li
    class="tile ${speaking ? "speaks" : ""} ${shown ? "" : "bare"}"
    style=${{ ...at(box), clipPath: clip }}
    data-test="tile"
    data-person=${person.id}
    data-connection=${connection}
    data-picture=${String(shown)}
    data-paused=${String(Boolean(person.paused))}
  >
    ${!shown && html`<div class="instead"><${Face} name=${name} /><${Reason} person=${person} /></div>`}
    ${shown && (connection === "retrying" || person.paused) && html`<div class="instead veil"><${Reason} person=${person} /></div>`}
    <${Name} name=${name} muted=${person.muted} cameraOff=${person.cameraOff} speaking=${speaking} />
    <${Marks} place=${place} reaction=${person.reaction} />
  </li>`;
}

/** @param {{ name: string, muted: boolean, cameraOff: boolean, speaking?: boolean }} props */
export function Name({ name, muted, cameraOff, speaking = false }) {
  return html`<span class="name">
    ${muted && html`<span role="img" aria-label=${t("person.muted")}><${Icon} name="microphone-off" /></span>`}
    ${cameraOff && html`<span role="img" aria-label=${t("person.cameraOff.mark")}><${Icon} name="camera-off" /></span>`}
    <span class="words">${name}</span>
    ${speaking && html`<span class="unseen">${t("call.speaking", { name })}</span>`}
  </span>`;
}

/** Why there is no picture. @param {{ person: Person }} props */
function Reason({ person }) {
  const { name, connection, cameraOff, paused } = person;
  const again = html`<button class="on-stage" data-test="tile-rejoin" onClick=${comeBack}>${t("person.rejoin")}</button>`;
  if (connection === "failed") return html`<p role="status">${t("person.failed", { name })}</p>${again}`;
  if (connection !== "connected") {
    return html`<${Waiting}
      key=${connection}
      now=${t(`person.${connection}`, { name })}
      long=${t(`person.${connection}.long`, { name })}
      help=${t(`person.${connection}.help`, { name })}
      action=${again}
    />`;
  }
  if (cameraOff) return html`<p>${t("person.cameraOff", { name })}</p>`;
  if (paused) return html`<p role="status">${t("person.paused", { name })}</p>`;
  const long = t("person.noPicture.long", { name });
  return html`<${Waiting} key="picture" now=${t("person.noPicture", { name })} long=${long} help=${long} />`;
}
