/**
 * A headless Chromium for the tests that look at the UI. Where there is none, those tests are skipped, and say so.
 */
import { existsSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Why the browser tests can't run here; false when they can. @returns {Promise<string | false>} */
export async function missing() {
  if (!PLACES.some((place) => place && existsSync(place))) return "no Chromium here: `apt install chromium`, or name one in CHROMIUM";
  return import("playwright-core").then(
    () => false,
    () => "playwright-core is not installed: run `npm ci` in the project's root",
  );
}

/** @returns {Promise<{ context: import("playwright-core").BrowserContext, close: () => Promise<void> }>} */
export async function launch() {
  const { chromium } = await import("playwright-core");
  const profile = mkdtempSync(join(tmpdir(), "visio-ui-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: PLACES.find((place) => place && existsSync(place)),
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking", "--no-first-run", "--disable-component-update", "--disable-sync"],
    viewport: { width: 1280, height: 800 },
  });
  return {
    context,
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
