// The wallboard: one stream, one picture. Time on the page is the server's, carried on by the browser's own clock.

import { measure, showAgents, tickAgents } from "./agents.js";
import { address, keep } from "./address.js";
import { chooser } from "./chooser.js";
import { OLD_MS, follow, scale } from "./day.js";
import { make, say, sayFilled } from "./dom.js";
import { formats } from "./format.js";
import { MOST, MOST_PLAIN, pager } from "./pages.js";
import { ageCharts, arrange, showDay, showQueues, showSummary, tickQueues, tickSummary } from "./queues.js";
import { screen } from "./screen.js";
import { listen } from "./stream.js";
import { showTicker, tickTicker } from "./ticker.js";
import { narrowed } from "./together.js";
import { showAlarms, showSeen } from "./trust.js";
import { LANGUAGES, WINDOWS, WORDS, chosen, recall, remember } from "./words.js";

const $ = (id) => document.getElementById(id);
const browser = navigator.language.slice(0, 2);
const lang = chosen("lang", Object.keys(LANGUAGES), browser in LANGUAGES ? browser : "en");
const word = WORDS[lang];
const page = {
  word, window: chosen("window", WINDOWS, "today"), fmt: formats(lang, undefined),
  charts: chosen("charts", ["0", "1"], "1") === "1", day: null, charted: null, drawnTo: null, toldAt: 0,
  collator: new Intl.Collator(LANGUAGES[lang].locale), rows: new Map(),
  label(figure) { return word[figure] ?? this.rows.get(figure)?.label[lang] ?? figure; },
  withCharts: () => choice.charts && page.charted !== null,
  target(figure) { return this.rows.get(figure)?.target; },
};

const choice = chooser(page, () => { if (told) take(); });
const pages = pager($("pages"), page, () => { if (board) draw(); });
const full = screen($("full"));
const narrow = matchMedia("(max-width: 900px)");

// Nobody reads faster, and what drives a screen on a wall is slow.
const DRAW_MS = 200;

// `told` is what the server says, `board` the chosen part of it. The page's time goes on from `boardAt`.
let told = null, board = null, zone = null, boardAt = 0, shownAt = 0, stale = false, drawing = false, drawnAt = 0;

function now() {
  return boardAt + (stale ? 0 : performance.now() - shownAt);
}

/** The chosen part of the newest board, drawn soon: bursts of boards become one picture. */
function take() {
  const names = choice.known(told);
  board = narrowed(told, names);
  choice.label(told, names);
  if (drawing) return;
  drawing = true;
  const rest = Math.max(0, drawnAt + DRAW_MS - performance.now());
  setTimeout(() => requestAnimationFrame(draw), rest);
}

function draw() {
  drawing = false;
  drawnAt = performance.now();
  const most = narrow.matches ? Infinity : choice.charts ? MOST : MOST_PLAIN;
  showAlarms($("alarms"), board, page);
  showSummary($("summary"), board, page);
  showAgents($("agents"), board, page);
  showQueues($("queues"), pages.of(board.queues, most), board, page);
  showTicker($("ticker"), board, page);
  showSeen($("seen"), board, page);
  say($("site"), board.site.name);
  document.title = `${board.site.name} · ${word.title}`;
  tick();
}

function tick() {
  if (!board) return;
  // Who waited when the link broke may have left since: how long that is known to have lasted the server says.
  const known = board.link ? now() : null;
  tickSummary(board, known, page);
  tickQueues(known, page);
  tickAgents(known, page);
  say($("clock"), page.fmt.clock(now()));
  say($("date"), page.fmt.date(now()));
  tickTicker($("ticker"), page);
  pages.tick();
  ageCharts($("queues"), page.drawnTo !== null && performance.now() - page.toldAt > OLD_MS, page);
}

function onBoard(board) {
  told = board;
  boardAt = Date.parse(board.at);
  shownAt = performance.now();
  if (zone !== board.site.timezone) {
    page.fmt = formats(lang, zone = board.site.timezone);
    if (page.day) onDay(page.day);
  }
  take();
  tell();
}

/** The day by intervals, which changes less often than the board. */
function onDay(day) {
  page.day = day;
  page.charted = scale(day, page.fmt.hour);
  showDay(page);
  arrange($("queues"), page.withCharts());
  const to = Date.parse(day.to);
  if (to !== page.drawnTo) page.toldAt = performance.now();  // the same day again is no news
  page.drawnTo = to;
}

/** The server has other files than those that this page was made of: take them, once for each version. */
function onPages(version) {
  const mine = page.version ??= version;
  if (version === mine || recall("pages", "sessionStorage") === version) return;
  remember("pages", version, "sessionStorage");
  location.reload();
}

function onStale(isStale) {
  if (isStale && board) boardAt = now();
  shownAt = performance.now();
  stale = isStale;
  tell();
}

/** Says whether what is shown is of now: by a word when it is, by a banner over all when it is not. */
function tell() {
  const cut = stale ? "stale" : board && !board.link ? "link-down" : "";
  document.body.className = !board && !stale ? "connecting" : cut;
  say($("live-word"), board && !cut ? word.live : word.connecting);
  $("banner").hidden = !cut;
  if (!cut) return;
  const since = stale ? told && Date.parse(told.at) : Date.parse(board.link_since);
  const text = stale ? word.stale : word.linkDown;
  sayFilled($("banner-text"), since ? text : word.connecting, { t: since ? page.fmt.exact(since) : "" });
}

function choices() {
  document.documentElement.lang = lang;
  document.documentElement.dir = LANGUAGES[lang].dir;
  for (const [code, { name }] of Object.entries(LANGUAGES)) {
    const link = make("a", code === lang ? "chosen" : "", name);
    link.addEventListener("click", () => { link.href = address({ lang: code }); });
    link.href = address({ lang: code });
    link.lang = code;
    $("languages").append(link);
  }
  $("full").title = word.full;
  $("full").setAttribute("aria-label", word.full);
  $("ticker").setAttribute("aria-label", word.alerts);
  say($("choose-word"), word.allQueues);
  for (const window of WINDOWS) $("window").append(new Option(word[window], window, false, window === page.window));
  $("window").addEventListener("change", (event) => {
    remember("window", page.window = event.target.value);
    keep({ window: page.window });
    if (board) draw();
  });
}

// A remote control has arrows and Enter.
const KEYS = {
  KeyF: full, KeyQ: () => choice.open(told), Enter: () => choice.open(told),
  ArrowRight: () => pages.turn(1), ArrowLeft: () => pages.turn(-1),
};
const TURNED = { ArrowRight: "ArrowLeft", ArrowLeft: "ArrowRight" };

/** The key by its Latin letter; else by its place, where a Persian keyboard has another letter; a television's remote
 * control tells no place. */
function pressed({ key, code }) {
  return /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : code || key;
}

function keys(event) {
  const key = pressed(event);
  const taken = event.target.closest?.(key === "Enter" ? "a, button, select, dialog" : "select, input, dialog");
  if (taken || event.ctrlKey || event.altKey || event.metaKey) return;
  // Arrows turn pages the way they point: forth is to the left where one reads to the left.
  const code = (document.documentElement.dir === "rtl" && TURNED[key]) || key;
  if (!(code in KEYS)) return;
  event.preventDefault();
  KEYS[code]();
}

choices();
tell();
addEventListener("keydown", keys);
$("choose").addEventListener("click", () => choice.open(told));
listen("/api/v1/events", onBoard, onStale, onPages);
follow(onDay);
setInterval(tick, 1000);
function measured() {
  measure($("agents"));
  if (board) draw();
}
measure($("agents"));
addEventListener("resize", measured);
document.fonts.addEventListener("loadingdone", measured);
new ResizeObserver(() => arrange($("queues"), page.withCharts())).observe($("queues"));
fetch("/api/v1/figures").then((answer) => answer.json()).then(({ items }) => {
  page.rows = new Map(items.map((row) => [row.name, row]));
  if (board) draw();
}).catch(() => { /* the page has words of its own for what it shows */ });
