/** The pictures of a screen, beneath everything else: drawn on a canvas where they come as frames, played where they come as streams. */
import { behind } from "../actions.js";
import { html } from "../html.js";
import { Canvas } from "./canvas.js";
import { Films } from "./films.js";

/** @typedef {import("../call/painter.js").Place & { shown: boolean }} Picture  shown false: a picture is wanted, but what is there is not shown yet */

/** @param {{ pictures: Picture[] }} props */
export function Pictures({ pictures }) {
  const source = behind().pictures;
  return source.kind === "frames" ? html`<${Canvas} pictures=${pictures} source=${source} />` : html`<${Films} pictures=${pictures} source=${source} />`;
}
