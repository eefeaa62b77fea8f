/** "Test my connection": all that a call needs, and what came of trying it out. */
import { behind } from "../actions.js";
import { html, useEffect, useRef, useState } from "../html.js";
import { t, troubleWords } from "../i18n/words.js";
import { Dialog } from "../parts/dialog.js";
import { Icon } from "../parts/icon.js";
import { dialog, examined } from "../state.js";

/** @typedef {import("../backend/types.js").Check} Check */
/** @typedef {import("../backend/types.js").Finding} Finding */

/** What is looked at, and what people call it. @type {Record<Check, string>} */
const CHECKS = {
  camera: "device.camera",
  microphone: "device.microphone",
  speaker: "device.speaker",
  server: "doctor.server",
  udp: "doctor.udp",
  stun: "doctor.stun",
  relayUdp: "doctor.relayUdp",
  relayTcp: "doctor.relayTcp",
  relayTls: "doctor.relayTls",
};

const ICONS = { fine: "check", weak: "trouble", bad: "close", skipped: "less" };

export function Doctor() {
  const [findings, setFindings] = useState(/** @type {Partial<Record<Check, Finding>>} */ ({}));
  const [conclusion, setConclusion] = useState("");
  const open = useRef(true);
  const test = async () => {
    setFindings({});
    setConclusion("");
    /** What comes after the dialog was closed is for nobody. @param {() => void} show */
    const whileOpen = (show) => open.current && show();
    const told = (/** @type {Finding} */ finding) => whileOpen(() => setFindings((before) => ({ ...before, [finding.check]: finding })));
    const words = await behind()
      .doctor(examined.value, told)
      .then(t, troubleWords);
    whileOpen(() => setConclusion(words));
  };
  useEffect(() => {
    void test();
    return () => void (open.current = false);
  }, []);
  return html`<${Dialog} id="doctor" title=${t("doctor.title")} onClose=${() => (dialog.value = null)}>
    <div class="fields">
      <p id="conclusion" role="status" data-done=${conclusion !== ""}>${conclusion || t("doctor.hint")}</p>
      <ul class="checks">
        ${Object.entries(CHECKS).map(([check, name]) => html`<${Line} key=${check} check=${check} name=${t(name)} finding=${findings[/** @type {Check} */ (check)]} />`)}
      </ul>
      <button id="doctor-again" disabled=${!conclusion} onClick=${test}>${t(conclusion ? "doctor.again" : "doctor.running")}</button>
    </div>
  <//>`;
}

/** One thing, and what came of it. @param {{ check: string, name: string, finding: Finding | undefined }} props */
function Line({ check, name, finding }) {
  const verdict = finding?.verdict;
  return html`<li id="check-${check}" data-verdict=${verdict}>
    <span class="verdict" role="img" aria-label=${t(verdict ? `doctor.verdict.${verdict}` : "doctor.running")}>${verdict && html`<${Icon} name=${ICONS[verdict]} />`}</span>
    <div>
      <h3>${name}</h3>
      <p class="soft">${finding && t(finding.words, finding.fill)}</p>
    </div>
  </li>`;
}
