/**
 * What this browser lacks for a call, so that it is said in words before anything is tried.
 */
import { codecs } from "./link.js";

/** @typedef {"insecure" | "noCalls" | "noH264" | "h264Later" | "old"} Lack  insecure: the page came unencrypted, and then no browser gives a camera; h264Later: this browser fetches it by itself */

/** @returns {Lack | null} */
export function lack() {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("RTCPeerConnection" in globalThis) || !navigator.mediaDevices?.getUserMedia) return "noCalls";
  if (!globalThis.crypto?.subtle || !("structuredClone" in globalThis) || !("setCodecPreferences" in RTCRtpTransceiver.prototype)) return "old";
  if (codecs().length) return null;
  // Firefox has none of its own: it fetches Cisco's, some time after it was started for the first time.
  return /\bFirefox\//.test(navigator.userAgent) ? "h264Later" : "noH264";
}
