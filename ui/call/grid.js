/**
 * Where the tiles go: pure arithmetic, in whatever unit the caller measures in (CSS pixels).
 */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/** Every picture gets a box of this shape, whatever its camera's is. */
export const SHAPE = 16 / 9;

/** A tile of one's own must cost the others less than this share of their area, or it stays a small overlay. */
const WORTH_A_TILE = 0.95;

/**
 * The arrangement of `count` equal 16:9 boxes with the largest area that fits; a last row that is not full is centred.
 * @param {number} count @param {number} width @param {number} height @param {number} gap between boxes
 * @returns {Box[]} in reading order
 */
export function arrange(count, width, height, gap) {
  if (count < 1 || width <= 0 || height <= 0) return [];
  let columns = 1;
  let tile = 0;
  for (let tried = 1; tried <= count; tried++) {
    const fitting = tileWidth(tried, Math.ceil(count / tried), width, height, gap);
    if (fitting > tile) [columns, tile] = [tried, fitting];
  }
  const rows = Math.ceil(count / columns);
  const tall = tile / SHAPE;
  const top = (height - rows * tall - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = (width - inRow * tile - (inRow - 1) * gap) / 2;
    return { x: left + (index % columns) * (tile + gap), y: top + row * (tall + gap), width: tile, height: tall };
  });
}

/** Of the stage's longer side the screens get so much, and the faces the rest: what is shared is there to be read. */
const SCREENS_SHARE = 0.78;

/**
 * Where screens that are shared and faces go: the screens large, the faces beside them where the stage is wide, and below where it is tall.
 * @param {number} screens @param {number} faces @param {number} width @param {number} height @param {number} gap between boxes
 * @returns {{ screens: Box[], faces: Box[] }}
 */
export function arrangeWithScreens(screens, faces, width, height, gap) {
  if (screens === 0 || faces === 0) return { screens: arrange(screens, width, height, gap), faces: arrange(faces, width, height, gap) };
  const wide = width > height;
  const long = (wide ? width : height) - gap;
  const part = long * SCREENS_SHARE;
  const [across, down] = wide ? [part, height] : [width, part];
  const [left, top] = wide ? [part + gap, 0] : [0, part + gap];
  const beside = arrange(faces, wide ? long - part : width, wide ? height : long - part, gap);
  return { screens: arrange(screens, across, down, gap), faces: beside.map((box) => ({ ...box, x: box.x + left, y: box.y + top })) };
}

/** @param {number} columns @param {number} rows @param {number} width @param {number} height @param {number} gap */
function tileWidth(columns, rows, width, height, gap) {
  const across = (width - (columns - 1) * gap) / columns;
  const down = (height - (rows - 1) * gap) / rows;
  return Math.max(0, Math.min(across, down * SHAPE));
}

/**
 * Whether one's own picture may be a tile like the others: when there is room that the others would not use.
 * @param {number} others @param {number} width @param {number} height @param {number} gap
 */
export function ownTileFits(others, width, height, gap) {
  const [without] = arrange(others, width, height, gap);
  const [beside] = arrange(others + 1, width, height, gap);
  if (!without || !beside) return true;
  return (beside.width / without.width) ** 2 >= WORTH_A_TILE;
}

/** @typedef {"top-left" | "top-right" | "bottom-left" | "bottom-right"} Corner */

/**
 * The box of one's own small picture in a corner of the stage.
 * @param {Corner} corner @param {number} width @param {number} height @param {number} margin
 * @returns {Box}
 */
export function cornerBox(corner, width, height, margin) {
  const across = Math.max(96, Math.min(240, width * 0.3, height * 0.25 * SHAPE));
  const down = across / SHAPE;
  return {
    x: corner.endsWith("left") ? margin : width - across - margin,
    y: corner.startsWith("top") ? margin : height - down - margin,
    width: across,
    height: down,
  };
}

/**
 * A clip path for a tile that leaves out what lies under one's own picture, so that its words don't show over that.
 * @param {Box} tile @param {Box} over @param {number} radius
 * @returns {string | undefined} undefined where the two don't overlap
 */
export function cutOut(tile, over, radius) {
  const apart = over.x >= tile.x + tile.width || over.x + over.width <= tile.x || over.y >= tile.y + tile.height || over.y + over.height <= tile.y;
  if (apart) return undefined;
  const [left, top] = [over.x - tile.x, over.y - tile.y];
  const [wide, tall] = [over.width - 2 * radius, over.height - 2 * radius];
  const arc = (/** @type {number} */ x, /** @type {number} */ y) => `a${radius} ${radius} 0 0 1 ${x} ${y}`;
  const hole = `M${left + radius} ${top}h${wide}${arc(radius, radius)}v${tall}${arc(-radius, radius)}h${-wide}${arc(-radius, -radius)}v${-tall}${arc(radius, -radius)}z`;
  const around = `M-8 -8h${tile.width + 16}v${tile.height + 16}h${-tile.width - 16}z`;
  return `path(evenodd, "${around}${hole}")`;
}

/** The corner nearest to a point. @param {number} x @param {number} y @param {number} width @param {number} height @returns {Corner} */
export function nearestCorner(x, y, width, height) {
  return `${y < height / 2 ? "top" : "bottom"}-${x < width / 2 ? "left" : "right"}`;
}

/** The corner one arrow key away. @param {Corner} corner @param {string} key @returns {Corner} */
export function cornerToward(corner, key) {
  const [vertical, horizontal] = corner.split("-");
  switch (key) {
    case "ArrowUp":
      return /** @type {Corner} */ (`top-${horizontal}`);
    case "ArrowDown":
      return /** @type {Corner} */ (`bottom-${horizontal}`);
    case "ArrowLeft":
      return /** @type {Corner} */ (`${vertical}-left`);
    case "ArrowRight":
      return /** @type {Corner} */ (`${vertical}-right`);
    default:
      return corner;
  }
}
