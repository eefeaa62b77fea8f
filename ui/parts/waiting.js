/** Words for a wait: at once what is being done, after 5 s what is being waited for, after 15 s what can be done. */
import { html, useEffect, useState } from "../html.js";

const LONG_MS = 5_000;
const HELP_MS = 15_000;

/**
 * @param {object} props
 * @param {string} props.now @param {string} props.long @param {string} props.help
 * @param {any} [props.action] shown beside the help
 */
export function Waiting({ now, long, help, action }) {
  const [stage, setStage] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => setStage(1), LONG_MS), setTimeout(() => setStage(2), HELP_MS)];
    return () => timers.forEach(clearTimeout);
  }, []);
  return html`<div class="waiting">
    <p role="status">${[now, long, help][stage]}</p>
    ${stage === 2 && action}
  </div>`;
}
