/**
 * What a refused `getUserMedia` means. Pure.
 */

/** @typedef {import("../types.js").DeviceStatus} DeviceStatus */

/** By the name of the error. @type {Record<string, DeviceStatus>} */
const STATUSES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "lost",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** @param {unknown} error @returns {DeviceStatus} */
export const statusOf = (error) => STATUSES[/** @type {{ name?: string }} */ (error)?.name ?? ""] ?? "failed";
