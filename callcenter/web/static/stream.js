// The live stream, and whether it still lives: the server beats each 5 s when there is nothing to tell.

const SILENCE_MS = 11_000;  // two beats and a second; a frozen connection says nothing else
const OLD_MS = 35_000;  // beats without boards: the daemon answers, and its floor stands still (it says so itself at 30 s)
const CUT_MS = 2_500;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

/** Calls onBoard(board) with each newest board, onStale(true|false) when the news stop or come back, and onPages(version)
 * with the version of the pages' files that the server has, at each beginning of a stream. */
export function listen(url, onBoard, onStale, onPages) {
  let source = null, heardAt = performance.now(), newsAt = heardAt, triedAt = heardAt, stale = false, tries = 0, timer = 0;

  function heard(isNews) {
    heardAt = performance.now();
    if (isNews) newsAt = heardAt;
    tries = 0;
    judge();
  }

  function open() {
    clearTimeout(timer);
    source?.close();
    triedAt = performance.now();
    source = new EventSource(url);
    source.addEventListener("board", (event) => { heard(true); onBoard(JSON.parse(event.data)); });
    source.addEventListener("beat", () => heard(false));
    source.addEventListener("pages", (event) => { heard(false); onPages(JSON.parse(event.data)); });
    // A refused answer (the daemon restarts behind a proxy) closes an EventSource for good: open another.
    source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) again(); });
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(open, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  }

  function judge() {
    const now = performance.now(), silent = now - heardAt;
    const cut = source.readyState !== EventSource.OPEN && silent > CUT_MS;
    const is = silent > SILENCE_MS || now - newsAt > OLD_MS || cut;
    if (is !== stale) onStale(stale = is);
    // A connection that is dead and does not know it never ends by itself.
    if (silent > SILENCE_MS && now - triedAt > SILENCE_MS) open();
  }

  open();
  setInterval(judge, 500);
}
