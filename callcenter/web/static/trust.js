// How far the board can be trusted: what is wrong now, and how much of the window was seen.

import { glyph, keyed, make, mark, say, sayFilled, setGlyph } from "./dom.js";
import { filled } from "./format.js";

/** What a wall has to know; the rest is for operators, and on /readyz. The link has a banner of its own. */
const FOR_ALL = new Set(["damaged", "store", "disk_full", "difference", "old_backup"]);

const bars = new Map();

/** A sign in the corner of a figure, shown while its window was not seen whole. */
export function unseen() {
  const sign = glyph("partial");
  sign.classList.add("unseen");
  return sign;
}

function bar() {
  const text = make("span"), since = make("span", "since");
  return { root: make("div", "alarm", glyph("unreachable"), text, since), text, since };
}

/** One bar for each thing that is wrong. */
export function showAlarms(parent, board, page) {
  const told = board.alarms.filter((alarm) => FOR_ALL.has(alarm.kind));
  keyed(parent, bars, told, (alarm) => alarm.kind, bar, (view, alarm) => {
    mark(view.root, { kind: alarm.kind, ready: String(alarm.ready) });
    view.root.title = alarm.detail;
    say(view.text, page.word[alarm.kind]);
    sayFilled(view.since, alarm.since ? page.word.since : "", { t: alarm.since ? page.fmt.exact(Date.parse(alarm.since)) : "" });
  });
}

/** Says how long of the window nothing was seen and since when; and marks each figure of that window. */
export function showSeen(root, board, page) {
  const seen = board.seen[page.window] ?? { state: "whole" }, whole = seen.state === "whole";
  root.hidden = whole;
  mark(document.body, { seen: seen.state });
  if (whole) return;
  const values = said(seen, page), text = page.word[seen.state === "repaired" ? "filledIn" : seen.until ? "unseen" : "unseenStill"];
  sayFilled(root.lastChild, text, values);
  root.title = filled(page.word[seen.state], values);
  for (const sign of [root.firstChild, ...document.querySelectorAll(".unseen")]) setGlyph(sign, seen.state);
}

function said(seen, page) {
  const { fmt } = page, at = (time) => fmt.clock(Date.parse(time));
  return {
    d: fmt.length(seen.blind_s), t: at(seen.since), u: seen.until ? at(seen.until) : "", n: fmt.count(seen.holes),
    r: fmt.count(seen.repaired), k: fmt.count(seen.unknown),
  };
}
