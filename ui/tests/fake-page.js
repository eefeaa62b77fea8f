/**
 * A page for each test of a suite, of the pretended app or of whatever else the suite opens in it.
 */
import { after, afterEach, before, beforeEach } from "node:test";
import { launch } from "./browser.js";
import { serve } from "./serve.js";

/** @typedef {import("playwright-core").Page} Page */

/** To be called in a suite: `begin` is given a fresh page before each test. @param {(page: Page) => void} begin */
export function eachOnAPage(begin) {
  /** @type {Awaited<ReturnType<typeof launch>>} */ let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */ let site;
  /** @type {Page} */ let page;

  before(async () => {
    [browser, site] = await Promise.all([launch(), serve()]);
  });
  after(async () => {
    await browser?.close();
    site?.close();
  });
  beforeEach(async () => {
    page = await browser.context.newPage();
    page.setDefaultTimeout(15_000);
    begin(page);
  });
  afterEach(() => page.close());

  return {
    /** Starts the app. @param {string} query what it pretends */
    start: async (query) => {
      await page.goto(`${site.address}/fake?${query}`);
      await page.locator("main").waitFor();
    },
    /** Where the UI is served. */
    address: () => site.address,
    /** The id of what has the focus. */
    focused: () => page.evaluate(() => document.activeElement?.id ?? ""),
  };
}
