/**
 * Uses the UI as a person would, on the pretended app: by keyboard, by pointer, when things go wrong.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inflateSync } from "node:zlib";
import { missing } from "./browser.js";
import { eachOnAPage } from "./fake-page.js";

const skip = await missing();

const CODE = "K7QF2M9D4TXW8HRBC3NP6VJAY5ZE1GS0";
const LINK = `https://call.example.org/j#${CODE}`;

describe("using it", { skip }, () => {
  /** @type {import("playwright-core").Page} */ let page;
  const { start: open, focused } = eachOnAPage((fresh) => (page = fresh));
  /** What was asked of the app, by command. @param {string} command @returns {Promise<any[]>} */
  const asked = (command) => page.evaluate((name) => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === name), command);
  /** Changes the call as the engine would. @param {(state: any) => void} how */
  const change = (how) => page.evaluate(`fake.change(${how})`);

  test("from the name to the call and back, with nothing but the keyboard", async () => {
    await open("name=&invites=none&people=2");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "settings-button");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "name");
    await page.keyboard.type("Camille");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "invite");
    await page.keyboard.type(LINK);
    await page.keyboard.press("Enter");
    await page.locator("#lobby-join").waitFor();
    assert.deepEqual((await asked("call_open")).map(({ link, name }) => [link, name]), [[LINK, "Camille"]]);
    while ((await focused()) !== "lobby-join") await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator('[data-screen="call"]').waitFor();
    while ((await focused()) !== "leave-button") await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#rejoin-button").waitFor();
  });

  test("the connection is tested from the settings, each thing with its sentence, and can be tested again", async () => {
    await open("doctor=blocked");
    await page.click("#settings-button");
    await page.click("#test-connection");
    await page.locator('#conclusion[data-done="true"]').waitFor();
    assert.equal(await page.locator(".checks li[data-verdict]").count(), 9);
    assert.equal(await page.locator("#check-camera").getAttribute("data-verdict"), "bad");
    assert.match((await page.locator("#check-relayUdp").textContent()) ?? "", /port 3478/);
    assert.deepEqual((await asked("doctor")).map(({ link }) => link), ["https://call.example.org/j#AAAA"], "with the latest invite");
    await page.click("#doctor-again");
    await page.waitForFunction(() => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === "doctor").length === 2);
    await page.keyboard.press("Escape");
    await page.locator("#doctor").waitFor({ state: "detached" });
  });

  test("where the video codec is not built in it is fetched at the start, said whose it is, and removed again", async () => {
    await open("codec=missing&codec-server=gone");
    await page.locator("#codec").waitFor();
    assert.match((await page.locator("#codec").textContent()) ?? "", /OpenH264 Video Codec provided by Cisco Systems, Inc\./);
    await page.click("#codec-fetch");
    await page.waitForFunction(() => /Cisco/.test(document.getElementById("codec-trouble")?.textContent ?? ""));
    await page.click("#codec-fetch");
    await page.locator("#codec").waitFor({ state: "detached" });
    assert.equal((await asked("codec_fetch")).length, 2);
    await page.click("#settings-button");
    await page.click("#codec-switch");
    await page.locator("#codec-switch", { hasText: "Download" }).waitFor();
    assert.equal((await asked("codec_remove")).length, 1);
  });

  test("whoever wants no codec now is told in the lobby what that means, and can have it there", async () => {
    await open("codec=missing");
    await page.click("#codec-later");
    await page.fill("#invite", "https://call.example.org/j#AAAA");
    await page.click("#join-button");
    await page.locator("#lobby-codec").waitFor();
    await page.click("#lobby-codec-fetch");
    await page.click("#codec-fetch");
    await page.locator("#lobby-codec").waitFor({ state: "detached" });
  });

  test("a call that failed is left before its connection is tested, and its invite is at hand afterwards", async () => {
    await open("screen=call&people=1");
    await change((state) => Object.assign(state, { phase: "failed", trouble: { kind: "serverUnreachable" } }));
    await page.click("#failed-test");
    await page.locator('#conclusion[data-done="true"]').waitFor();
    assert.equal((await asked("call_leave")).length, 1);
    const [{ link }] = await asked("doctor");
    await page.keyboard.press("Escape");
    assert.equal(await page.inputValue("#invite"), link);
  });

  test("without a server a call is held on this computer, and its invite says for whom it is", async () => {
    await open("people=0");
    await page.click("#start-button");
    await page.click("#start-near");
    await page.locator("#lobby-near").waitFor();
    assert.equal((await asked("call_host")).length, 1);
    await page.click("#lobby-copy");
    await page.locator("#notice", { hasText: "same network" }).waitFor();
    await page.click("#lobby-join");
    await page.locator('[data-test="alone"]', { hasText: "people on this network" }).waitFor();
    assert.match((await page.locator("#invite-code").textContent()) ?? "", /^192\.168\.1\.20:8471 /);
  });

  test("on no network at all it is said that there is none", async () => {
    await open("network=none");
    await page.click("#start-button");
    await page.click("#start-near");
    await page.locator("#start-near-error", { hasText: "Wi-Fi" }).waitFor();
  });

  test("without a name nothing is joined, and the name is asked for", async () => {
    await open("name=&invites=none");
    await page.fill("#invite", LINK);
    await page.click("#join-button");
    await page.locator("#name-error:not(:empty)").waitFor();
    assert.equal(await focused(), "name");
    assert.deepEqual(await asked("call_open"), []);
  });

  for (const [text, kind] of [
    ["", "inviteEmpty"],
    [CODE, "inviteNoServer"],
    ["call.example.org K7QF-2M9D", "inviteIncomplete"],
    [LINK.replace("K7QF", "U7QF"), "inviteMistyped"],
  ]) {
    test(`a wrong invite (${kind}) is explained before any request, and the field keeps what was typed`, async () => {
      await open("");
      await page.fill("#invite", text);
      await page.click("#join-button");
      await page.locator(`#invite-error[data-kind="${kind}"]:not(:empty)`).waitFor();
      assert.equal(await page.inputValue("#invite"), text);
      assert.equal(await page.getAttribute("#invite", "aria-invalid"), "true");
      assert.deepEqual(await asked("call_open"), []);
    });
  }

  test("starting a call asks once for server and host code, explains a wrong one, and remembers the right ones", async () => {
    await open("");
    await page.click("#start-button");
    await page.fill("#server", "call.example.org");
    await page.fill("#host-code", "wrong");
    await page.click("#start-submit");
    await page.getByText("This host code is not the one of that server").waitFor();
    await page.fill("#host-code", "7342-9911");
    await page.click("#start-submit");
    await page.locator("#lobby-join").waitFor();
    await page.click("#lobby-back");
    await page.click("#start-button");
    await page.locator("#lobby-join").waitFor();
    assert.equal((await asked("call_create")).at(-1).hostCode, "7342-9911");
  });

  test("an invite handed over at the start opens its lobby", async () => {
    await open(`autoInvite=${encodeURIComponent(LINK)}`);
    await page.locator("#lobby-join").waitFor();
  });

  test("an earlier invite is renamed, removed, and brought back", async () => {
    await open("");
    const entries = page.locator('[data-test="earlier"]');
    await entries.first().locator('[data-test="rename"]').click();
    await page.fill('[data-test="label"]', "Cousins");
    await page.keyboard.press("Enter");
    await entries.first().getByText("Cousins").waitFor();
    await entries.first().locator('[data-test="remove"]').click();
    assert.equal(await entries.count(), 1);
    await page.click("#notice-action");
    await entries.getByText("Cousins").waitFor();
    assert.equal((await asked("settings_set")).at(-1).settings.invites.length, 2);
  });

  test("noise and music are switched in the settings, and remembered; for music nothing is taken out", async () => {
    await open("");
    await page.click("#settings-button");
    assert.equal(await page.isChecked("#noise-suppression"), true);
    await page.uncheck("#noise-suppression");
    await page.check("#music");
    assert.equal(await page.isDisabled("#noise-suppression"), true);
    const { settings } = (await asked("settings_set")).at(-1);
    assert.deepEqual([settings.noiseSuppression, settings.music], [false, true]);
    assert.deepEqual(await asked("set_music"), [], "there is no call to tell");
  });

  test("M and C switch microphone and camera, but not while typing", async () => {
    await open("screen=call&people=2");
    await page.keyboard.press("m");
    await page.locator('#microphone-switch[aria-checked="false"]').waitFor();
    await page.keyboard.press("c");
    await page.locator('#camera-switch[aria-checked="false"]').waitFor();
    await page.getByText("Your camera is off.").first().waitFor();
    await page.keyboard.press("m");
    await page.locator('#microphone-switch[aria-checked="true"]').waitFor();
    await page.keyboard.press("d");
    await page.click("#devices-button");
    await page.focus('[data-test="camera-select"]');
    await page.keyboard.press("m");
    assert.equal((await asked("set_muted")).length, 2);
  });

  test("devices change in mid-call, and the choice is remembered", async () => {
    await open("screen=call&people=2");
    await page.click("#devices-button");
    await page.selectOption('[data-test="camera-select"]', "device:1");
    await page.waitForFunction(() => /** @type {any} */ (window).fake.log.some((/** @type {any} */ it) => it.command === "settings_set"));
    assert.deepEqual((await asked("select_device")).map(({ kind, spec }) => [kind, spec]), [["camera", "device:1"]]);
    assert.equal((await asked("settings_set")).at(-1).settings.camera, "device:1");
  });

  test("the panel takes the focus, Esc closes it and gives the focus back", async () => {
    await open("screen=call&people=2");
    await page.click("#people-button");
    await page.locator("#panel").waitFor();
    assert.equal(await focused(), "panel-title");
    await page.keyboard.press("Escape");
    await page.locator("#panel").waitFor({ state: "detached" });
    assert.equal(await focused(), "people-button");
  });

  test("the details say what limits each picture, and nothing of somebody who sends none", async () => {
    await open("screen=call&people=4");
    await page.click("#people-button");
    await page.locator("#panel").waitFor();
    const limits = page.locator('[data-test="limit"]');
    assert.deepEqual(await limits.allTextContents(), ["Nothing: it is as good as it can be", "The relay on the way", "Nothing: it is as good as it can be"]);
    await change((state) => (state.people[0].limitedBy = "theirUplink"));
    await limits.first().getByText("Their connection").waitFor();
  });

  test("a dialog keeps the focus inside, Esc closes it and gives the focus back", async () => {
    await open("");
    await page.click("#settings-button");
    await page.locator("dialog[open]").waitFor();
    for (let press = 0; press < 12; press++) {
      await page.keyboard.press("Tab");
      assert.ok(await page.evaluate(() => document.querySelector("dialog")?.contains(document.activeElement)));
    }
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    assert.equal(await focused(), "settings-button");
  });

  test("language and look change at once", async () => {
    await open("");
    await page.click("#settings-button");
    await page.selectOption("#language", "fr");
    await page.getByRole("heading", { name: "Réglages" }).waitFor();
    assert.equal(await page.getAttribute("html", "lang"), "fr");
    await page.selectOption("#look", "dark");
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(21, 25, 30)");
  });

  test("the bar fades after four seconds of stillness and is back at any key; while it has the focus it stays", async () => {
    await page.clock.install();
    await open("screen=call&people=2");
    await page.clock.fastForward(4_100);
    await page.locator(".quiet-now").waitFor();
    await page.keyboard.press("Shift");
    await page.locator(".call:not(.quiet-now)").waitFor();
    await page.keyboard.press("Tab");
    while ((await focused()) !== "leave-button") await page.keyboard.press("Tab");
    await page.clock.fastForward(4_100);
    assert.equal(await page.locator(".quiet-now").count(), 0);
  });

  test("waiting says what for after five seconds, and offers something to do after fifteen", async () => {
    await page.clock.install();
    await open("screen=call&people=1&scene=connecting");
    await page.getByText("Connecting to Léa…").waitFor();
    await page.clock.fastForward(5_000);
    await page.getByText("Waiting for Léa’s computer to answer.").waitFor();
    await page.clock.fastForward(10_000);
    await page.click('[data-test="tile-rejoin"]');
    await page.waitForFunction(() => /** @type {any} */ (window).fake.log.filter((/** @type {any} */ it) => it.command === "call_join").length === 1);
  });

  test("rejoining is offered for a minute, no longer", async () => {
    await page.clock.install();
    await open("screen=call&people=2");
    await page.click("#leave-button");
    await page.locator("#rejoin-button").waitFor();
    await page.clock.fastForward(59_000);
    assert.equal(await page.locator("#rejoin-button").count(), 1);
    await page.clock.fastForward(1_500);
    await page.locator("#rejoin-button").waitFor({ state: "detached" });
  });

  test("who comes and goes is announced; a tile stays the same when its person reconnects", async () => {
    await open("screen=call&people=2");
    const tiles = page.locator('[data-test="tile"]');
    const first = await tiles.first().elementHandle();
    await change((state) => (state.people[0].connection = "retrying"));
    await page.locator('[data-connection="retrying"]').waitFor();
    await change((state) => (state.people[0].connection = "connected"));
    assert.ok(await tiles.first().evaluate((element, before) => element === before, first));
    await change((state) => state.people.pop());
    await page.getByText("Grand-père left the call.").waitFor({ state: "attached" });
    assert.equal(await tiles.count(), 1);
  });

  test("one's own picture moves by arrow keys and by dragging, can be hidden, and then costs no frames", async () => {
    await open("screen=call&people=4");
    await page.focus("#own-move");
    await page.keyboard.press("ArrowDown");
    await page.locator('[data-corner="bottom-right"]').waitFor();
    await page.hover("#own-move");
    await page.mouse.down();
    await page.mouse.move(80, 80, { steps: 4 });
    await page.mouse.up();
    await page.locator('[data-corner="top-left"]').waitFor();
    await page.click("#own-hide");
    await page.locator("#own-show").waitFor();
    const before = await page.evaluate(() => /** @type {any} */ (window).fake.acknowledged.me);
    await page.waitForFunction((id) => /** @type {any} */ (window).fake.acknowledged[id] > 20, "1".padStart(32, "0"));
    assert.ok((await page.evaluate(() => /** @type {any} */ (window).fake.acknowledged.me)) <= before + 2);
  });

  for (const [brush, prepare] of /** @type {[string, string][]} */ ([
    ["WebGL2", ""],
    ["2D, where WebGL2 is missing,", "const get = HTMLCanvasElement.prototype.getContext; HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"],
  ])) {
    test(`${brush} draws everybody's picture in its colours, one's own mirrored`, async () => {
      await page.addInitScript(prepare);
      await open("screen=call&people=3");
      await page.waitForFunction(() => Object.keys(JSON.parse(document.querySelector("canvas")?.dataset.drawn ?? "{}")).length === 4);
      for (const tile of await page.locator('[data-test="tile"][data-picture="true"], [data-test="own-tile"]').all()) {
        const box = await tile.boundingBox();
        assert.ok(box);
        const face = await colour(page, box.x + box.width / 2, box.y + box.height * 0.45);
        const wall = await colour(page, box.x + box.width * 0.1, box.y + box.height * 0.15);
        const bright = (/** @type {number[]} */ [red, green, blue]) => red + green + blue;
        assert.ok(bright(face) > bright(wall) + 150, `${face} over ${wall}`);
      }
      const own = await page.locator('[data-test="own-tile"]').boundingBox();
      assert.ok(own);
      const [left, right] = [await colour(page, own.x + 30, own.y + 30), await colour(page, own.x + own.width - 60, own.y + 30)];
      assert.ok(left[0] + left[1] + left[2] > right[0] + right[1] + right[2], "the fake's pictures grow brighter to the right; a mirror to the left");
    });
  }

  test("a picture that pauses stays on its tile under a word, and the word goes when it flows again", async () => {
    await open("screen=call&people=2&scene=paused");
    const tile = page.locator('[data-test="tile"][data-paused="true"]');
    await tile.getByText("Picture paused: Grand-père’s connection is weak.").waitFor();
    assert.equal(await tile.getAttribute("data-picture"), "true");
    await change((state) => (state.people[1].paused = false));
    await tile.waitFor({ state: "detached" });
    await change((state) => Object.assign(state.people[1], { paused: true, picture: false }));
    await tile.getByText("Picture paused: Grand-père’s connection is weak.").waitFor();
    await change((state) => (state.people[1].cameraOff = true));
    await page.getByText("Grand-père’s camera is off.").waitFor();
  });

  test("a hidden window asks for no pictures, and for all of them when it is seen again", async () => {
    await open("screen=call&people=2");
    const wanted = () => page.evaluate(() => /** @type {any} */ (window).fake.wanted.map((/** @type {any} */ it) => it.id));
    await page.waitForFunction(() => /** @type {any} */ (window).fake.wanted?.length === 3);
    const before = await wanted();
    const see = (/** @type {boolean} */ hidden) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await see(true);
    assert.deepEqual(await wanted(), []);
    await see(false);
    assert.deepEqual(await wanted(), before);
  });

  test("where the socket can't be had, pictures are pulled from the fallback address", async () => {
    let pulled = 0;
    /** @type {string[]} */
    const shown = [];
    await page.route("**/frames/tiles?**", async (route) => {
      shown.push(new URL(route.request().url()).searchParams.get("shown") ?? "");
      await route.fulfill({ status: 204 });
    });
    await page.route("**/frames/frame?**", async (route) => {
      const after = Number(new URL(route.request().url()).searchParams.get("after"));
      pulled = Math.max(pulled, after);
      const frame = new DataView(new ArrayBuffer(24 + 6));
      frame.setUint16(16, 2, true);
      frame.setUint16(18, 2, true);
      frame.setUint32(20, after + 1, true);
      await route.fulfill({ body: Buffer.from(frame.buffer) });
    });
    await open("screen=call&people=0&socket=refused");
    await page.waitForFunction(() => JSON.parse(document.querySelector("canvas")?.dataset.drawn ?? "{}").me > 3);
    assert.ok(pulled >= 3);
    assert.match(shown.at(-1) ?? "", /^me:\d+$/);
  });

  test("a call that can't go on says why, and offers only what can help", async () => {
    await open("screen=call&people=1&scene=failed");
    await page.locator('#failure[data-kind="roomGone"]').waitFor();
    assert.equal(await page.locator("#try-again").count(), 0);
    await page.click("#failed-back");
    await page.locator('[data-screen="home"]').waitFor();
  });

  test("nothing on the page breaks the content security policy", async () => {
    /** @type {string[]} */
    const complaints = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await open("screen=call&people=4");
    await page.click("#people-button");
    await page.click("#invite-button");
    await page.locator("#notice").waitFor();
    assert.deepEqual(complaints, []);
  });

  test("a screen is chosen by keyboard, said to be shared all the time, and no longer shared", async () => {
    await open("screen=call&people=2");
    await page.locator("#share-button").focus();
    await page.keyboard.press("Enter");
    await page.locator('[data-test="share-choice"]').first().waitFor();
    while ((await page.evaluate(() => /** @type {any} */ (document.activeElement).dataset.id)) !== "window:8") await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#sharing-line").waitFor();
    assert.deepEqual((await asked("share_screen")).map(({ spec }) => spec), ["window:8"]);
    assert.equal(await page.locator("#panel").count(), 0);
    await change((state) => (state.me.screen.status = "lost"));
    await page.locator('#sharing-line[data-status="lost"]').waitFor();
    await page.click("#sharing-stop");
    await page.locator("#sharing-line").waitFor({ state: "detached" });
    assert.deepEqual((await asked("share_screen")).map(({ spec }) => spec), ["window:8", "none"]);
  });

  test("where the system asks what to share it does so at once, and it is said until there is an answer", async () => {
    await open("screen=call&people=2&screens=asked");
    await page.click("#share-button");
    await page.locator("#sharing-line").waitFor();
    assert.deepEqual((await asked("share_screen")).map(({ spec }) => spec), ["default"]);
    assert.equal(await page.locator("#panel").count(), 0);
    await change((state) => (state.me.screen.status = "opening"));
    await page.getByText("The system asks you what to share.").waitFor();
    await change((state) => Object.assign(state.me.screen, { spec: "none", status: "none", source: null }));
    await page.locator("#sharing-line").waitFor({ state: "detached" });
  });

  test("a screen that somebody shares is a tile of its own, asked for as tall as it is, and gone when they stop", async () => {
    await open("screen=call&people=2&scene=screen");
    const tile = page.locator('[data-test="screen-tile"]');
    await tile.waitFor();
    assert.match((await tile.textContent()) ?? "", /Léa’s screen/);
    const wanted = () => page.evaluate(() => /** @type {any} */ (window).fake.wanted.find((/** @type {any} */ it) => it.id.startsWith("screen-")));
    await page.waitForFunction(() => /** @type {any} */ (window).fake.acknowledged[`screen-${"1".padStart(32, "0")}`] > 0);
    assert.ok((await wanted()).height > 400);
    await change((state) => (state.people[0].screen.paused = true));
    await page.locator('[data-test="screen-tile"][data-paused="true"] .instead').waitFor();
    await change((state) => (state.people[0].screen = null));
    await tile.waitFor({ state: "detached" });
    assert.equal(await wanted(), undefined);
  });
});

/** The colour of one pixel of the page. @param {import("playwright-core").Page} page @param {number} x @param {number} y */
async function colour(page, x, y) {
  const png = await page.screenshot({ clip: { x: Math.round(x), y: Math.round(y), width: 1, height: 1 } });
  /** @type {Buffer[]} */
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return [...inflateSync(Buffer.concat(parts)).subarray(1, 4)];
}
