/**
 * Looks at every scene in every view: saves a screenshot to target/ui, lets axe-core judge it, and measures what can be measured.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, missing } from "./browser.js";
import { axeSource, judge, misfits } from "./judge.js";
import { SCENES, VIEWS } from "./scenes.js";
import { serve } from "./serve.js";

const skip = await missing();
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "target", "ui");

describe("every screen", { skip }, () => {
  /** @type {Awaited<ReturnType<typeof launch>>} */ let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */ let site;
  let axe = "";

  before(async () => {
    mkdirSync(folder, { recursive: true });
    axe = axeSource();
    [browser, site] = await Promise.all([launch(), serve()]);
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });

  for (const view of VIEWS) {
    for (const scene of SCENES.filter(({ name }) => !view.only || view.only.includes(name))) {
      test(`${scene.name}, ${view.name}: fits, can be hit, and axe finds nothing`, async () => {
        const page = await browser.context.newPage();
        /** @type {string[]} */
        const complaints = [];
        page.on("pageerror", (error) => complaints.push(String(error.stack)));
        page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
        await page.setViewportSize({ width: view.width, height: view.height });
        await page.emulateMedia({ colorScheme: view.look, reducedMotion: "reduce" });
        await page.goto(`${site.address}/fake?${scene.query}&language=${view.language}`);
        if (view.text) await page.evaluate((size) => document.documentElement.style.setProperty("font-size", size), view.text);
        await page.locator("main").waitFor();
        for (const id of scene.open ?? []) await press(page, id);
        await pictures(page);
        await page.screenshot({ path: join(folder, `${scene.name}.${view.name}.png`) });
        assert.deepEqual(complaints, [], "the console is quiet");
        assert.deepEqual(await page.evaluate(misfits), []);
        await page.evaluate(axe);
        assert.deepEqual(await page.evaluate(judge), []);
        await page.close();
      });
    }
  }
});

/** Presses a control; what the bar has no room for is in its menu. @param {import("playwright-core").Page} page @param {string} id */
async function press(page, id) {
  const folded = (await page.locator("#more-button").isVisible()) && !(await page.locator(`#${id}`).isVisible());
  if (!folded) return page.click(`#${id}`);
  await page.click("#more-button");
  if (id !== "react-button") await page.click(`#more-${id.replace("-button", "")}`);
}

/** Waits until every picture on the stage has been drawn. @param {import("playwright-core").Page} page */
async function pictures(page) {
  await page.waitForFunction(() => {
    const canvas = document.querySelector("canvas");
    if (!canvas) return true;
    const drawn = JSON.parse(canvas.dataset.drawn ?? "{}");
    const shown = document.querySelectorAll('[data-picture="true"], .own:not(.bare)').length;
    return Object.keys(drawn).length >= shown;
  });
  await page.mouse.move(5, 5);
  await page.evaluate(() => new Promise((settled) => requestAnimationFrame(() => requestAnimationFrame(settled))));
}
