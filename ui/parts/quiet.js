/** Whether the person has been still for a while, so that controls may step back. */
import { useEffect, useState } from "../html.js";

/** Without movement for this long, in milliseconds, the bar fades. */
const STILL_MS = 4_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "focusin", "wheel"];

/** @param {() => boolean} busy asked before becoming quiet: true while a control is in use */
export function useQuiet(busy) {
  const [quiet, setQuiet] = useState(false);
  useEffect(() => {
    let timer = 0;
    const wake = () => {
      setQuiet(false);
      clearTimeout(timer);
      timer = window.setTimeout(() => (busy() ? wake() : setQuiet(true)), STILL_MS);
    };
    wake();
    for (const sign of SIGNS) addEventListener(sign, wake, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const sign of SIGNS) removeEventListener(sign, wake);
    };
  }, []);
  return quiet;
}
