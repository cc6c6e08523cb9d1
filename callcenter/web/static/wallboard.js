// The wallboard: one stream, one picture. Time on the page is the server's, carried on by the browser's own clock.

import { showAgents, tickAgents } from "./agents.js";
import { make, say, sayFilled } from "./dom.js";
import { formats } from "./format.js";
import { arrange, showQueues, showSummary, tickQueues, tickSummary } from "./queues.js";
import { listen } from "./stream.js";
import { showAlarms, showSeen } from "./trust.js";
import { LANGUAGES, WINDOWS, WORDS, chosen, remember } from "./words.js";

const $ = (id) => document.getElementById(id);
const browser = navigator.language.slice(0, 2);
const lang = chosen("lang", Object.keys(LANGUAGES), browser in LANGUAGES ? browser : "en");
const word = WORDS[lang];
const page = {
  word, window: chosen("window", WINDOWS, "today"), fmt: formats(lang, undefined),
  collator: new Intl.Collator(LANGUAGES[lang].locale), rows: new Map(),
  label(figure) { return word[figure] ?? this.rows.get(figure)?.label[lang] ?? figure; },
  target(figure) { return this.rows.get(figure)?.target; },
};

let board = null, zone = null, boardAt = 0, shownAt = 0, stale = false, drawing = false;

function now() {
  return boardAt + (stale ? 0 : performance.now() - shownAt);
}

function draw() {
  drawing = false;
  showAlarms($("alarms"), board, page);
  showSummary($("summary"), board, page);
  showAgents($("agents"), board, page);
  showQueues($("queues"), board, page);
  showSeen($("seen"), board, page);
  say($("site"), board.site.name);
  document.title = `${board.site.name} · ${word.title}`;
  tick();
}

function tick() {
  if (!board) return;
  // Who waited when the link broke may have left since: their waits stand still.
  const known = board.link ? now() : Math.min(now(), Date.parse(board.link_since));
  tickSummary(known, page);
  tickQueues(known, page);
  tickAgents(known, page);
  say($("clock"), page.fmt.clock(now()));
  say($("date"), page.fmt.date(now()));
}

/** Bursts of boards become one picture: the newest. */
function onBoard(newest) {
  board = newest;
  boardAt = Date.parse(board.at);
  shownAt = performance.now();
  if (zone !== board.site.timezone) page.fmt = formats(lang, zone = board.site.timezone);
  tell();
  if (!drawing) { drawing = true; requestAnimationFrame(draw); }
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
  const since = stale ? boardAt : Date.parse(board.link_since);
  const text = stale ? word.stale : word.linkDown;
  sayFilled($("banner-text"), since ? text : word.connecting, { t: since ? page.fmt.exact(since) : "" });
}

function choices() {
  document.documentElement.lang = lang;
  document.documentElement.dir = LANGUAGES[lang].dir;
  for (const [code, { name }] of Object.entries(LANGUAGES)) {
    const link = make("a", code === lang ? "chosen" : "", name);
    link.href = `?lang=${code}`;
    link.lang = code;
    $("languages").append(link);
  }
  for (const window of WINDOWS) $("window").append(new Option(word[window], window, false, window === page.window));
  $("window").addEventListener("change", (event) => {
    remember("window", page.window = event.target.value);
    if (board) draw();
  });
}

choices();
tell();
listen("/api/v1/events", onBoard, onStale);
setInterval(tick, 1000);
addEventListener("resize", () => { if (board) draw(); });
new ResizeObserver(() => arrange($("queues"))).observe($("queues"));
fetch("/api/v1/figures").then((answer) => answer.json()).then(({ items }) => {
  page.rows = new Map(items.map((row) => [row.name, row]));
  if (board) draw();
}).catch(() => { /* the page has words of its own for what it shows */ });
