// What is wrong now, the worst first: some at a time, each page of them for a few seconds. Nothing moves.

import { glyph, keyed, make, mark, say, sayFilled, setGlyph } from "./dom.js";

const AT_ONCE = 3;
const EACH_MS = 7_000;
const GRAVE = new Set(["nobody_logged_in", "waits_too_long"]);

/** Of the daemon's alarms those that have no place of their own: the link has the banner, the gravest have bars. */
const OF_DAEMON = new Set(["snapshot", "actions", "refused", "queue_log", "backup", "mqtt"]);

const shown = new Map();
let all = [], keys = "", fits = 0, first = 0, turn = 1, dueAt = 0, told = "";

function item() {
  const sign = glyph("near"), queue = make("bdi", "who"), what = make("span", "said");
  return { root: make("span", "item", sign, queue, what), sign, queue, what };
}

/** The lines of the ticker, worst first: [{key, grave, queue, text, values, title}]. Pure but for the page's words. */
export function lines(board, page) {
  const { fmt, word } = page;
  const alarms = board.alarms.filter((alarm) => OF_DAEMON.has(alarm.kind)).map((alarm) => ({
    key: `daemon ${alarm.kind}`, grave: !alarm.ready, queue: "", text: word[alarm.kind], values: {}, title: alarm.detail,
  }));
  const alerts = board.alerts.filter((alert) => alert.kind in word).map((alert) => {
    const seconds = alert.kind === "waits_too_long", callers = alert.kind === "nobody_logged_in";
    const rate = alert.kind === "abandon_rate_high";
    const say = seconds ? fmt.duration : callers ? fmt.count : rate ? fmt.fine : fmt.percent;
    // Rounded away from its limit: "8.0%, at most 8.0%" would say that nothing is wrong.
    const value = rate ? Math.ceil(alert.value * 1000 - 1e-6) / 1000 : alert.value;
    return {
      key: `${alert.kind} ${alert.queue}`, grave: GRAVE.has(alert.kind), queue: alert.queue, title: "",
      text: word[alert.kind], values: { v: say(value), l: say(alert.limit) },
    };
  });
  const grave = (line) => line.grave;
  return [...alarms.filter(grave), ...alerts.filter(grave), ...alarms, ...alerts].filter((l, i, ls) => ls.indexOf(l) === i);
}

export function showTicker(root, board, page) {
  all = lines(board, page);
  keys = all.map((line) => line.key).sort().join("\n");
  const [sign, list, count] = root.children;
  mark(root, { none: String(all.length === 0), grave: String(all.some((line) => line.grave)) });
  setGlyph(sign, all.length === 0 ? "good" : all.some((line) => line.grave) ? "bad" : "near");
  if (first >= all.length) [first, turn] = [0, 1];
  dueAt ||= performance.now() + EACH_MS;
  draw(list, count, page);
  tell(root.nextElementSibling, page);
}

function draw(list, count, page) {
  place(list, page);
  const pages = turn - 1 + Math.ceil((all.length - first) / (fits || AT_ONCE));
  say(count, pages > 1 ? `${page.fmt.count(turn)} / ${page.fmt.count(pages)}` : "");
}

/** How many fit into the row. The style lets whoever does not fall out of it whole: a name that is cut may be any
 * queue's. Not asked at each board: the page would be laid out for the answer. */
function fitting(list) {
  const views = [...list.children], [one] = views;
  if (getComputedStyle(list).flexDirection !== "row") return AT_ONCE; // on a phone each has lines of its own
  const seen = views.filter((view) => view.offsetTop === one.offsetTop).length;
  return seen < views.length ? seen : AT_ONCE;
}

function place(list, page) {
  const page_ = all.length ? all.slice(first, first + AT_ONCE) : [{ key: "", queue: "", text: page.word.allWell, values: {}, title: "" }];
  keyed(list, shown, page_, (line) => line.key, item, (view, line) => {
    mark(view.root, { grave: String(Boolean(line.grave)) });
    view.root.title = line.title;
    setGlyph(view.sign, line.grave ? "bad" : "near");
    say(view.queue, line.queue);
    sayFilled(view.what, line.text, line.values);
  });
}

/** For those who listen instead of looking: all of it, once, when something came or went. */
function tell(spoken, page) {
  if (keys === told) return;
  told = keys;
  say(spoken, all.map((line) => `${line.queue} ${line.text.replace(/\{(\w)\}/g, (_, key) => line.values[key])}`).join(". "));
}

/** Each second: the next ones, when their time has come. */
export function tickTicker(root, page) {
  const [, list, count] = root.children, now = performance.now(), due = now >= dueAt;
  if (!due && fits) return;
  fits = fitting(list);
  if (due) {
    dueAt = now + EACH_MS;
    [first, turn] = first + fits < all.length ? [first + fits, turn + 1] : [0, 1];
  }
  draw(list, count, page);
}
