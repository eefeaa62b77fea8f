/**
 * The page's one audio context. Browsers let it run only once the person has touched the page; until then levels are nought.
 */

/** The test sound: two notes, in hertz, and each one's length in seconds. */
const NOTES = [523.25, 659.25];
const NOTE_S = 0.25;

/** @type {AudioContext | null} */
let only = null;

export function context() {
  only ??= new AudioContext();
  wake();
  return only;
}

/** Tries to let it run. */
export function wake() {
  if (only?.state === "suspended") void only.resume().catch(() => {});
}

for (const touch of ["pointerdown", "keydown"]) globalThis.addEventListener?.(touch, wake, { capture: true, passive: true });

/** Plays two notes. @param {string} sink where, or "" for where the system plays */
export async function playNotes(sink) {
  const out = context();
  // Not every browser can; then it is heard where the system plays.
  await /** @type {any} */ (out).setSinkId?.(sink).catch(() => {});
  for (const [place, frequency] of NOTES.entries()) {
    const begin = out.currentTime + place * NOTE_S;
    const [note, gain] = [new OscillatorNode(out, { frequency }), new GainNode(out, { gain: 0 })];
    gain.gain.setTargetAtTime(0.2, begin, 0.01);
    gain.gain.setTargetAtTime(0, begin + NOTE_S * 0.8, 0.03);
    note.connect(gain).connect(out.destination);
    note.start(begin);
    note.stop(begin + 2 * NOTE_S);
  }
}
