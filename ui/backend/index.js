/**
 * The seam between the UI and what is behind it: which backend this page has. One place decides, everything else asks it.
 */
import { browser } from "./browser/index.js";
import { desktop } from "./desktop.js";

/** The app where there is one; otherwise the browser itself. @returns {import("./types.js").Backend} */
export function pickBackend() {
  const tauri = /** @type {any} */ (window).__TAURI__;
  return tauri ? desktop(tauri) : browser();
}
