/**
 * One key each, where no one is typing: M microphone, C camera, T chat, H hand, F full screen, Esc closes the panel.
 */
import { toggleCamera, toggleFullscreen, toggleMicrophone } from "./actions.js";
import { call, dialog, menu, panel } from "./state.js";
import { toggleChat, toggleHand } from "./talk.js";

/** Key → what it does. Shown in the tooltips. @type {Record<string, () => void>} */
const KEYS = {
  m: () => void toggleMicrophone(),
  c: () => void toggleCamera(),
  f: () => toggleFullscreen(),
  t: () => toggleChat(),
  h: () => void toggleHand(),
  escape: () => (menu.value ? (menu.value = null) : (panel.value = null)),
};

export function listenForShortcuts() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || dialog.value || !call.value) return;
    if (event.target instanceof Element && event.target.closest("input, select, textarea")) {
      if (event.key !== "Escape") return;
    }
    const act = KEYS[event.key.toLowerCase()];
    if (!act) return;
    // A key that opens a field is not typed into it.
    event.preventDefault();
    act();
  });
}
