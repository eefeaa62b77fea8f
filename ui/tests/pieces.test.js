/** What becomes a link in a message, and what stays text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../call/pieces.js";

/** The links of a text, as shown. @param {string} text */
const links = (text) => pieces(text).flatMap((piece) => (piece.link ? [piece.text] : []));

test("put together, the pieces are the text", () => {
  for (const text of ["", "hello", "https://a.org", "see https://a.org/x, or http://b.org.", "<b>https://a.org</b>", "https://x:y@a.org/ and\nhttps://"]) {
    assert.equal(
      pieces(text)
        .map((piece) => piece.text)
        .join(""),
      text,
    );
  }
});

test("a link ends where the sentence goes on", () => {
  assert.deepEqual(links("Look: https://a.org/b?c=d#e."), ["https://a.org/b?c=d#e"]);
  assert.deepEqual(links("(see https://a.org/wiki/Tea_(meal))"), ["https://a.org/wiki/Tea_(meal)"]);
  assert.deepEqual(links("“https://a.org/”, https://b.org!?…"), ["https://a.org/", "https://b.org"]);
  assert.deepEqual(links("HTTPS://A.org/Path"), ["HTTPS://A.org/Path"]);
});

test("only the web is linked, and nothing that leads elsewhere than it says", () => {
  for (const text of ["javascript:alert(1)", "file:///etc/passwd", "visio://a.org/j#X", "data:text/html,x", "mailto:a@b.org", "ftp://a.org", "https://bank.example@evil.example/", "https://", "http://[", "xhttps://a.org"]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("a link leads to the address that a browser would show", () => {
  const [{ link }] = pieces("https://a.org/<script>");
  assert.equal(link, "https://a.org/");
  assert.equal(pieces("https://bücher.example")[0].link, "https://xn--bcher-kva.example/");
});

test("a text of nothing but links and brackets takes no time", () => {
  const started = performance.now();
  for (const text of ["https://a.org/".padEnd(2000, ")"), "http://".repeat(285), "https://a.org/" + ".".repeat(1900), "https://((((".repeat(160)]) pieces(text);
  assert.ok(performance.now() - started < 500);
});
