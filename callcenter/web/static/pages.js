// More queues than can be read at once come page by page. What is wrong in any of them stands in the ticker all the time.

import { say } from "./dom.js";

export const MOST = 12, MOST_PLAIN = 20;
const NEXT_MS = 15_000, REST_MS = 90_000;

/** How many pages n queues need, and how many are on each: evenly, so that none is nearly empty. Pure. */
export function split(n, most) {
  const pages = Math.max(1, Math.ceil(n / most));
  return { pages, size: Math.max(1, Math.ceil(n / pages)) };
}

/** Calls onTurn() when another page is to be shown. Whoever turns by hand is left alone for a while. */
export function pager(root, page, onTurn) {
  const [back, where, on] = root.children;
  let at = 0, pages = 1, dueAt = performance.now() + NEXT_MS;
  back.title = page.word.back;
  on.title = page.word.on;
  for (const button of [back, on]) button.setAttribute("aria-label", button.title);

  function turn(by, rest) {
    dueAt = performance.now() + rest;
    if (pages < 2) return;
    at = (at + by + pages) % pages;
    onTurn();
  }

  back.addEventListener("click", () => turn(-1, REST_MS));
  on.addEventListener("click", () => turn(1, REST_MS));
  return {
    turn: (by) => turn(by, REST_MS),
    tick: () => { if (performance.now() >= dueAt) turn(1, NEXT_MS); },
    /** The queues of the page that is due. */
    of(queues, most) {
      const { pages: n, size } = split(queues.length, most);
      pages = n;
      at = Math.min(at, pages - 1);
      root.hidden = pages < 2;
      say(where, `${page.fmt.count(at + 1)} / ${page.fmt.count(pages)}`);
      return queues.slice(at * size, (at + 1) * size);
    },
  };
}
