/** The field for one's own name, without which nobody can be joined. */
import { change } from "../actions.js";
import { html, useLayoutEffect, useRef, useState } from "../html.js";
import { t } from "../i18n/words.js";
import { nameMissing, settings } from "../state.js";
import { Face } from "./face.js";

/** What is missing is no longer told at the first letter: were it told until the field is left, the click on "Join" would miss the button, which moves up. @param {{ missing: boolean }} props */
export function YourName({ missing }) {
  // What is being typed, so that telling of what is missing does not take it away.
  const [name, setName] = useState(settings.value.name);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  // With the words and not after them: what is typed in between would go elsewhere.
  useLayoutEffect(() => void (missing && field.current?.focus()), [missing]);
  return html`<div class="your-name">
    <label for="name">${t("home.name")}</label>
    <div class="row">
      <${Face} name=${name} />
      <input
        id="name"
        ref=${field}
        value=${name}
        maxlength="64"
        autocomplete="name"
        placeholder=${t("home.name.example")}
        aria-invalid=${String(missing)}
        aria-describedby="name-error"
        onInput=${(/** @type {any} */ event) => (setName(event.target.value), (nameMissing.value = false))}
        onChange=${(/** @type {any} */ event) => change({ name: event.target.value.trim() })}
      />
    </div>
    <p class="error" id="name-error" role="alert">${missing ? t("home.name.missing") : ""}</p>
  </div>`;
}
