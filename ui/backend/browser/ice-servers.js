/**
 * What of a server's relay a connection can use. The URLs come from outside, and one that the browser does not understand would keep
 * the connection from being made at all: so only those are passed on that are surely understood. Pure.
 */

/** @typedef {{ urls: string[], username: string, password: string, seconds: number }} RelayAccess */

/** URLs in one answer, at most, and the longest of each thing, in characters. */
const MAX_URLS = 16;
const MAX_URL = 256;
const MAX_USERNAME = 508;
const MAX_PASSWORD = 256;

/** `stun:` and `turn:` over UDP and TCP, `turns:` over TCP. */
const UNDERSTOOD = /^(?:stun:PLACE|turn:PLACE(?:\?transport=(?:udp|tcp))?|turns:PLACE\?transport=tcp)$/.source.replaceAll("PLACE", "(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(?::[1-9][0-9]{0,4})?");

/** What a server told of its relay; null when it told of none, or of none that there can be. @param {any} it @returns {RelayAccess | null} */
export function readRelay(it) {
  if (it === null || typeof it !== "object") return null;
  const { urls, username, password, seconds } = it;
  const short = (/** @type {unknown} */ text, /** @type {number} */ most) => typeof text === "string" && text.length <= most;
  const good = Array.isArray(urls) && urls.length <= MAX_URLS && urls.every((url) => short(url, MAX_URL)) && short(username, MAX_USERNAME) && short(password, MAX_PASSWORD);
  return good && Number.isFinite(seconds) && seconds >= 0 ? { urls, username, password, seconds } : null;
}

/** The STUN and TURN servers of it, with their credentials. @param {RelayAccess | null} relay @returns {RTCIceServer[]} */
export function iceServers(relay) {
  const understood = new RegExp(UNDERSTOOD);
  const urls = (relay?.urls ?? []).filter((url) => understood.test(url) && Number(/:(\d+)(?:\?|$)/.exec(url)?.[1] ?? 1) < 65536);
  const stun = urls.filter((url) => url.startsWith("stun:"));
  const turn = urls.filter((url) => !url.startsWith("stun:"));
  return [
    ...(stun.length ? [{ urls: stun }] : []),
    // Without credentials no relay serves anybody.
    ...(turn.length && relay?.username && relay.password ? [{ urls: turn, username: relay.username, credential: relay.password }] : []),
  ];
}
