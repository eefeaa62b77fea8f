/**
 * The invite: a server and a secret, as a link or as a code to read aloud. Makes no request.
 */
import { join, sha256 } from "./bytes.js";
import { encode, pack, read } from "./crockford.js";
import { authority, fromParts, isNear, origin } from "./server-url.js";

/** @typedef {import("./server-url.js").ServerUrl} ServerUrl */
/** @typedef {{ server: ServerUrl, secret: Uint8Array }} Invite */
/** @typedef {import("../types.js").Trouble} Trouble */

/** The version of the protocol, and of its codes. */
export const VERSION = 1;

/** Characters of a code, dashes not counted. */
const CODE_LENGTH = 32;
/** Bytes of a secret. */
const SECRET = 16;
/** Bytes of the check at the end of a code: a mistyped one passes once in 16 million. */
const CHECK = 3;
/** The longest text that is looked at, in characters. */
const MAX_TEXT = 2048;

/** What a sentence leaves behind a pasted code. */
const BEHIND = /[.,;)>"'»”!? ]+$/u;

/** Reads a link or `HOST CODE`, however carelessly typed; rejects with a Trouble. @param {string} text @returns {Promise<Invite>} */
export async function parseInvite(text) {
  const whole = text.trim();
  if (!whole) throw trouble("inviteEmpty");
  if (whole.length > MAX_TEXT) throw trouble("inviteMistyped");
  const hash = whole.indexOf("#");
  if (hash >= 0) {
    const server = serverOfLink(whole.slice(0, hash));
    return { server, secret: await readCode(whole.slice(hash + 1)) };
  }
  if (whole.includes("://")) {
    // A link that lost everything after its `#`, as some messengers do.
    serverOfLink(whole);
    throw incomplete(0);
  }
  const [, host, code] = /** @type {RegExpExecArray} */ (/^(\S+)\s*(.*)$/s.exec(whole));
  if (!/[.:]/.test(host) && host.toLowerCase() !== "localhost") {
    await readCode(whole);
    throw trouble("inviteNoServer");
  }
  const server = fromParts(null, host);
  if (!server) throw trouble("inviteNoServer");
  return { server, secret: await readCode(code) };
}

/** The code: 32 characters in groups of four. @param {Invite} invite */
export async function codeOf({ secret }) {
  const body = join(Uint8Array.of(VERSION), secret);
  return encode(join(body, (await sha256(body)).slice(0, CHECK)));
}

/** The link to send. @param {Invite} invite */
export const linkOf = async (invite) => `${origin(invite.server)}/j#${await codeOf(invite)}`;

/** The link that opens the app. @param {Invite} invite */
export async function appLinkOf(invite) {
  const { server } = invite;
  const near = isNear(server.host);
  // Only where it is not what the form means by itself.
  const query = server.secure === near ? (server.secure ? "?tls" : "?plain") : "";
  return `visio://${authority(server)}/j${query}#${await codeOf(invite)}`;
}

/** As it is shown and copied. @param {Invite} invite @returns {Promise<import("../types.js").Invite>} */
export async function shown(invite) {
  const { server } = invite;
  return { link: await linkOf(invite), code: await codeOf(invite), server: authority(server), near: isNear(server.host) };
}

/** The server of a link without its code. @param {string} address @returns {ServerUrl} */
function serverOfLink(address) {
  // People paste a link with the words around it: "join me at https://…".
  const parts = /([A-Za-z0-9]*):\/\/([^/]*)(?:\/(.*))?$/s.exec(address);
  const server = parts && fromScheme(parts[1].toLowerCase(), parts[2], parts[3] ?? "");
  if (!server) throw trouble("inviteNoServer");
  return server;
}

/** @param {string} scheme @param {string} place @param {string} path */
function fromScheme(scheme, place, path) {
  if (scheme === "https" || scheme === "http") return fromParts(scheme === "https", place);
  if (scheme !== "visio") return null;
  return fromParts(path.includes("?plain") ? false : path.includes("?tls") ? true : null, place);
}

/** @param {string} text @returns {Promise<Uint8Array>} */
async function readCode(text) {
  const values = read(text.replace(BEHIND, ""));
  if (!values) throw trouble("inviteMistyped");
  const bytes = pack(values);
  const body = bytes.slice(0, Math.max(0, bytes.length - CHECK));
  const check = (await sha256(body)).slice(0, CHECK);
  if (body.length > 1 && values.length % 8 === 0 && check.every((byte, place) => byte === bytes[body.length + place])) {
    // Somebody meant this code exactly so, whatever its length.
    if (bytes[0] !== VERSION) throw { ...trouble("inviteOtherVersion"), theirs: bytes[0] };
    if (body.length !== 1 + SECRET) throw trouble("inviteMistyped");
    return body.slice(1);
  }
  throw values.length < CODE_LENGTH ? incomplete(values.length) : trouble("inviteMistyped");
}

/** @param {string} kind @returns {Trouble} */
const trouble = (kind) => ({ kind });

/** @param {number} have @returns {Trouble} */
const incomplete = (have) => ({ kind: "inviteIncomplete", have, need: CODE_LENGTH });
