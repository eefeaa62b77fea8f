/**
 * The devices that the browser tells of, and when they change. Before the person has allowed any, it tells of none by name.
 */

/** @typedef {import("../types.js").Device} Device */
/** @typedef {import("../types.js").Devices} Devices */

/** Names under which Chromium lists its choice once more. */
const PSEUDO = new Set(["default", "communications"]);

/** Words in the names that browsers give the cameras of a phone. */
const BACK = /back|rear|environment|arrière/i;
const FRONT = /front|user|selfie|avant/i;

/** @returns {Promise<Devices>} */
export async function devices() {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => null)) ?? [];
  /** @param {MediaDeviceKind} kind @returns {Device[]} */
  const of = (kind) => {
    const known = all.filter((device) => device.kind === kind && device.deviceId && device.label);
    const usual = known.find(({ deviceId }) => deviceId === "default")?.groupId;
    const real = known.filter(({ deviceId }) => !PSEUDO.has(deviceId));
    return real.map(({ deviceId, groupId, label }) => ({ id: deviceId, name: label, default: usual !== undefined && groupId === usual }));
  };
  const cameras = of("videoinput");
  return { cameras, sides: sides(cameras), microphones: of("audioinput"), speakers: canChooseSpeaker() ? of("audiooutput") : [] };
}

/** Whether the browser lets a page choose where it plays. */
export const canChooseSpeaker = () => "setSinkId" in HTMLMediaElement.prototype;

/** Where there is a camera on each side, as phones have, which is which. @param {Device[]} cameras */
export function sides(cameras) {
  const back = cameras.find(({ name }) => BACK.test(name));
  const front = cameras.find(({ name }) => FRONT.test(name) && !BACK.test(name));
  return back && front ? { back: back.id, front: front.id } : null;
}

/** Tells when devices come or go. @param {() => void} changed @returns {() => void} ends it */
export function watchDevices(changed) {
  navigator.mediaDevices?.addEventListener("devicechange", changed);
  return () => navigator.mediaDevices?.removeEventListener("devicechange", changed);
}

/** Tells when the person has changed their mind about what the page may use, where the browser tells. @param {(kind: "camera" | "microphone") => void} allowed */
export async function watchPermissions(allowed) {
  for (const kind of /** @type {const} */ (["camera", "microphone"])) {
    const status = await navigator.permissions?.query({ name: /** @type {any} */ (kind) }).catch(() => null);
    if (status) status.onchange = () => status.state === "granted" && allowed(kind);
  }
}
