// The cards of the queues, and the summary of all of them.

import { chart, showCalls, showLevel } from "./chart.js";
import { glyph, keyed, make, mark, say, sayFilled, setJudged } from "./dom.js";
import { filled } from "./format.js";
import { atLeast, atMost, columns, wait } from "./judge.js";
import { unseen } from "./trust.js";

const BUSY = ["ringing", "talking", "holding"];
const IN_CARD = ["available", "busy", "wrap_up", "paused"];
const GLYPH_OF = { busy: "talking" };
const ABANDON_AIM = [0.05, 0.08];

/** What is counted over a window, and may so lack what was not seen. */
const OF_WINDOW = new Set(["level", "abandon", "answered", "speed"]);

const cards = new Map();
let arranged = "";

function stat(name, sign) {
  const value = make("b", "value"), rest = make("span", "rest"), label = make("span", "label");
  const glyphs = sign ? [glyph("none")] : [];
  const root = make("div", `stat ${name}`, make("span", "number", ...glyphs, value, rest), label);
  if (OF_WINDOW.has(name)) root.append(unseen());
  return { root, value, rest, label, sign: glyphs[0] };
}

function card() {
  const name = make("h2"), calls = chart("calls", ["offered", "abandoned"]), levels = chart("levels", ["good", "near", "bad", "none"]);
  const waiting = stat("waiting"), longest = stat("longest", true), level = stat("level", true);
  const fill = make("i", "fill"), aim = make("i", "aim"), meter = make("div", "meter", fill, aim);
  const abandon = stat("abandon", true), answered = stat("answered");
  const agents = IN_CARD.map((state) => ({ state, count: make("b"), root: null }));
  for (const a of agents) {
    a.root = make("span", "of-state", glyph(GLYPH_OF[a.state] ?? a.state), a.count);
    mark(a.root, { state: a.state });
  }
  const aimed = make("span", "aimed"), under = make("div", "under", level.label, aimed);
  level.root.append(under, meter);
  name.dir = "auto";
  const old = make("span", "text"), charts = make("div", "charts", calls.root, levels.root);
  charts.append(make("div", "old", glyph("unreachable"), old));
  abandon.label.before(make("i", "key"));  // the red foot of the charts' bars
  const body = make(
    "div", "body",
    make("div", "head", name, make("div", "in-queue", ...agents.map((a) => a.root))),
    make("div", "now", waiting.root, longest.root, level.root),
    charts,
    make("div", "more", abandon.root, answered.root),
  );
  const root = make("article", "card", body);
  return { root, name, waiting, longest, level, fill, aim, aimed, abandon, answered, agents, calls, levels, old };
}

function update(view, queue, board, page) {
  const { fmt, word } = page, figures = board.figures[page.window]?.[queue.name] ?? {};
  const judged = atLeast(figures.service_level, queue.targets.service_level);
  mark(view.root, { level: judged });
  say(view.name, queue.name);
  say(view.waiting.value, fmt.count(queue.waiting));
  mark(view.waiting.root, { none: String(queue.waiting === 0) });
  view.wait = waitOf(queue);
  say(view.level.value, fmt.percent(figures.service_level));
  mark(view.level.root, { long: String(figures.service_level >= 1) });  // "100%" leaves its label no room beside the eye
  setJudged(view.level.sign, judged, word);
  const aim = { p: fmt.percent(queue.targets.service_level), s: fmt.count(queue.targets.threshold_s) };
  view.level.root.title = `${word[judged]}: ${filled(word.within, aim)}`;
  say(view.aimed, aim.p);
  view.fill.style.inlineSize = `${100 * (figures.service_level ?? 0)}%`;
  view.aim.style.insetInlineStart = `${100 * (queue.targets.service_level ?? 0)}%`;
  say(view.abandon.value, fmt.fine(figures.abandon_rate));
  const ownAim = queue.targets.figures?.abandon_rate ?? page.target("abandon_rate") ?? ABANDON_AIM;
  const abandoned = atMost(figures.abandon_rate, ownAim);
  mark(view.abandon.root, { judged: abandoned });
  setJudged(view.abandon.sign, abandoned, word);
  say(view.answered.value, fmt.count(figures.answered));
  sayFilled(view.answered.rest, word.of, { b: fmt.count(figures.offered) });
  view.abandon.root.title = ofAbandon(word, abandoned, queue.targets.short_abandon_s, fmt);
  for (const a of view.agents) {
    const states = a.state === "busy" ? BUSY : [a.state];
    const n = states.reduce((sum, s) => sum + (queue.agents[s] ?? 0), 0);
    say(a.count, fmt.count(n));
    mark(a.root, { none: String(n === 0) });
    a.root.title = word[a.state];
  }
  const labels = {
    waiting: word.waiting, longest: word.longest, level: page.label("service_level"),
    abandon: page.label("abandon_rate"), answered: word.answered,
  };
  for (const [key, text] of Object.entries(labels)) say(view[key].label, text);
  view.of = queue;
  drawCharts(view, page);
}

function drawCharts(view, page) {
  if (!page.charted) return;
  const columns = page.day.queues[view.of.name];
  showCalls(view.calls, page.charted, columns, page);
  showLevel(view.levels, page.charted, columns, view.of.targets.service_level, atLeast, page);
}

/** A new day by intervals came: the boards in between change no chart. */
export function showDay(page) {
  for (const view of cards.values()) drawCharts(view, page);
}

/** Charts that no newer day came for are grey, and say up to when they tell. */
export function ageCharts(parent, isOld, page) {
  mark(parent, { old: String(isOld) });
  if (isOld) for (const view of cards.values()) sayFilled(view.old, page.word.upTo, { t: page.fmt.clock(page.drawnTo) });
}

/** The tooltip of an abandon rate: how it is judged, and that it leaves out who gave up at once. */
function ofAbandon(word, judged, shortS, fmt) {
  return `${word[judged]}: ${shortS ? filled(word.shortOut, { s: fmt.count(shortS) }) : word.allShortOut}`;
}

/** The value that all have, if they have one. */
function only(values) {
  const different = new Set(values);
  return different.size === 1 ? values[0] : undefined;
}

export function showQueues(parent, queues, board, page) {
  keyed(parent, cards, queues, (q) => q.name, card, (view, queue) => update(view, queue, board, page));
  // What its box is costs a layout: it is asked for when the box or the number of cards changes, not with each board.
  const wanted = `${queues.length} ${page.withCharts()}`;
  if (wanted !== arranged) arrange(parent, page.withCharts());
  arranged = wanted;
}

const LEAST_REM = 8.5;

/** As many columns as make the cards largest; with charts, where they were chosen and a card is high enough for them. */
export function arrange(parent, charts) {
  const gap = parseFloat(getComputedStyle(parent).columnGap) || 0, n = parent.children.length;
  if (!n) return;
  const cols = columns(n, parent.clientWidth, parent.clientHeight, gap), rows = Math.ceil(n / cols);
  const high = (parent.clientHeight - gap * (rows - 1)) / rows, rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  parent.style.setProperty("--columns", cols);
  mark(parent, { charts: String(charts && high >= LEAST_REM * rem) });
}

/** The longest wait of a queue: `since` when, and how long as told with the board; null where nobody waits. */
function waitOf(queue) {
  const { oldest_at: at, longest_wait_s: told, targets } = queue;
  return at === null ? null : { since: Date.parse(at), told, threshold: targets.threshold_s };
}

/** Each second: the longest waits go on, by the server's clock `now`; null: they stand still, as told. */
export function tickQueues(now, page) {
  for (const view of cards.values()) showWait(view.longest, view.wait, now, page);
}

function showWait(view, longest, now, page) {
  const s = longest === null ? null : now === null ? longest.told : (now - longest.since) / 1000;
  const judged = wait(s, longest?.threshold);
  say(view.value, page.fmt.duration(s));
  setJudged(view.sign, judged, page.word);
  mark(view.root, { judged, long: String(s !== null && s >= 3600) });
}

// ---- the summary of all queues -----------------------------------------------------------------------------------

const SUMMARY = ["waiting", "longest", "level", "abandon", "answered", "speed"];
const WITH_SIGN = new Set(["longest", "level", "abandon"]);
let summary = null;

export function showSummary(parent, board, page) {
  if (!summary) {
    summary = Object.fromEntries(SUMMARY.map((name) => [name, stat(name, WITH_SIGN.has(name))]));
    parent.append(...SUMMARY.map((name) => summary[name].root));
  }
  const { fmt, word } = page, figures = board.figures[page.window]?.[""] ?? {};
  const aim = only(board.queues.map((q) => q.targets.service_level)) ?? page.target("service_level")?.[0];
  const judged = {
    level: atLeast(figures.service_level, aim),
    abandon: atMost(figures.abandon_rate, page.target("abandon_rate") ?? ABANDON_AIM),
  };
  const waiting = board.queues.reduce((sum, q) => sum + q.waiting, 0);
  const texts = {
    waiting: [fmt.count(waiting), word.waiting],
    longest: [null, word.longest],
    level: [fmt.percent(figures.service_level), page.label("service_level")],
    abandon: [fmt.fine(figures.abandon_rate), page.label("abandon_rate")],
    answered: [fmt.count(figures.answered), word.answered],
    speed: [fmt.duration(figures.average_speed_of_answer), page.label("average_speed_of_answer")],
  };
  for (const [name, [value, label]] of Object.entries(texts)) {
    if (value !== null) say(summary[name].value, value);
    say(summary[name].label, label);
  }
  mark(summary.waiting.root, { none: String(waiting === 0) });
  sayFilled(summary.answered.rest, word.of, { b: fmt.count(figures.offered) });
  sayFilled(summary.level.rest, word.aim, { p: fmt.percent(aim) });
  for (const [name, state] of Object.entries(judged)) {
    mark(summary[name].root, { judged: state });
    setJudged(summary[name].sign, state, word);
    summary[name].root.title = word[state];
  }
  summary.abandon.root.title = ofAbandon(word, judged.abandon, only(board.queues.map((q) => q.targets.short_abandon_s)), fmt);
}

/** The longest wait of all, judged by the threshold of its own queue. */
export function tickSummary(board, now, page) {
  if (!summary) return;
  const waits = board.queues.map(waitOf).filter((one) => one !== null);
  const first = waits.reduce((a, b) => (a === null || b.since < a.since ? b : a), null);
  showWait(summary.longest, first, now, page);
}
