// The agents: counts by state, and a tile for each while they can be read.

import { glyph, keyed, make, mark, say, setGlyph } from "./dom.js";
import { tiles } from "./judge.js";
import { STATES } from "./words.js";

const shown = new Map(), chips = new Map(), segments = new Map();
let width = 0;

function chip(state) {
  const count = make("b"), label = make("span", "label");
  const root = make("div", "chip", glyph(state), count, label);
  mark(root, { state });
  return { root, count, label };
}

function segment(state) {
  const root = make("i");
  mark(root, { state });
  return { root };
}

function tile() {
  const sign = glyph("none"), name = make("h3"), what = make("span", "what"), since = make("time");
  name.dir = what.dir = "auto";
  const root = make("article", "agent", name, make("p", "", sign, what, since));
  return { root, sign, name, what, time: since };
}

function update(view, agent, page) {
  mark(view.root, { state: agent.state });
  setGlyph(view.sign, agent.state);
  view.full = agent.name || agent.interface;
  say(view.what, agent.queue ?? (agent.reason || page.word[agent.state]));
  view.root.title = `${view.full} · ${page.word[agent.state]}`;
  view.since = Date.parse(agent.since);
  view.told = agent.since_s;
}

const FITS = ["0", "1", "2"];
const ENDS = [[24, 14], [16, 10], [10, 6]];

/** The name in the largest way that shows all of it: large, smaller, in two lines; else with its middle left out, because
 * the end tells namesakes apart. Measured only when the name or the `room` for it is a new one: measuring costs a layout. */
function fit(view, room) {
  if (view.full === view.fitted && room === view.room) return;
  [view.fitted, view.room] = [view.full, room];
  say(view.name, view.full);
  for (const size of FITS) {
    mark(view.name, { fit: size });
    if (isWhole(view.name)) return;
  }
  const letters = [...view.full];
  for (const [first, last] of ENDS) {
    say(view.name, `${letters.slice(0, first).join("")}…${letters.slice(-last).join("")}`);
    if (isWhole(view.name)) return;
  }
}

function isWhole(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const tops = Array.from(range.getClientRects(), (line) => line.top), box = node.getBoundingClientRect();
  // Lines by their tops: an Arabic font is far higher than its line.
  return range.getBoundingClientRect().width <= box.width && Math.max(...tops) - Math.min(...tops) < box.height * 0.75;
}

/** Tiles keep the order of names, so that a face keeps its place on the wall; colour and sign tell the state. */
export function showAgents(root, board, page) {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  for (const agent of board.agents) counts[agent.state] += 1;
  const there = board.agents.filter((agent) => agent.state !== "logged_out");
  keyed(root.querySelector("#states"), chips, STATES, (s) => s, chip, (view, state) => {
    say(view.count, page.fmt.count(counts[state]));
    say(view.label, page.word[state]);
    mark(view.root, { none: String(counts[state] === 0) });
  });
  keyed(root.querySelector("#bar"), segments, STATES, (s) => s, segment, (view, state) => {
    view.root.style.flexGrow = state === "logged_out" ? 0 : counts[state];
  });
  const grid = tiles(there.length, board.queues.length, width), box = root.querySelector("#tiles");
  root.classList.toggle("many", grid === null);
  if (grid) box.style.setProperty("--columns", grid.cols);
  const rows = grid ? there.sort((a, b) => page.collator.compare(a.name, b.name)) : [];
  keyed(box, shown, rows, (a) => a.interface, tile, (view, agent) => update(view, agent, page));
  for (const view of shown.values()) fit(view, `${grid.cols} ${width}`);
}

/** At the beginning, and when the window has another size or another font. */
export function measure(root) {
  width = root.clientWidth;
  for (const view of shown.values()) view.room = "";
}

/** Each second: how long everybody is in the present state; `now` is null while that stands still, as told. */
export function tickAgents(now, page) {
  for (const view of shown.values()) say(view.time, page.fmt.duration(now === null ? view.told : (now - view.since) / 1000));
}
