/**
 * The seam between the UI and what is behind it: which backend this page has. One place decides, everything else asks it.
 */
import { desktop } from "./desktop.js";

/** @returns {import("./types.js").Backend | null} null: this page was opened outside the app */
export function pickBackend() {
  const tauri = /** @type {any} */ (window).__TAURI__;
  return tauri ? desktop(tauri) : null;
}
