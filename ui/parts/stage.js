/** All tiles of the call: works out where each goes, and tells the canvas. */
import { arrangeWithScreens, cornerBox, cutOut, ownTileFits } from "../call/grid.js";
import { placesOf } from "../call/hands.js";
import { html, useRef, useState } from "../html.js";
import { t } from "../i18n/words.js";
import { Alone } from "./alone.js";
import { Icon } from "./icon.js";
import { OwnCorner, OwnTile, ownPictured } from "./own.js";
import { Pictures } from "./pictures.js";
import { screenPictured, ScreenTile, screenTile } from "./screen-tile.js";
import { useSize } from "./size.js";
import { pictured, Tile } from "./tile.js";

/** Between tiles, in CSS pixels. */
const GAP = 8;
/** As --radius-tile in tokens.css, in CSS pixels: the corners of pictures are drawn by the canvas. */
const RADIUS = 12;
/** From the stage's edge to one's own small picture, in CSS pixels. */
const MARGIN = 12;

/** @param {{ state: import("../backend/types.js").CallState }} props */
export function Stage({ state }) {
  const { me } = state;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const size = useSize(box);
  const [corner, setCorner] = useState(/** @type {import("../call/grid.js").Corner} */ ("top-right"));
  const [drag, setDrag] = useState(/** @type {null | { x: number, y: number }} */ (null));
  const [hidden, setHidden] = useState(false);

  const others = state.people.filter((person) => person.calling);
  const places = Math.max(1, others.length);
  const sharers = others.filter((person) => person.screen);
  // Beside a screen the faces are small anyway, and one's own among them leaves the screen whole.
  const beside = !hidden && (others.length === 0 || sharers.length > 0 || ownTileFits(places, size.width, size.height, GAP));
  const { screens, faces: boxes } = arrangeWithScreens(sharers.length, places + (beside ? 1 : 0), size.width, size.height, GAP);
  const still = cornerBox(corner, size.width, size.height, MARGIN);
  const own = beside ? boxes[places] : { ...still, x: still.x + (drag?.x ?? 0), y: still.y + (drag?.y ?? 0) };

  const hands = placesOf(state);
  const under = hidden || beside ? () => undefined : (/** @type {import("../call/grid.js").Box} */ tile) => cutOut(tile, own, RADIUS);

  /** @type {import("./pictures.js").Picture[]} */
  const pictures = others.map((person, index) => ({ id: person.id, ...boxes[index], radius: RADIUS, mirrored: false, shown: pictured(person) }));
  sharers.forEach((person, index) => pictures.push({ id: screenTile(person.id), ...screens[index], radius: RADIUS, mirrored: false, whole: true, shown: screenPictured(person) }));
  if (!hidden && own && ownPictured(me)) pictures.push({ id: "me", ...own, radius: RADIUS, mirrored: !me.camera.away, shown: true });

  return html`<section class="stage" ref=${box} aria-label=${t("call.tiles")}>
    <${Pictures} pictures=${size.width ? pictures : []} />
    ${size.width > 0 &&
    html`<ul class="tiles">
      ${others.length === 0 && html`<${Alone} key="alone" state=${state} box=${boxes[0]} />`}
      ${sharers.map((person, index) => html`<${ScreenTile} key=${screenTile(person.id)} person=${person} box=${screens[index]} clip=${under(screens[index])} />`)}
      ${others.map((person, index) => html`<${Tile} key=${person.id} person=${person} box=${boxes[index]} clip=${under(boxes[index])} place=${hands.get(person.id)} />`)}
      ${!hidden && beside && html`<${OwnTile} key="own" me=${me} box=${own} place=${hands.get(me.id)} onHide=${() => setHidden(true)} />`}
      ${!hidden && !beside && html`<${OwnCorner} key="corner" me=${me} box=${own} place=${hands.get(me.id)} stage=${size} corner=${corner} onCorner=${setCorner} onDrag=${setDrag} onHide=${() => setHidden(true)} />`}
    </ul>`}
    ${hidden && html`<button class="on-stage round show" id="own-show" title=${t("call.own.show")} aria-label=${t("call.own.show")} onClick=${() => setHidden(false)}><${Icon} name="corner" /></button>`}
  </section>`;
}
