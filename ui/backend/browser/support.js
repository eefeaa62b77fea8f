/**
 * What this browser lacks for a call, so that it is said in words before anything is tried.
 */
import { codecs } from "./link.js";

/** @typedef {"insecure" | "noCalls" | "noH264" | "old"} Lack  insecure: the page came unencrypted, and then no browser gives a camera */

/** @returns {Lack | null} */
export function lack() {
  if (!globalThis.isSecureContext) return "insecure";
  if (!("RTCPeerConnection" in globalThis) || !navigator.mediaDevices?.getUserMedia) return "noCalls";
  if (!globalThis.crypto?.subtle || !("structuredClone" in globalThis) || !("setCodecPreferences" in RTCRtpTransceiver.prototype)) return "old";
  return codecs().length ? null : "noH264";
}
