/**
 * Where a server is: scheme, host and port, and nothing else. Pure.
 */

/** @typedef {{ secure: boolean, host: string, port: number }} ServerUrl  host: lower case; an IPv6 address in brackets */

/** The longest host that DNS knows, in characters. */
const MAX_HOST = 253;

/** @param {boolean} secure */
const usualPort = (secure) => (secure ? 443 : 80);

/**
 * A server's address from its scheme and what follows it, `HOST` or `HOST:PORT`; null when it is none.
 * @param {boolean | null} secure null: no scheme was written
 * @param {string} authority
 * @returns {ServerUrl | null}
 */
export function fromParts(secure, authority) {
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(authority);
  const host = parts && checkHost(parts[1]);
  if (!host) return null;
  const encrypted = secure ?? !isNear(host);
  if (parts[2] === undefined) return { secure: encrypted, host, port: usualPort(encrypted) };
  const port = /^\d{1,5}$/.test(parts[2]) ? Number(parts[2]) : 0;
  return port > 0 && port < 65536 ? { secure: encrypted, host, port } : null;
}

/** Reads `HOST`, or a URL without a path. @param {string} text */
export function parseServer(text) {
  const [, scheme, rest] = /** @type {RegExpExecArray} */ (/^(?:(.*?):\/\/)?(.*)$/s.exec(text.trim()));
  const known = scheme === undefined ? null : { https: true, http: false }[scheme.toLowerCase()];
  return known === undefined ? null : fromParts(known, rest.replace(/\/$/, ""));
}

/** @param {string} host @returns {string | null} */
function checkHost(host) {
  if (host.startsWith("[")) return /^\[[0-9a-fA-F:.]+\]$/.test(host) ? ipv6(host) : null;
  const wellFormed = host.length > 0 && host.length <= MAX_HOST && /^[\p{L}\p{N}._-]+$/u.test(host) && !/^[.-]|\.\./.test(host);
  return wellFormed ? host.toLowerCase() : null;
}

/** As it is usually written. @param {string} host in brackets */
function ipv6(host) {
  try {
    return new URL(`http://${host}/`).hostname;
  } catch {
    return null;
  }
}

/** The four numbers of an IPv4 address. @param {string} host @returns {number[] | null} */
function ipv4(host) {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return null;
  const numbers = host.split(".").map(Number);
  return numbers.every((number) => number < 256) ? numbers : null;
}

/** Whether it is this machine itself. @param {string} host */
export const isThisMachine = (host) => host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || ipv4(host)?.[0] === 127;

/** Whether it is this machine, or an address that means something else in every network (RFC 1918, RFC 3927, RFC 4193, RFC 4291). @param {string} host */
export function isNear(host) {
  if (isThisMachine(host)) return true;
  const [a, b] = ipv4(host) ?? [];
  if (a !== undefined) return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254);
  return /^\[(f[cd]|fe[89ab])/.test(host);
}

/** What people call it: the host, with the port where that is not the usual one. @param {ServerUrl} server */
export const authority = ({ secure, host, port }) => (port === usualPort(secure) ? host : `${host}:${port}`);

/** @param {ServerUrl} server */
export const origin = (server) => `${server.secure ? "https" : "http"}://${authority(server)}`;
