/**
 * The 2D brush, for machines without WebGL2: converts each frame to RGBA here, which costs several milliseconds for a large one.
 */

/**
 * I420 (BT.601, limited range) to RGBA.
 * @param {Uint8Array} data tight I420 @param {number} width @param {number} height @param {Uint8ClampedArray} rgba
 */
export function toRgba(data, width, height, rgba) {
  const luma = width * height;
  const half = width / 2;
  const red = luma + luma / 4;
  for (let y = 0, out = 0; y < height; y++) {
    const chroma = (y >> 1) * half;
    for (let x = 0; x < width; x++, out += 4) {
      const bright = 1.1644 * (data[y * width + x] - 16);
      const u = data[luma + chroma + (x >> 1)] - 128;
      const v = data[red + chroma + (x >> 1)] - 128;
      rgba[out] = bright + 1.596 * v;
      rgba[out + 1] = bright - 0.3918 * u - 0.813 * v;
      rgba[out + 2] = bright + 2.0172 * u;
      rgba[out + 3] = 255;
    }
  }
}

/** @param {HTMLCanvasElement} canvas @returns {import("./painter.js").Brush} */
export function paintWith2d(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Map<string, HTMLCanvasElement>} */
  const pictures = new Map();

  /** @param {import("./frames.js").Frame} frame */
  function convert({ tile, width, height, data }) {
    const picture = pictures.get(tile) ?? document.createElement("canvas");
    pictures.set(tile, picture);
    if (picture.width !== width) picture.width = width;
    if (picture.height !== height) picture.height = height;
    const image = new ImageData(width, height);
    toRgba(data, width, height, image.data);
    picture.getContext("2d")?.putImageData(image, 0, 0);
    return picture;
  }

  return {
    begin: (width, height) => context.clearRect(0, 0, width, height),
    picture(frame, fresh, place, crop) {
      const known = pictures.get(frame.tile);
      const picture = fresh || !known ? convert(frame) : known;
      const { x, y, width, height } = place;
      context.save();
      roundedBox(context, x, y, width, height, place.radius);
      context.clip();
      context.fillStyle = "black";
      context.fillRect(x, y, width, height);
      context.translate(place.mirrored ? x + width : x, y);
      if (place.mirrored) context.scale(-1, 1);
      const [shownWide, shownTall] = [width / crop.width, height / crop.height];
      context.drawImage(picture, -crop.x * shownWide, -crop.y * shownTall, shownWide, shownTall);
      context.restore();
    },
    forget: (id) => void pictures.delete(id),
  };
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} width @param {number} height @param {number} radius */
function roundedBox(context, x, y, width, height, radius) {
  context.beginPath();
  context.moveTo(x + radius, y);
  context.arcTo(x + width, y, x + width, y + height, radius);
  context.arcTo(x + width, y + height, x, y + height, radius);
  context.arcTo(x, y + height, x, y, radius);
  context.arcTo(x, y, x + width, y, radius);
  context.closePath();
}
