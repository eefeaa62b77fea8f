/**
 * Keeps the screen on during a call, where the browser can: a phone that locks takes camera and microphone from the page.
 */

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

async function take() {
  if (!wanted || lock || document.hidden) return;
  const given = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  if (!given) return;
  if (!wanted || lock) return void given.release();
  lock = given;
  given.addEventListener("release", () => (lock = null));
}

/** @param {boolean} awake */
export function stayAwake(awake) {
  if (awake === wanted) return;
  wanted = awake;
  if (awake) {
    void take();
    document.addEventListener("visibilitychange", take);
  } else {
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
    lock = null;
  }
}
