/**
 * The one line at the top of the call: of all that is wrong, what matters most, and what to do about it. Pure.
 */

/** @typedef {import("../backend/types.js").CallState} CallState */
/** @typedef {import("../i18n/words.js").Values} Values */
/** @typedef {{ key: string, values?: Values, todo?: "devices" | "sound" }} Line  key: of the words */

const DEVICES = /** @type {const} */ (["microphone", "camera", "speaker"]);

/** Device states that a person should hear about in the middle of a call. */
const BROKEN = new Set(["none", "busy", "refused", "denied", "lost", "silent", "failed"]);

/** @param {CallState} state @returns {Line | null} */
export function lineOf(state) {
  const { trouble, me, people, invite } = state;
  if (trouble?.kind === "soundBlocked") return { key: "trouble.soundBlocked", todo: "sound" };
  if (trouble) return { key: `trouble.${trouble.kind}`, values: { server: invite.server, ...trouble } };
  if (me.microphone.muted && me.microphone.speaking) return { key: "own.mutedTalking" };
  for (const kind of DEVICES) {
    const device = me[kind];
    if (device.spec === "none" || (kind === "camera" && me.camera.off)) continue;
    if (BROKEN.has(device.status)) return { key: `${kind}.${device.status}`, todo: "devices" };
  }
  if (me.slow) return { key: "trouble.machineSlow" };
  const linked = people.filter((person) => person.calling && person.connection === "connected");
  const weak = linked.find((person) => person.quality === "weak");
  if (weak) return { key: "person.weak", values: { name: weak.name } };
  if (me.limited === "uplink") return { key: "trouble.slowUplink" };
  // Of two people nobody can tell whose line it is.
  return me.limited === "path" && linked.length === 1 ? { key: "trouble.slowPath", values: { name: linked[0].name } } : null;
}
