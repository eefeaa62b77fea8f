/** One's own picture: a tile like the others, or small in a corner, where it can be moved and hidden. */
import { cornerToward, nearestCorner } from "../call/grid.js";
import { turnCamera } from "../actions.js";
import { html, useRef } from "../html.js";
import { call } from "../state.js";
import { has, t } from "../i18n/words.js";
import { Face } from "./face.js";
import { Icon } from "./icon.js";
import { Marks } from "./marks.js";
import { at, Name } from "./tile.js";

/** @typedef {import("../backend/types.js").Me} Me */
/** @typedef {import("../call/grid.js").Box} Box */
/** @typedef {import("../call/grid.js").Corner} Corner */

/** Whether there is a picture of one's own to draw. @param {Me} me */
export const ownPictured = (me) => !me.camera.off && me.camera.status === "ok" && me.camera.spec !== "none";

/** Why there is none. @param {Me["camera"]} camera */
export function ownReason(camera) {
  if (camera.off) return t("own.camera.off");
  if (camera.spec === "none") return t("device.none.camera");
  const words = `camera.${camera.status}`;
  return has(words) ? t(words) : "";
}

/** @param {{ me: Me, box: Box, place?: number, onHide: () => void }} props */
export function OwnTile({ me, box, place, onHide }) {
  return html`<li class="tile own ${me.microphone.speaking && !me.microphone.muted ? "speaks" : ""} ${ownPictured(me) ? "" : "bare"}" style=${at(box)} data-test="own-tile">
    <${Instead} me=${me} />
    <${Name} name=${t("call.you")} muted=${me.microphone.muted} cameraOff=${me.camera.off} />
    <${Marks} place=${place} reaction=${me.reaction} />
    <${Turn} />
    <${Hide} onHide=${onHide} />
  </li>`;
}

/** @param {{ me: Me, only?: boolean }} props only: no room for words */
function Instead({ me, only = false }) {
  return !ownPictured(me) && html`<div class="instead ${only ? "only" : ""}"><${Face} name=${me.name} /><p>${ownReason(me.camera)}</p></div>`;
}

/** To the other camera, where there is one on each side. */
export function Turn() {
  return Boolean(call.value?.devices.sides) && html`<button class="on-stage round turn" id="own-turn" title=${t("call.own.turn")} aria-label=${t("call.own.turn")} onClick=${turnCamera}><${Icon} name="turn" /></button>`;
}

/** @param {{ onHide: () => void }} props */
function Hide({ onHide }) {
  return html`<button class="on-stage round hide" id="own-hide" title=${t("call.own.hide")} aria-label=${t("call.own.hide")} onClick=${onHide}>
    <${Icon} name="hide" />
  </button>`;
}

/**
 * @param {object} props
 * @param {Me} props.me @param {Box} props.box @param {number} [props.place] @param {{ width: number, height: number }} props.stage
 * @param {Corner} props.corner @param {(corner: Corner) => void} props.onCorner
 * @param {(by: { x: number, y: number } | null) => void} props.onDrag the shift while it is being dragged
 * @param {() => void} props.onHide
 */
export function OwnCorner({ me, box, place, stage, corner, onCorner, onDrag, onHide }) {
  const from = useRef(/** @type {null | { x: number, y: number }} */ (null));
  /** @param {PointerEvent} event */
  const grab = (event) => {
    from.current = { x: event.clientX, y: event.clientY };
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
  };
  /** @param {PointerEvent} event */
  const shift = (event) => from.current && { x: event.clientX - from.current.x, y: event.clientY - from.current.y };
  /** @param {PointerEvent} event */
  const drop = (event) => {
    if (shift(event)) onCorner(nearestCorner(box.x + box.width / 2, box.y + box.height / 2, stage.width, stage.height));
    from.current = null;
    onDrag(null);
  };
  return html`<li class="tile own corner ${ownPictured(me) ? "" : "bare"}" style=${at(box)} data-test="own-corner" data-corner=${corner}>
    <${Instead} me=${me} only />
    <${Marks} place=${place} reaction=${me.reaction} />
    <button
      class="move"
      id="own-move"
      title=${t("call.own.move")}
      aria-label=${t("call.own.move")}
      onPointerDown=${grab}
      onPointerMove=${(/** @type {PointerEvent} */ event) => from.current && onDrag(shift(event))}
      onPointerUp=${drop}
      onPointerCancel=${drop}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => onCorner(cornerToward(corner, event.key))}
    ></button>
    <${Turn} />
    <${Hide} onHide=${onHide} />
  </li>`;
}
