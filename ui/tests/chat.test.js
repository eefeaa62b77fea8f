/**
 * Writes, reads, reacts and raises a hand as a person would, on the pretended app.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { missing } from "./browser.js";
import { eachOnAPage } from "./fake-page.js";

const skip = await missing();

describe("talking by hand", { skip }, () => {
  /** @type {import("playwright-core").Page} */ let page;
  const { start: open, focused } = eachOnAPage((fresh) => (page = fresh));
  /** What was asked of the app, by command. @param {string} command @returns {Promise<any[]>} */
  const asked = (command) => page.evaluate((name) => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === name), command);
  /** Changes the call as the engine would. @param {(state: any) => void} how */
  const change = (how) => page.evaluate(`fake.change(${how})`);
  /** Somebody writes; index -1: oneself. @param {number} index @param {string} text */
  const writes = (index, text) => page.evaluate(([index, text]) => /** @type {any} */ (window).fake.write(index, text, 0), /** @type {const} */ ([index, text]));
  const count = () => page.getAttribute("#chat-button .count", "data-count");

  test("T opens the chat at its field, Enter sends, Shift and Enter make a line, and no key is a shortcut there", async () => {
    await open("screen=call&people=2");
    await page.keyboard.press("t");
    await page.locator("#chat-field").waitFor();
    assert.equal(await focused(), "chat-field");
    assert.equal(await page.inputValue("#chat-field"), "", "the key itself is not typed");
    await page.keyboard.type("Hem, come here");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("my dear");
    await page.keyboard.press("Enter");
    await page.locator(".message.mine .text").waitFor();
    assert.deepEqual((await asked("chat_say")).map(({ text }) => text), ["Hem, come here\nmy dear"]);
    assert.equal(await page.inputValue("#chat-field"), "");
    assert.deepEqual([(await asked("set_muted")).length, (await asked("raise_hand")).length], [0, 0]);
    await page.keyboard.press("Enter");
    assert.equal((await asked("chat_say")).length, 1, "nothing is not sent");
  });

  test("what is being typed stays when the panel is closed, also while others write", async () => {
    await open("screen=call&people=2");
    await page.click("#chat-button");
    await page.keyboard.type("I was about to say");
    await page.keyboard.press("Escape");
    await page.locator("#panel").waitFor({ state: "detached" });
    assert.equal(await focused(), "chat-button");
    await writes(0, "Me first");
    await page.click("#chat-button");
    assert.equal(await page.inputValue("#chat-field"), "I was about to say");
  });

  test("what can't be sent comes back into the field, with words", async () => {
    await open("screen=call&people=2&say=refused");
    await page.click("#chat-button");
    await page.fill("#chat-field", "Hello");
    await page.click("#chat-send");
    await page.locator("#notice").waitFor();
    assert.equal(await page.inputValue("#chat-field"), "Hello");
  });

  test("new messages pass by and are counted while the chat is closed, and are announced while it is open", async () => {
    await open("screen=call&people=2");
    await writes(0, "Dinner is ready");
    await page.locator("#notice", { hasText: "Léa: Dinner is ready" }).waitFor();
    assert.equal(await count(), "1");
    assert.equal(await page.getAttribute("#chat-button", "aria-label"), "Chat: 1 new message");
    await writes(1, "Come!");
    await page.locator("#notice", { hasText: "Come!" }).waitFor();
    assert.equal(await count(), "2");
    await writes(-1, "Mine is no news");
    assert.equal(await count(), "2");
    await page.click("#notice-action");
    await page.locator("#chat-field").waitFor();
    assert.equal(await page.locator("#chat-button .count").count(), 0);
    assert.equal(await page.locator("#notice").count(), 0);
    await writes(0, "Now or never");
    await page.locator("#announcement", { hasText: "Léa: Now or never" }).waitFor({ state: "attached" });
    assert.equal(await page.locator("#notice").count(), 0);
  });

  test("who comes late is told how much was written before", async () => {
    await open("screen=call&people=2&scene=chat");
    await page.locator("#notice", { hasText: "4 new messages" }).waitFor();
    assert.equal(await count(), "4");
    await page.click("#chat-button");
    await page.getByText("as Léa tells it").waitFor();
    await page.getByText("Not delivered to Grand-père yet.").waitFor();
  });

  test("nothing is rendered as HTML, and a link opens in the browser, not in the window", async () => {
    await open("screen=call&people=2");
    await page.click("#chat-button");
    await writes(0, '<img src=x onerror="document.title=1"><b>x</b> javascript:alert(1) https://example.org/a?b=1&c=<i>. https://bank.example@evil.example/');
    const text = page.locator(".message .text").first();
    await text.waitFor();
    assert.deepEqual(await text.locator("*").evaluateAll((all) => all.map((it) => it.tagName)), ["A"]);
    const before = page.url();
    await text.locator("a").click();
    await text.locator("a").click({ modifiers: ["Control"] });
    await page.waitForFunction(() => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === "open_link").length === 2);
    assert.deepEqual((await asked("open_link"))[0].url, "https://example.org/a?b=1&c=");
    assert.equal(page.url(), before);
    assert.equal(page.context().pages().length, 2, "no window was opened");
  });

  test("who reads what was written before is left there, and is at the end again after writing", async () => {
    await open("screen=call&people=2");
    await page.click("#chat-button");
    for (let n = 0; n < 40; n++) await writes(0, `Line ${n}`);
    await page.locator(".message", { hasText: "Line 39" }).waitFor();
    const list = page.locator("#messages");
    const fromEnd = () => list.evaluate((it) => Math.round(it.scrollHeight - it.scrollTop - it.clientHeight));
    assert.ok((await fromEnd()) < 4, "it follows");
    // In one breath: what is written arrives before the page is told that it was scrolled.
    await list.evaluate((it) => {
      it.scrollTo(0, 0);
      /** @type {any} */ (window).fake.write(0, "One more", 0);
    });
    await page.locator(".message", { hasText: "One more" }).waitFor();
    assert.equal(await list.evaluate((it) => it.scrollTop), 0);
    await page.fill("#chat-field", "I have read it");
    await page.keyboard.press("Enter");
    await page.locator(".message.mine").waitFor();
    assert.ok((await fromEnd()) < 4);
  });

  test("hands stand on the tiles and among the people, in their order, one's own too", async () => {
    await open("screen=call&people=3");
    await change((state) => (state.people[2].hand = 1000));
    await page.locator('[data-test="tile"] [data-test="hand"]', { hasText: "1" }).waitFor();
    await page.locator("#announcement", { hasText: "Inès raises a hand." }).waitFor({ state: "attached" });
    await page.keyboard.press("h");
    await page.locator('#hand-button[aria-pressed="true"]').waitFor();
    await page.locator('.own [data-test="hand"]', { hasText: "2" }).waitFor();
    await change((state) => (state.people[0].hand = 500));
    await page.locator('.own [data-test="hand"]', { hasText: "3" }).waitFor();
    await page.click("#people-button");
    const names = await page.locator('[data-test="person"] h3').allTextContents();
    assert.deepEqual(names.map((it) => it.replace(/^./, "")), ["Camille (you)", "Léa", "Inès", "Grand-père"]);
    assert.equal(await page.locator('.people [data-test="hand"]').count(), 3);
    await page.click("#hand-button");
    await page.locator('#hand-button[aria-pressed="false"]').waitFor();
    assert.deepEqual((await asked("raise_hand")).map(({ up }) => up), [true, false]);
  });

  test("a feeling is chosen from the menu by keyboard, shown on one's tile, and that of another on theirs", async () => {
    await open("screen=call&people=2");
    await page.focus("#react-button");
    await page.keyboard.press("Enter");
    await page.locator("#menu").waitFor();
    assert.equal(await focused(), "feel-like");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator('.own [data-test="feeling"][data-kind="love"]').waitFor();
    assert.equal(await focused(), "react-button");
    assert.deepEqual((await asked("chat_react")).map(({ feeling }) => feeling), ["love"]);
    await change((state) => (state.people[0].reaction = { kind: "laugh", number: 1 }));
    await page.locator('[data-test="tile"] [data-kind="laugh"]').waitFor();
    await page.locator("#announcement", { hasText: "Léa reacts: Laughing" }).waitFor({ state: "attached" });
  });

  test("the menu closes with Esc and with a press beside it, and the panel stays", async () => {
    await open("screen=call&people=2");
    await page.click("#chat-button");
    await page.click("#react-button");
    await page.locator("#menu").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#menu").waitFor({ state: "detached" });
    assert.equal(await page.locator("#panel").count(), 1);
    await page.click("#react-button");
    await page.locator("#menu").waitFor();
    await page.locator(".stage").click({ position: { x: 30, y: 30 } });
    await page.locator("#menu").waitFor({ state: "detached" });
  });

  test("who is at the end stays there when a phone's keyboard comes and goes", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open("screen=call&people=2");
    await page.click("#chat-button");
    for (let n = 0; n < 40; n++) await writes(0, `Line ${n}`);
    const list = page.locator("#messages");
    for (const height of [440, 740]) {
      const seen = await list.evaluate((it) => it.clientHeight);
      await page.setViewportSize({ width: 360, height });
      await page.waitForFunction((seen) => document.querySelector("#messages")?.clientHeight !== seen, seen);
      await writes(0, `With ${height}`);
      await page.locator(".message", { hasText: `With ${height}` }).waitFor();
      assert.ok((await list.evaluate((it) => it.scrollHeight - it.scrollTop - it.clientHeight)) < 4, `at ${height}`);
    }
  });

  test("on a phone hand, devices and invite are in the menu, and the focus comes back to it", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open("screen=call&people=2");
    await page.click("#more-button");
    await page.click("#more-hand");
    await page.locator('.own [data-test="hand"]').waitFor();
    await page.click("#more-button");
    await page.click("#more-devices");
    await page.locator('#panel [data-test="camera-select"]').waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#panel").waitFor({ state: "detached" });
    assert.equal(await focused(), "more-button");
  });

  test("a call that is over leaves nothing behind", async () => {
    await open("screen=call&people=2&scene=chat");
    await page.click("#chat-button");
    await page.fill("#chat-field", "Not sent");
    await page.click("#leave-button");
    await page.locator("#rejoin-button").waitFor();
    await page.evaluate(() => /** @type {any} */ (window).__TAURI__.core.invoke("call_open", { link: "https://call.example.org/j#AAAA" }));
    await page.click("#lobby-join");
    await page.click("#chat-button");
    assert.equal(await page.inputValue("#chat-field"), "");
  });
});
