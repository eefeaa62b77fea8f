import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange, arrangeWithScreens, cornerBox, cornerToward, cutOut, nearestCorner, ownTileFits, SHAPE } from "../call/grid.js";

const WINDOWS = [
  [1280, 700],
  [360, 640],
  [640, 300],
  [2560, 1300],
  [800, 800],
];

test("every box is 16:9, lies inside the window and overlaps no other, for 1 to 20 tiles in any window", () => {
  for (const [width, height] of WINDOWS) {
    for (let count = 1; count <= 20; count++) {
      const boxes = arrange(count, width, height, 8);
      assert.equal(boxes.length, count);
      boxes.forEach((box, index) => {
        assert.ok(Math.abs(box.width / box.height - SHAPE) < 1e-9);
        assert.ok(box.x > -1e-6 && box.y > -1e-6 && box.x + box.width < width + 1e-6 && box.y + box.height < height + 1e-6);
        for (const other of boxes.slice(index + 1)) {
          const apart = box.x + box.width <= other.x + 1e-6 || other.x + other.width <= box.x + 1e-6 || box.y + box.height <= other.y + 1e-6 || other.y + other.height <= box.y + 1e-6;
          assert.ok(apart, `${count} tiles in ${width}×${height}`);
        }
      });
    }
  }
});

test("no other number of columns would give larger boxes", () => {
  for (const [width, height] of WINDOWS) {
    for (let count = 1; count <= 20; count++) {
      const [chosen] = arrange(count, width, height, 8);
      for (let columns = 1; columns <= count; columns++) {
        const rows = Math.ceil(count / columns);
        const possible = Math.min((width - 8 * (columns - 1)) / columns, ((height - 8 * (rows - 1)) / rows) * SHAPE);
        assert.ok(chosen.width >= possible - 1e-9);
      }
    }
  }
});

test("a last row that is not full is centred", () => {
  const boxes = arrange(3, 1280, 720, 8);
  assert.ok(Math.abs(boxes[2].x + boxes[2].width / 2 - 640) < 1e-6);
});

test("nobody, or a window without area, gives no box", () => {
  assert.deepEqual(arrange(0, 100, 100, 8), []);
  assert.deepEqual(arrange(3, 0, 100, 8), []);
});

test("a screen that is shared is large, and the faces lie beside it, or below it on a phone held upright", () => {
  for (const [width, height] of [[1280, 700], [360, 640]]) {
    const { screens, faces } = arrangeWithScreens(1, 4, width, height, 8);
    assert.equal(faces.length, 4);
    for (const box of [...screens, ...faces]) assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width + 0.01 && box.y + box.height <= height + 0.01);
    for (const face of faces) {
      assert.ok(face.width < screens[0].width);
      assert.ok(width > height ? face.x >= screens[0].x + screens[0].width : face.y >= screens[0].y + screens[0].height);
    }
  }
  assert.deepEqual(arrangeWithScreens(0, 3, 1280, 700, 8).faces, arrange(3, 1280, 700, 8));
});

test("one's own picture becomes a tile exactly where the others lose nothing by it", () => {
  assert.equal(ownTileFits(3, 1280, 700, 8), true, "the fourth place of two by two");
  assert.equal(ownTileFits(4, 1280, 700, 8), false);
  assert.equal(ownTileFits(1, 360, 640, 8), true, "a phone held upright has room below");
  assert.equal(ownTileFits(1, 1280, 700, 8), false);
});

test("the small picture stays inside the stage in every corner, and goes where it is sent", () => {
  for (const corner of /** @type {const} */ (["top-left", "top-right", "bottom-left", "bottom-right"])) {
    const box = cornerBox(corner, 640, 360, 12);
    assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= 640 && box.y + box.height <= 360);
    assert.equal(nearestCorner(box.x + box.width / 2, box.y + box.height / 2, 640, 360), corner);
  }
  assert.equal(cornerToward("top-right", "ArrowDown"), "bottom-right");
  assert.equal(cornerToward("top-right", "ArrowLeft"), "top-left");
  assert.equal(cornerToward("top-right", "Enter"), "top-right");
});

test("a tile is cut out exactly where one's own picture lies over it", () => {
  const tile = { x: 0, y: 0, width: 320, height: 180 };
  assert.equal(cutOut(tile, { x: 400, y: 10, width: 96, height: 54 }, 12), undefined);
  const path = cutOut(tile, { x: 300, y: 10, width: 96, height: 54 }, 12);
  assert.match(String(path), /^path\(evenodd, "M-8 -8h336v196h-336zM312 10h72a12 /);
});
