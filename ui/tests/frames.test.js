import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFrame } from "../call/frames.js";
import { cropFor } from "../call/painter.js";
import { toRgba } from "../call/painter-2d.js";

/** @param {number} width @param {number} height @param {number} size @param {number} [firstByte] */
function message(width, height, size, firstByte = 0) {
  const data = new DataView(new ArrayBuffer(size));
  data.setUint8(0, firstByte);
  data.setUint16(16, width, true);
  data.setUint16(18, height, true);
  data.setUint32(20, 4_000_000_000, true);
  return data.buffer;
}

test("a message is read as tile, size, number and picture", () => {
  const frame = parseFrame(message(4, 2, 24 + 12, 0xab));
  assert.ok(frame);
  assert.equal(frame.tile, "ab" + "0".repeat(30));
  assert.deepEqual([frame.width, frame.height, frame.number, frame.data.length], [4, 2, 4_000_000_000, 12]);
});

test("the tile of all zeros is one's own", () => {
  assert.equal(parseFrame(message(2, 2, 24 + 6))?.tile, "me");
});

test("a message that is short, too long, odd or empty is no frame", () => {
  for (const [width, height, size] of [[4, 2, 35], [4, 2, 37], [3, 2, 33], [0, 0, 24]]) assert.equal(parseFrame(message(width, height, size)), null);
  assert.equal(parseFrame(new ArrayBuffer(23)), null);
});

test("a 4:3 picture fills its tile, an upright one is shown whole between bars", () => {
  assert.deepEqual(cropFor(1280, 720), { x: 0, y: 0, width: 1, height: 1 });
  const classic = cropFor(640, 480);
  assert.ok(classic.width === 1 && Math.abs(classic.height - 0.75) < 1e-9);
  const upright = cropFor(720, 1280);
  assert.ok(upright.height === 1 && upright.width > 3);
  const wide = cropFor(2000, 1000);
  assert.ok(wide.height === 1 && wide.width < 1);
  const letterbox = cropFor(3000, 1000);
  assert.ok(letterbox.width === 1 && letterbox.height > 1);
});

test("black, white and red come out as such", () => {
  const rgba = new Uint8ClampedArray(16);
  const flat = (/** @type {[number, number, number]} */ [y, u, v]) => new Uint8Array([y, y, y, y, u, v]);
  toRgba(flat([16, 128, 128]), 2, 2, rgba);
  assert.deepEqual([...rgba.slice(0, 4)], [0, 0, 0, 255]);
  toRgba(flat([235, 128, 128]), 2, 2, rgba);
  assert.deepEqual([...rgba.slice(0, 3)], [255, 255, 255]);
  toRgba(flat([81, 90, 240]), 2, 2, rgba);
  assert.ok(rgba[0] > 250 && rgba[1] < 5 && rgba[2] < 5);
});
