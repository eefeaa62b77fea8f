/** The size of an element, followed as it changes. */
import { useLayoutEffect, useState } from "../html.js";

/** @param {{ current: HTMLElement | null }} element @returns {{ width: number, height: number }} in CSS pixels */
export function useSize(element) {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const box = /** @type {HTMLElement} */ (element.current);
    const measure = () => setSize((before) => (before.width === box.clientWidth && before.height === box.clientHeight ? before : { width: box.clientWidth, height: box.clientHeight }));
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, []);
  return size;
}
