/** The settings: language, look, devices, sound, connection, about. */
import { behind, change, removeCodec, sendMusic, suppressNoise, testConnection } from "../actions.js";
import { html, useEffect, useState } from "../html.js";
import { LANGUAGES, t } from "../i18n/words.js";
import { Dialog } from "../parts/dialog.js";
import { Picker } from "../parts/devices.js";
import { dialog, environment, settings } from "../state.js";

/** @typedef {import("../backend/types.js").Devices} Devices */

export function Settings() {
  return html`<${Dialog} id="settings" title=${t("settings.title")} onClose=${() => (dialog.value = null)}>
    <div class="fields">
      <${Choice} id="language" label=${t("settings.language")} value=${settings.value.language} choices=${{ system: t("settings.language.system"), ...LANGUAGES }} onChoice=${(/** @type {any} */ language) => change({ language })} />
      <${Choice}
        id="look"
        label=${t("settings.look")}
        value=${settings.value.look}
        choices=${{ system: t("settings.look.system"), light: t("settings.look.light"), dark: t("settings.look.dark") }}
        onChoice=${(/** @type {any} */ look) => change({ look })}
      />
      <h3>${t("settings.devices")}</h3>
      <${DeviceChoices} />
      <h3>${t("settings.sound")}</h3>
      <${Switch} id="noise-suppression" label=${t("settings.noiseSuppression")} hint=${t("settings.noiseSuppression.hint")} on=${settings.value.noiseSuppression} off=${settings.value.music} onSwitch=${suppressNoise} />
      <${Switch} id="music" label=${t("settings.music")} hint=${t("settings.music.hint")} on=${settings.value.music} onSwitch=${sendMusic} />
      ${!environment.value.guest &&
      html`<h3>${t("settings.connection")}</h3>
        <p class="soft">${t("doctor.hint")}</p>
        <button id="test-connection" onClick=${testConnection}>${t("doctor.title")}</button>`}
      <h3>${t("settings.shortcuts")}</h3>
      <p class="soft">${t("settings.shortcuts.list")}</p>
      <h3>${t("settings.about")}</h3>
      <p id="version">${t("settings.about.version", { version: environment.value.version })}</p>
      <p class="soft">${t("settings.about.promise")}</p>
      <p class="soft">${t("settings.about.licence")}</p>
      <${CodecChoice} />
    </div>
  <//>`;
}

/** @param {{ id: string, label: string, value: string, choices: Record<string, string>, onChoice: (value: string) => void }} props */
function Choice({ id, label, value, choices, onChoice }) {
  return html`<div class="device">
    <label for=${id}>${label}</label>
    <select id=${id} value=${value} onChange=${(/** @type {any} */ event) => onChoice(event.target.value)}>
      ${Object.entries(choices).map(([key, words]) => html`<option key=${key} value=${key} selected=${key === value}>${words}</option>`)}
    </select>
  </div>`;
}

/** Something that is on or not. @param {{ id: string, label: string, hint: string, on: boolean, off?: boolean, onSwitch: (on: boolean) => void }} props  off: it has no effect now */
function Switch({ id, label, hint, on, off, onSwitch }) {
  return html`<div class="switch">
    <label for=${id}><input id=${id} type="checkbox" checked=${on} disabled=${off} aria-describedby="${id}-hint" onChange=${(/** @type {any} */ event) => onSwitch(event.target.checked)} />${label}</label>
    <p class="soft" id="${id}-hint">${hint}</p>
  </div>`;
}

/** The video codec, where it is not built in: whose it is, and how to have it or not. */
function CodecChoice() {
  const { codec } = environment.value;
  if (codec !== "fetched" && codec !== "missing") return null;
  const there = codec === "fetched";
  return html`<p class="soft" id="codec-whose">${t("codec.whose")}</p>
    <button id="codec-switch" onClick=${there ? removeCodec : () => (dialog.value = "codec")}>${t(there ? "codec.remove" : "codec.fetch")}</button>`;
}

/** The devices of this machine, where the app can tell; else where to choose them. */
function DeviceChoices() {
  const [devices, setDevices] = useState(/** @type {Devices | null} */ (null));
  useEffect(() => void behind().devices().then(setDevices, () => {}), []);
  if (!devices) return html`<p class="soft">${t("settings.devices.later")}</p>`;
  const { camera, microphone, speaker } = settings.value;
  return html`<${Picker} kind="camera" devices=${devices.cameras} current=${{ spec: camera }} />
    <${Picker} kind="microphone" devices=${devices.microphones} current=${{ spec: microphone }} />
    <${Picker} kind="speaker" devices=${devices.speakers} current=${{ spec: speaker }} />`;
}
