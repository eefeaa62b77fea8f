/**
 * Serves ui/ as the app does, with the same content security policy; `/fake` is the page with the pretended app before it, `/j` the page
 * of a guest, as the server serves it.
 * By hand: `node ui/tests/serve.js`, then open the address it prints.
 */
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const TYPES = /** @type {Record<string, string>} */ ({ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml" });

/** What the UI needs, and nothing more. The app's own policy adds its scheme for commands and frames. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://127.0.0.1:*; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** @returns {Promise<{ address: string, close: () => void }>} */
export async function serve(port = 0) {
  const server = createServer(async (request, answer) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const fake = pathname === "/fake";
    const file = join(root, normalize(fake || pathname === "/" || pathname === "/j" ? "/index.html" : pathname));
    try {
      let body = await readFile(file, "utf8");
      if (fake) body = body.replace("<script", '<script src="tests/backend-fake.js"></script>\n    <script');
      answer.writeHead(200, { "content-type": `${TYPES[extname(file)] ?? "text/plain"}; charset=utf-8`, "content-security-policy": POLICY, "cache-control": "no-store" });
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", () => ready(undefined)));
  const { port: taken } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { address: `http://127.0.0.1:${taken}`, close: () => server.closeAllConnections() ?? server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await serve(8173);
  console.log(`${address}/fake?people=4&screen=call`);
}
