/**
 * Where a guest arrives: the page with the browser itself behind it, before there is a server to talk to. Calls are in `tests/scenarios`.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { missing } from "./browser.js";
import { eachOnAPage } from "./fake-page.js";
import { axeSource, judge, misfits } from "./judge.js";
import { VIEWS } from "./scenes.js";

const skip = await missing();
const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "target", "ui");

const CODE = "0400-20G3-0G2G-C1R8-1450-P30D-1R7P-ZZD3";

/** Ways in which a browser can fall short, as scripts that run before the page. @type {Record<string, () => void>} */
const LACKS = {
  insecure: () => Object.defineProperty(window, "isSecureContext", { value: false }),
  noCalls: () => Reflect.deleteProperty(window, "RTCPeerConnection"),
  noH264: () => (RTCRtpReceiver.getCapabilities = () => ({ codecs: [{ mimeType: "video/VP8", clockRate: 90_000 }], headerExtensions: [] })),
  h264Later: () => {
    Object.defineProperty(navigator, "userAgent", { value: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0" });
    RTCRtpReceiver.getCapabilities = () => ({ codecs: [], headerExtensions: [] });
  },
  old: () => Reflect.deleteProperty(RTCRtpTransceiver.prototype, "setCodecPreferences"),
};

describe("a guest's page", { skip }, () => {
  /** @type {import("playwright-core").Page} */ let page;
  /** Addresses that were asked for. @type {string[]} */ let asked = [];
  /** What the console complained of. @type {string[]} */ let complaints = [];
  const axe = skip ? "" : axeSource();

  before(() => mkdirSync(folder, { recursive: true }));
  const { address } = eachOnAPage((fresh) => (page = fresh));
  beforeEach(async () => {
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => complaints.push(String(error.stack)));
    page.on("console", (message) => message.type() === "error" && !message.location().url.endsWith("/favicon.ico") && complaints.push(message.text()));
    await page.goto(`${address()}/icon.svg`);
    await page.evaluate(() => (localStorage.clear(), sessionStorage.clear()));
    [asked, complaints] = [[], []];
  });

  /** @param {string} [hash] @param {object} [settings] */
  const open = async (hash = `#${CODE}`, settings) => {
    if (settings) await page.evaluate((text) => localStorage.setItem("visio.settings", text), JSON.stringify(settings));
    await page.goto(`${address()}/j${hash}`);
    await page.locator("[data-screen=guest]").waitFor();
  };

  test("offers the app and the browser, and asks nobody but its server, which never learns the code", async () => {
    await open();
    const link = await page.getAttribute("#app-link", "href");
    assert.equal(link, `visio://${address().replace("http://", "")}/j#${CODE}`);
    await page.locator("#continue-button").waitFor();
    assert.ok(asked.every((url) => url.startsWith(address()) && !url.split("#")[0].includes(CODE)), String(asked));
    assert.deepEqual(complaints, []);
  });

  test("a page that comes in part says so itself, after a while", async () => {
    await page.route("**/actions.js", (route) => route.abort());
    await page.goto(`${address()}/j#${CODE}`);
    const late = page.locator(".late [lang=fr]");
    assert.equal(await late.isVisible(), false);
    await late.waitFor({ state: "visible", timeout: 15_000 });
    await page.screenshot({ path: join(folder, "guest-late.png") });
    await page.unroute("**/actions.js");
    await page.reload();
    await page.locator("[data-screen=guest]").waitFor();
    assert.equal(await page.locator(".late").count(), 0);
  });

  test("asks for the name, and remembers it, but no invite", async () => {
    await open();
    await page.click("#continue-button");
    await page.locator("#name-error:not(:empty)").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), "name");
    await page.fill("#name", "Camille");
    await page.click("#continue-button");
    // There is no server behind this page, which says so.
    await page.locator("[data-screen=failed], [data-screen=lobby]").first().waitFor();
    assert.equal(await page.evaluate(() => JSON.parse(localStorage.getItem("visio.settings") ?? "{}").name), "Camille");
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    assert.ok(!kept.includes(CODE.replaceAll("-", "")) && !kept.includes(CODE), kept);
  });

  test("without an invite in the address asks for one, and finds mistakes without asking anybody", async () => {
    await open("", { name: "Camille" });
    const before = asked.length;
    await page.fill("#invite", `call.example.org ${CODE.replace("20G3", "20GU")}`);
    await page.click("#continue-button");
    await page.locator('#invite-error[data-kind="inviteMistyped"]').waitFor();
    assert.equal(asked.length, before);
    assert.equal(await page.locator("#app-link").count(), 0);
  });

  test("an address with a mistyped code says so", async () => {
    await open("#0400-20G3", { name: "Camille" });
    await page.click("#continue-button");
    await page.locator('#invite-error[data-kind="inviteIncomplete"]').waitFor();
  });

  for (const [lack, script] of Object.entries(LACKS)) {
    test(`a browser that falls short (${lack}) is told so, and only the app is offered`, async () => {
      await page.addInitScript(script);
      await open();
      await page.locator(`#lack[data-kind="${lack}"]`).waitFor();
      assert.equal(await page.locator("#continue-button").count(), 0);
      await page.locator("#app-link").waitFor();
    });
  }

  test("damaged settings are put aside, and it is said", async () => {
    await page.evaluate(() => localStorage.setItem("visio.settings", "{"));
    await page.goto(`${address()}/j#${CODE}`);
    await page.locator("#notice").waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem("visio.settings.damaged")), "{");
  });

  test("what a browser can't do is absent from the settings", async () => {
    await open();
    await page.click("#settings-button");
    await page.locator("#noise-suppression").waitFor();
    assert.equal(await page.locator("#test-connection").count(), 0);
    assert.equal(await page.locator('option[value="pattern"]').count(), 0);
  });

  for (const view of VIEWS) {
    for (const hash of [`#${CODE}`, ""]) {
      test(`${hash ? "with" : "without"} an invite, ${view.name}: fits, can be hit, and axe finds nothing`, async () => {
        await page.setViewportSize({ width: view.width, height: view.height });
        await page.emulateMedia({ colorScheme: view.look, reducedMotion: "reduce" });
        await open(hash, { language: view.language });
        if (view.text) await page.evaluate((size) => document.documentElement.style.setProperty("font-size", size), view.text);
        await page.screenshot({ path: join(folder, `guest${hash ? "" : "-plain"}.${view.name}.png`) });
        assert.deepEqual(await page.evaluate(misfits), []);
        await page.evaluate(axe);
        assert.deepEqual(await page.evaluate(judge), []);
        assert.deepEqual(complaints, []);
      });
    }
  }
});
