/**
 * Light or dark: as the person chose, or as the system says, also when it changes its mind.
 */

const systemDark = matchMedia("(prefers-color-scheme: dark)");
let chosen = "system";

/** @param {"system" | "light" | "dark"} look */
export function applyLook(look) {
  chosen = look;
  document.documentElement.dataset.look = look === "system" ? (systemDark.matches ? "dark" : "light") : look;
}

systemDark.addEventListener("change", () => applyLook(/** @type {any} */ (chosen)));
