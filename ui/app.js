/**
 * Starts the UI: finds what is behind it, then shows the screen the call asks for.
 */
import { pickBackend } from "./backend/index.js";
import { begin, say } from "./actions.js";
import { html, render, useEffect, useRef } from "./html.js";
import { t } from "./i18n/words.js";
import { Announcer } from "./parts/announcer.js";
import { Notice } from "./parts/notice.js";
import { Call } from "./screens/call.js";
import { Codec } from "./screens/codec.js";
import { Doctor } from "./screens/doctor.js";
import { Failed } from "./screens/failed.js";
import { Guest } from "./screens/guest.js";
import { Home } from "./screens/home.js";
import { Lobby } from "./screens/lobby.js";
import { OtherCall } from "./screens/other.js";
import { Settings } from "./screens/settings.js";
import { StartCall } from "./screens/start.js";
import { dialog, environment, screen } from "./state.js";
import { listenForShortcuts } from "./shortcuts.js";
import { followSharing } from "./sharing.js";
import { followTalk } from "./talk.js";

const SCREENS = { home: Home, lobby: Lobby, call: Call, failed: Failed };

function App() {
  const shown = screen.value;
  const first = useRef(true);
  useEffect(() => {
    const heading = /** @type {HTMLElement | null} */ (document.querySelector("h1"));
    const lost = document.activeElement === document.body && !first.current;
    if (lost) heading?.focus({ preventScroll: true });
    first.current = false;
    document.title = `${heading?.textContent ?? ""} · ${t("app.name")}`;
  }, [shown]);
  const Screen = shown === "home" && environment.value.guest ? Guest : SCREENS[shown];
  return html`
    <${Screen} />
    <${Notice} />
    <${Announcer} />
    ${dialog.value === "settings" && html`<${Settings} />`} ${dialog.value === "start" && html`<${StartCall} />`}
    ${dialog.value === "other" && html`<${OtherCall} />`} ${dialog.value === "doctor" && html`<${Doctor} />`}
    ${dialog.value === "codec" && html`<${Codec} />`}
  `;
}

async function start() {
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  await begin(pickBackend()).catch(say);
  followTalk();
  followSharing();
  listenForShortcuts();
  render(html`<${App} />`, root);
}

void start();
