/**
 * One key each, where no one is typing: M microphone, C camera, F full screen, Esc closes the panel.
 */
import { toggleCamera, toggleFullscreen, toggleMicrophone } from "./actions.js";
import { call, dialog, panel } from "./state.js";

/** Key → what it does. Shown in the tooltips. @type {Record<string, () => void>} */
const KEYS = {
  m: () => void toggleMicrophone(),
  c: () => void toggleCamera(),
  f: () => toggleFullscreen(),
  escape: () => (panel.value = null),
};

export function listenForShortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || dialog.value || !call.value) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea")) {
      if (event.key !== "Escape") return;
    }
    KEYS[event.key.toLowerCase()]?.();
  });
}
