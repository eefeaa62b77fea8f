/** Waits for a while, or until there is reason to wait no longer. @param {number} ms @param {AbortSignal} [hurry] @returns {Promise<void>} */
export function pause(ms, hurry) {
  return new Promise((done) => {
    if (hurry?.aborted) return done();
    const timer = setTimeout(done, ms);
    hurry?.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });
}
