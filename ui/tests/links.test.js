/**
 * Opens invite links as the system would, on the pretended app: on every screen, good ones and broken ones.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { missing } from "./browser.js";
import { eachOnAPage } from "./fake-page.js";

const skip = await missing();

/** An invite, and another one that has been used before, under the name "Sunday family". */
const LINK = "visio://call.example.org/j#K7QF2M9D4TXW8HRBC3NP6VJAY5ZE1GS0";
const OTHER = "visio://call.example.org/j#AAAA";
const OTHER_SHOWN = OTHER.replace("visio:", "https:");
const BROKEN = LINK.replace("K7QF", "U7QF");
const SENTENCE = "This invite has a typing mistake. Check the code.";

describe("links", { skip }, () => {
  /** @type {import("playwright-core").Page} */ let page;
  const { start, focused } = eachOnAPage((fresh) => (page = fresh));
  /** Opens a link while the app runs. @param {string} link */
  const open = (link) => page.evaluate((text) => /** @type {any} */ (window).fake.open(text), link);
  /** The links of the lobbies that were opened. @returns {Promise<string[]>} */
  const opened = () => page.evaluate(() => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === "call_open").map((/** @type {any} */ it) => it.link));
  /** @param {string} name */
  const screen = (name) => page.locator(`[data-screen="${name}"]`).waitFor();

  test("the app, started by a link, opens its lobby", async () => {
    await start(`link=${encodeURIComponent(LINK)}`);
    await screen("lobby");
  });

  test("at home a link opens its lobby, over whatever dialog is open", async () => {
    await start("");
    await page.click("#settings-button");
    await open(OTHER);
    await screen("lobby");
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.deepEqual(await opened(), [OTHER_SHOWN]);
  });

  test("without a name the link waits in the field, and the name is asked for", async () => {
    await start("name=&invites=none");
    await open(LINK);
    await page.locator("#name-error:not(:empty)").waitFor();
    assert.equal(await focused(), "name");
    assert.equal(await page.inputValue("#invite"), LINK);
    await page.keyboard.type("Camille");
    assert.equal(await page.inputValue("#name"), "Camille");
    await page.click("#join-button");
    await screen("lobby");
  });

  test("a broken link is explained at home as a mistyped invite is", async () => {
    await start(`link=${encodeURIComponent(BROKEN)}`);
    await page.locator('#invite-error[data-kind="inviteMistyped"]').getByText(SENTENCE).waitFor();
    assert.equal(await focused(), "invite");
    assert.equal(await page.inputValue("#invite"), BROKEN);
    assert.deepEqual(await opened(), []);
  });

  test("in a lobby a link opens the other lobby, and one to where one is changes nothing", async () => {
    await start("");
    await open(LINK);
    await screen("lobby");
    await open(LINK);
    await open(OTHER);
    await page.getByRole("heading", { name: "Sunday family" }).waitFor();
    assert.equal((await opened()).length, 2);
  });

  test("in a call a broken link is explained, one to the same call changes nothing, and one to another asks first", async () => {
    await start("screen=call&people=2");
    await open(BROKEN);
    await page.locator("#notice").getByText(SENTENCE).waitFor();
    await open(LINK);
    assert.equal(await page.locator("dialog").count(), 0);
    await open(OTHER);
    await page.locator("dialog").getByText("You opened an invite: Sunday family.").waitFor();
    assert.deepEqual(await opened(), []);
    await page.click("#other-stay");
    await page.locator("dialog").waitFor({ state: "detached" });
    await screen("call");
    await open(OTHER);
    await page.click("#other-go");
    await screen("lobby");
    assert.deepEqual(await opened(), [OTHER_SHOWN]);
  });

  test("when the call ends while the question is open, it is answered", async () => {
    await start("screen=call&people=2");
    await open(OTHER);
    await page.locator("#other-go").waitFor();
    await page.evaluate(() => /** @type {any} */ (window).fake.change((/** @type {any} */ state) => (state.phase = "left")));
    await screen("lobby");
    await page.locator("dialog").waitFor({ state: "detached" });
  });
});
