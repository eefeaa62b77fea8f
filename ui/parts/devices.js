/** The pickers of camera, microphone and speaker, each with the state of its device in words. */
import { playTestSound, useDevice } from "../actions.js";
import { html, useId } from "../html.js";
import { has, t } from "../i18n/words.js";
import { environment } from "../state.js";
import { Icon } from "./icon.js";
import { Meter } from "./meter.js";

/** @typedef {import("../backend/types.js").DeviceKind} DeviceKind */
/** @typedef {import("../backend/types.js").Device} Device */
/** @typedef {import("../backend/types.js").CallState} CallState */

/** @param {{ state: CallState }} props */
export function DevicePickers({ state }) {
  const { me, devices } = state;
  const { microphone } = me;
  return html`<div class="devices">
    <${Picker} kind="camera" devices=${devices.cameras} current=${me.camera} />
    <${Picker} kind="microphone" devices=${devices.microphones} current=${microphone}>
      <${Meter} level=${microphone.status === "ok" ? microphone.level : 0} />
      <p class="soft small">${t(microphone.muted ? "lobby.meter.muted" : "lobby.meter.hint")}</p>
    <//>
    <${Picker} kind="speaker" devices=${devices.speakers} current=${me.speaker}>
      <button id="test-sound" onClick=${playTestSound}><${Icon} name="sound" />${t("device.test")}</button>
    <//>
  </div>`;
}

/** @param {{ kind: DeviceKind, devices: Device[], current: { spec: string, status?: string, device?: string | null }, children?: any }} props */
export function Picker({ kind, devices, current, children }) {
  const id = useId();
  const words = `${kind}.${current.status}`;
  const spec = current.spec.startsWith("pattern:") ? "pattern" : current.spec;
  const choices = choicesOf(kind, devices, { ...current, spec });
  return html`<div class="device">
    <label for=${id}>${t(`device.${kind}`)}</label>
    <select id=${id} data-test="${kind}-select" value=${spec} aria-describedby="${id}-state" onChange=${(/** @type {any} */ event) => useDevice(kind, event.target.value)}>
      ${choices.map((choice) => html`<option key=${choice.spec} value=${choice.spec} selected=${choice.spec === spec}>${choice.name}</option>`)}
    </select>
    <p class="state" id="${id}-state" data-test="${kind}-state" role="status">${spec !== "none" && has(words) ? t(words) : ""}</p>
    ${children}
  </div>`;
}

/**
 * What can be chosen: the system's default, each device, none, and whatever is in use though it is not listed.
 * @param {DeviceKind} kind @param {Device[]} devices @param {{ spec: string, device?: string | null }} current
 */
function choicesOf(kind, devices, current) {
  const usual = devices.find((device) => device.default)?.name;
  const choices = [
    { spec: "default", name: usual ? t("device.default.named", { name: usual }) : t("device.default") },
    ...devices.map(({ id, name }) => ({ spec: `device:${id}`, name })),
    { spec: "none", name: t(`device.none.${kind}`) },
  ];
  // A browser films nothing but cameras.
  if (kind === "camera" && !environment.value.guest) choices.push({ spec: "pattern", name: t("device.pattern") });
  if (!choices.some(({ spec }) => spec === current.spec)) choices.push({ spec: current.spec, name: nameOf(current) });
  return choices;
}

/** @param {{ spec: string, device?: string | null }} current */
function nameOf({ spec, device }) {
  const [kind, ...rest] = spec.split(":");
  if (kind === "tone") return t("device.tone");
  if (kind === "file") return t("device.file", { name: rest.join(":").split(/[/\\]/).pop() });
  return t("device.gone", { name: device || rest.join(":") });
}
