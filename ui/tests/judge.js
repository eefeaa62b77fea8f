/**
 * What is wrong with a page as it is shown: what can be measured, and what axe-core finds.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** axe-core, to be evaluated in the page before it is asked to {@link judge}. */
export const axeSource = () => readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Runs in the page: what overflows, is too small to hit, or is unlabelled. @returns {string[]} */
export function misfits() {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${root.scrollWidth - root.clientWidth} px too wide`);
  if (document.querySelector(".call") && root.scrollHeight > root.clientHeight) found.push("the call scrolls");
  for (const control of document.querySelectorAll("button, input, select")) {
    const { width, height, left, right } = control.getBoundingClientRect();
    if (!width || control.matches(".link")) continue;
    if (width < 43.9 || height < 43.9) found.push(`${control.id || control.outerHTML.slice(0, 80)} is ${width} × ${height}`);
    if (left < -0.5 || right > innerWidth + 0.5) found.push(`${control.id || control.className} is cut off`);
    if (parseFloat(getComputedStyle(control).fontSize) < 16) found.push(`${control.id} has small text`);
    if (control.scrollWidth > control.clientWidth + 1 && control.matches("button")) found.push(`the words of ${control.id || control.className} overflow`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`${id} is there twice`);
  return found;
}

/** Runs in the page: axe's violations, in a line each. @returns {Promise<string[]>} */
export async function judge() {
  const { violations } = await /** @type {any} */ (window).axe.run();
  return violations.flatMap((/** @type {any} */ rule) => rule.nodes.map((/** @type {any} */ node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
}
