/**
 * What ui/vendor holds, made from the npm packages pinned in package.json: `npm run vendor` writes it, and a test
 * checks that nothing there was edited by hand. The only change made to a module is that its bare imports
 * ("preact") become relative ones ("./preact.js"), because a page under our content security policy has no import map.
 */
import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "..", "..", "node_modules");
export const folder = join(here, "..", "vendor");

/** Vendored module → where it comes from. */
const modules = {
  "preact.js": "preact/dist/preact.module.js",
  "hooks.js": "preact/hooks/dist/hooks.module.js",
  "signals-core.js": "@preact/signals-core/dist/signals-core.module.js",
  "signals.js": "@preact/signals/dist/signals.module.js",
  "htm.js": "htm/dist/htm.module.js",
};

/** Types beside the modules, for tsc alone: they point at the packages' own. @type {Record<string, string[]>} */
const types = {
  "preact.d.ts": ["preact"],
  "hooks.d.ts": ["preact/hooks"],
  "signals.d.ts": ["@preact/signals"],
};

/** Bare import → vendored module. */
const imports = {
  "preact/hooks": "./hooks.js",
  preact: "./preact.js",
  "@preact/signals-core": "./signals-core.js",
};

const licences = ["preact", "htm", "@preact/signals", "@preact/signals-core", "lucide-static"];

/** Our name for an icon → Lucide's. */
const icons = {
  back: "arrow-left",
  camera: "video",
  "camera-off": "video-off",
  check: "check",
  close: "x",
  copy: "copy",
  corner: "picture-in-picture-2",
  devices: "sliders-horizontal",
  fullscreen: "maximize",
  hide: "eye-off",
  invite: "user-plus",
  celebrate: "party-popper",
  chat: "message-circle",
  dislike: "thumbs-down",
  hand: "hand",
  laugh: "laugh",
  leave: "phone-off",
  less: "minus",
  like: "thumbs-up",
  love: "heart",
  microphone: "mic",
  "microphone-off": "mic-off",
  more: "ellipsis",
  people: "users",
  react: "smile-plus",
  remove: "trash-2",
  rename: "pencil",
  sad: "frown",
  screen: "monitor",
  send: "send-horizontal",
  settings: "settings",
  share: "screen-share",
  sound: "volume-2",
  trouble: "triangle-alert",
  turn: "switch-camera",
  window: "app-window",
};

/** @param {string} path */
const read = (path) => readFileSync(join(packages, path), "utf8");

/** @param {string} name */
const version = (name) => JSON.parse(read(`${name}/package.json`)).version;

/** @param {string} source */
function relative(source) {
  for (const [bare, local] of Object.entries(imports)) source = source.replaceAll(`"${bare}"`, `"${local}"`);
  return source.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, "\n");
}

/** One icon's shapes, as the attributes of each element. @param {string} name */
function shapes(name) {
  return [...read(`lucide-static/icons/${name}.svg`).matchAll(/<(path|circle|rect|line|polyline|polygon|ellipse) ([^>]*?)\/>/gs)].map(
    ([, tag, attributes]) => [tag, Object.fromEntries([...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value]))],
  );
}

function iconModule() {
  const lines = Object.entries(icons).map(([ours, theirs]) => `  ${JSON.stringify(ours)}: ${JSON.stringify(shapes(theirs))},`);
  return `// Icons from Lucide ${version("lucide-static")} (licence: licences/lucide-static.txt), each as its SVG elements in a 24 × 24 box.
/** @type {Record<string, [string, Record<string, string>][]>} */
export const shapes = {
${lines.join("\n")}
};
`;
}

function readme() {
  const rows = Object.entries(modules).map(([file, from]) => {
    const name = from.startsWith("@") ? from.split("/").slice(0, 2).join("/") : from.split("/")[0];
    return `| ${file} | ${name} ${version(name)} | ${from.slice(name.length + 1)} |`;
  });
  return `# Code of others, as it was published

Written by \`npm run vendor\` from the npm packages pinned in package.json; never edited by hand (a test compares).
Only bare imports were made relative. Licences: \`licences/\`.

| file | package | its file |
| --- | --- | --- |
${rows.join("\n")}
| lucide.js | lucide-static ${version("lucide-static")} | icons/*.svg, the few we use |
`;
}

/** Every file that belongs in ui/vendor, with its content. @returns {Map<string, string>} */
export function vendored() {
  const files = new Map();
  for (const [file, from] of Object.entries(modules)) files.set(file, relative(read(from)));
  for (const name of licences) files.set(`licences/${name.replace("@", "").replace("/", "-")}.txt`, read(`${name}/LICENSE`));
  for (const [file, name] of Object.entries(types)) files.set(file, `${name.map((it) => `export * from "${it}";\n`).join("")}`);
  files.set("htm.d.ts", 'export { default } from "htm";\n');
  files.set("lucide.js", iconModule());
  files.set("README.md", readme());
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, content] of vendored()) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}
