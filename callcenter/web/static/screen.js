// The whole screen, a screen that stays awake, and a pointer that goes away. Each only where the browser has it.

const IDLE_MS = 4_000;

/** `button` takes the whole screen and gives it back; so does full() from a key. */
export function screen(button) {
  const root = document.documentElement, alone = matchMedia("(display-mode: fullscreen)");
  let lock = null, asking = false, timer = 0;

  button.hidden = !document.fullscreenEnabled;

  function full() {
    if (!document.fullscreenEnabled) return;
    (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()).catch(() => { /* not allowed here */ });
  }

  /** A wall screen (full, or started as a kiosk) does not sleep; a page on a desk may. */
  async function stayAwake() {
    const wanted = alone.matches || document.fullscreenElement !== null;
    document.body.toggleAttribute("data-full", wanted);
    button.setAttribute("aria-pressed", String(wanted));
    if (!wanted) { lock?.release(); lock = null; return; }
    if (!navigator.wakeLock || lock || asking || document.visibilityState !== "visible") return;
    asking = true;
    try {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", () => { lock = null; }, { once: true });
    } catch { /* low battery, or not by https: nothing can be done from here */ }
    asking = false;
  }

  function moved() {
    document.body.removeAttribute("data-idle");
    clearTimeout(timer);
    timer = setTimeout(() => document.body.setAttribute("data-idle", ""), IDLE_MS);
  }

  button.addEventListener("click", full);
  document.addEventListener("fullscreenchange", stayAwake);
  document.addEventListener("visibilitychange", stayAwake);
  alone.addEventListener("change", stayAwake);
  document.addEventListener("pointermove", moved, { passive: true });
  stayAwake();
  return full;
}
