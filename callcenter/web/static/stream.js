// The live stream, and whether it still lives. The server beats every 15 s when there is nothing to tell.

const SILENCE_MS = 20_000;
const CUT_MS = 2_500;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/** Calls onBoard(board) with each newest board and onStale(true|false) when the news stop or come back. */
export function listen(url, onBoard, onStale) {
  let source, heardAt = performance.now(), stale = false, tries = 0;

  const heard = () => { heardAt = performance.now(); tries = 0; judge(); };

  function open() {
    source = new EventSource(url);
    source.addEventListener("board", (event) => { heard(); onBoard(JSON.parse(event.data)); });
    source.addEventListener("beat", heard);
    // A refused answer (the daemon restarts behind a proxy) closes an EventSource for good: open another.
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
    });
  }

  function judge() {
    const silent = performance.now() - heardAt;
    const now = silent > SILENCE_MS || (source.readyState !== EventSource.OPEN && silent > CUT_MS);
    if (now !== stale) onStale(stale = now);
  }

  open();
  setInterval(judge, 500);
}
