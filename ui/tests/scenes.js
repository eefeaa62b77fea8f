/**
 * What the UI is looked at in: the scenes of the pretended app, and the ways of showing each.
 */

/** @typedef {{ name: string, query: string, open?: string[] }} Scene  open: ids to click, in order */
/** @typedef {{ name: string, language: string, look: "light" | "dark", width: number, height: number, text?: string, only?: string[] }} View */

/** The scenes with most in them, for the views that differ least. */
const FULLEST = ["home", "home-first", "settings", "doctor-blocked", "lobby-no-camera", "call-alone", "call-4", "call-7", "call-unconnected", "call-people", "call-chat", "call-menu", "call-other"];

/** @type {Scene[]} */
export const SCENES = [
  { name: "home", query: "" },
  { name: "home-first", query: "name=&invites=none", open: ["join-button"] },
  { name: "home-explained", query: "server=call.example.org", open: ["join-button"] },
  { name: "start", query: "", open: ["start-button"] },
  { name: "settings", query: "", open: ["settings-button"] },
  { name: "doctor", query: "", open: ["settings-button", "test-connection"] },
  { name: "doctor-blocked", query: "doctor=blocked", open: ["settings-button", "test-connection"] },
  { name: "codec", query: "codec=missing&codec-server=slow", open: ["codec-fetch"] },
  { name: "lobby-codec", query: "codec=missing&screen=lobby&people=2" },
  { name: "lobby", query: "screen=lobby&people=2" },
  { name: "lobby-no-camera", query: "screen=lobby&people=1&scene=nocamera&when=lobby" },
  { name: "call-alone", query: "screen=call&people=0" },
  { name: "call-near", query: "people=0", open: ["start-button", "start-near", "lobby-join"] },
  { name: "lobby-near", query: "people=0", open: ["start-button", "start-near"] },
  { name: "call-1", query: "screen=call&people=1" },
  { name: "call-2", query: "screen=call&people=2" },
  { name: "call-4", query: "screen=call&people=4" },
  { name: "call-7", query: "screen=call&people=7" },
  { name: "call-connecting", query: "screen=call&people=3&scene=connecting" },
  { name: "call-unconnected", query: "screen=call&people=4&scene=unconnected" },
  { name: "call-paused", query: "screen=call&people=2&scene=paused" },
  { name: "call-screen", query: "screen=call&people=4&scene=screen" },
  { name: "call-screens", query: "screen=call&people=2&scene=screens" },
  { name: "call-share", query: "screen=call&people=2", open: ["share-button"] },
  { name: "call-share-none", query: "screen=call&people=2&screens=none", open: ["share-button"] },
  { name: "call-sharing", query: "screen=call&people=2&scene=sharing" },
  { name: "call-sharing-lost", query: "screen=call&people=2&scene=sharinglost" },
  { name: "call-slow", query: "screen=call&people=2&scene=slow" },
  { name: "call-offline", query: "screen=call&people=3&scene=offline" },
  { name: "call-refused", query: "screen=call&people=2&scene=refused" },
  { name: "call-people", query: "screen=call&people=4", open: ["people-button"] },
  { name: "call-devices", query: "screen=call&people=4", open: ["devices-button"] },
  { name: "call-chat", query: "screen=call&people=4&scene=chat", open: ["chat-button"] },
  { name: "call-chat-empty", query: "screen=call&people=2", open: ["chat-button"] },
  { name: "call-unread", query: "screen=call&people=2&scene=chat" },
  { name: "call-menu", query: "screen=call&people=4", open: ["react-button"] },
  { name: "call-hands", query: "screen=call&people=4&scene=hands" },
  { name: "call-hands-people", query: "screen=call&people=4&scene=hands", open: ["people-button"] },
  { name: "call-hidden", query: "screen=call&people=4", open: ["own-hide"] },
  { name: "call-copied", query: "screen=call&people=2", open: ["invite-button"] },
  { name: "call-other", query: "screen=call&people=2&link=visio://call.example.org/j%23AAAA" },
  { name: "call-left", query: "screen=call&people=2", open: ["leave-button"] },
  { name: "failed", query: "screen=call&people=1&scene=failed" },
];

/** @type {View[]} */
export const VIEWS = [
  { name: "en-light", language: "en", look: "light", width: 1280, height: 800 },
  { name: "fr-dark-phone", language: "fr", look: "dark", width: 360, height: 740 },
  { name: "fr-light-200", language: "fr", look: "light", width: 1280, height: 800, text: "200%", only: FULLEST },
  { name: "en-dark-zoomed", language: "en", look: "dark", width: 640, height: 400, only: FULLEST },
];
