// Runs in the page before its own scripts: tells the app when something was first painted, once.
(() => {
  const observer = new PerformanceObserver((list) => {
    if (list.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    window.__TAURI_INTERNALS__.invoke("first_paint");
  });
  observer.observe({ type: "paint", buffered: true });
})();
