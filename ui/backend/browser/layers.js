/**
 * In which size a picture is sent, by how tall it is shown: the smallest of its sizes that is at least so tall, at most as dear as an eye
 * would notice. The sizes and rates are the engine's (`transport/layer.rs`, `transport/ladder/range.rs`). Pure.
 */

/** Columns, rows, and the most bits a second that are of use. */
const LAYERS = [
  { wide: 320, tall: 180, most: 250_000 },
  { wide: 640, tall: 360, most: 800_000 },
  { wide: 1280, tall: 720, most: 1_800_000 },
  { wide: 1920, tall: 1080, most: 3_500_000 },
];

/** Bits grow slower than pixels: half the pixels need 0.6 of the bits. */
const BITS_PER_PIXELS = 0.75;

/**
 * @param {{ width: number, height: number }} source what the camera gives @param {number} rows as shown
 * @returns {{ scale: number, most: number }} by how much it is made smaller, and the most bits a second it may cost
 */
export function layerFor({ width, height }, rows) {
  const layer = LAYERS.find(({ tall }) => tall >= rows) ?? LAYERS[LAYERS.length - 1];
  // A phone that is held upright films an upright picture: it fits into the same box.
  const scale = Math.max(1, width / layer.wide, height / layer.tall);
  const share = (width * height) / scale ** 2 / (layer.wide * layer.tall);
  return { scale, most: Math.round(layer.most * Math.min(1, share) ** BITS_PER_PIXELS) };
}

/** The most bits a second that a screen is of use with, as the engine's (`session/screen_sending.rs`). */
const SCREEN_MOST = 2_500_000;

/** A screen is made no smaller than the largest layer. @param {{ width: number, height: number }} source */
export function screenLayer({ width, height }) {
  const { wide, tall } = LAYERS[LAYERS.length - 1];
  return { scale: Math.max(1, width / wide, height / tall), most: SCREEN_MOST };
}
