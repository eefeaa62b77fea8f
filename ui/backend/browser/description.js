/**
 * The other side's session description, checked before it is applied: it holds what those of every call hold. Pure.
 */

/** The media sections of every description, in order: microphone, camera, screen, shared sound, then the data channels. */
export const SECTIONS = ["audio", "video", "video", "audio", "application"];

/** Whether a description can be one of a call's. @param {string} sdp */
export function isOfACall(sdp) {
  const all = (/** @type {RegExp} */ pattern) => [...sdp.matchAll(pattern)].map(([, value]) => value);
  const mids = all(/^a=mid:(\S+)/gm);
  const identity = [/^a=fingerprint:\S/m, /^a=ice-ufrag:\S/m, /^a=ice-pwd:\S/m];
  return String(all(/^m=(\w+)/gm)) === String(SECTIONS) && new Set(mids).size === SECTIONS.length && mids.length === SECTIONS.length && identity.every((line) => line.test(sdp));
}

/** A description without its candidates, which are of the path before it. @param {string} sdp */
export const withoutCandidates = (sdp) => sdp.replace(/^a=(?:candidate:|end-of-candidates).*\r?\n/gm, "");
