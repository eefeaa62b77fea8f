import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { folder, vendored } from "./vendor.js";

const installed = existsSync(join(folder, "..", "..", "node_modules", "preact"));

test("what is vendored is what the packages published", { skip: !installed && "the packages are not installed: run `npm ci` in the project's root" }, () => {
  for (const [file, content] of vendored()) assert.equal(readFileSync(join(folder, file), "utf8"), content, file);
});
