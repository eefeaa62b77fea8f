/** What a person shows over their picture: a raised hand, with its place among all, and for some seconds a feeling. */
import { html } from "../html.js";
import { t } from "../i18n/words.js";
import { Icon } from "./icon.js";

/** @param {{ place?: number, reaction?: import("../backend/types.js").Reaction | null }} props */
export function Marks({ place, reaction }) {
  return html`${place !== undefined && html`<span class="raised" role="img" data-test="hand" aria-label=${t("person.hand", { place })}><${Icon} name="hand" />${place}</span>`}
  ${reaction && html`<span class="feeling" role="img" key=${reaction.number} data-test="feeling" data-kind=${reaction.kind} aria-label=${t(`reaction.${reaction.kind}`)}><${Icon} name=${reaction.kind} /></span>`}`;
}
