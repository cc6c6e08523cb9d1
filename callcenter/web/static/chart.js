// Small charts: bars by interval as a few SVG paths, everything else as elements with text in the page's own font.
// A value that is not known is a gap, never a bar of height 0; times that nobody saw are hatched.

import { keyed, make, mark, say } from "./dom.js";

const WIDTH = 1000, HEIGHT = 100;
const SVG = "http://www.w3.org/2000/svg";
const GAP = 0.16;
const LEAST = 2.5;  // what is 0 is seen as a thin line: it is not the same as nothing

/** The path of bars: `values` by interval (null: none), as shares of the height; each stands on `base` (shares too). Pure. */
export function path(bars, values, most, least = LEAST) {
  let d = "";
  for (const bar of bars) {
    const value = values[bar.index];
    if (value === null || value === undefined) continue;
    const gap = GAP * (bar.end - bar.start), x = (bar.start + gap / 2) * WIDTH, wide = (bar.end - bar.start - gap) * WIDTH;
    const high = Math.max(least, Math.min(1, value / most) * HEIGHT);
    d += `M${x.toFixed(1)} ${HEIGHT}v${(-high).toFixed(1)}h${wide.toFixed(1)}V${HEIGHT}z`;
  }
  return d;
}

/** A round number that is at least n, and at least 4. Pure. */
export function round(n) {
  const power = 10 ** Math.floor(Math.log10(Math.max(4, n)));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((digit) => digit * power).find((up) => up >= n && up >= 4);
}

/** A chart with paths of these classes, the first one farthest behind. */
export function chart(name, classes) {
  const svg = document.createElementNS(SVG, "svg"), paths = {};
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  for (const css of classes) {
    paths[css] = document.createElementNS(SVG, "path");
    paths[css].setAttribute("class", css);
    svg.append(paths[css]);
  }
  const top = make("span", "top"), line = make("i", "line"), blind = make("div", "blinds"), hours = make("div", "hours");
  const plot = make("div", "plot", svg, blind, line, top);
  const root = make("figure", `chart ${name}`, plot, hours);
  root.setAttribute("role", "img");
  return { root, paths, top, line, blind, hours, blinds: new Map(), marks: new Map() };
}

function draw(view, css, d) {
  if (view.paths[css].getAttribute("d") !== d) view.paths[css].setAttribute("d", d);
}

function place(node, start, end) {
  const [from, size] = [`${(100 * start).toFixed(2)}%`, end === undefined ? "" : `${(100 * (end - start)).toFixed(2)}%`];
  if (node.style.insetInlineStart !== from) node.style.insetInlineStart = from;
  if (end !== undefined && node.style.inlineSize !== size) node.style.inlineSize = size;
}

/** What all charts of one day share: the hours below, and the hatching. */
function frame(view, scale, page, spoken) {
  const bare = () => ({ root: make("i") });
  keyed(view.blind, view.blinds, scale.blind.map((run, i) => ({ ...run, i })), (run) => run.i, bare, (piece, run) => {
    mark(piece.root, { seen: run.seen });
    place(piece.root, run.start, run.end);
  });
  keyed(view.hours, view.marks, scale.marks.map((m, i) => ({ ...m, i })), (m) => m.i, () => ({ root: make("span") }), (piece, m) => {
    say(piece.root, page.fmt.clock(m.ms));
    place(piece.root, m.at);
  });
  if (view.root.getAttribute("aria-label") !== spoken) view.root.setAttribute("aria-label", spoken);
}

/** Calls by interval, and those of them that gave up. */
export function showCalls(view, scale, columns, page) {
  const offered = columns?.offered ?? [], abandoned = columns?.abandoned ?? [];
  const most = round(Math.max(0, ...scale.bars.map((bar) => offered[bar.index] ?? 0)));
  draw(view, "offered", path(scale.bars, offered, most));
  draw(view, "abandoned", path(scale.bars, abandoned.map((n) => n || null), most));
  say(view.top, page.fmt.count(most));
  view.line.hidden = true;
  const sum = (values) => page.fmt.count(values.reduce((total, n) => total + (n ?? 0), 0));
  frame(view, scale, page, `${page.word.offered}: ${sum(offered)}. ${page.word.abandoned}: ${sum(abandoned)}.`);
}

/** The service level by interval against its target: the judgement as colour, and as height beside the line. */
export function showLevel(view, scale, columns, aim, judge, page) {
  const levels = columns?.service_level ?? [];
  for (const state of ["good", "near", "bad", "none"]) {
    draw(view, state, path(scale.bars, levels.map((value) => (value !== null && judge(value, aim) === state ? value : null)), 1));
  }
  const there = aim !== undefined && aim !== null;
  view.line.hidden = !there;
  if (there) view.line.style.insetBlockEnd = view.top.style.insetBlockEnd = `${100 * aim}%`;
  say(view.top, there ? page.fmt.percent(aim) : "");
  const last = scale.bars.map((bar) => levels[bar.index]).filter((value) => value !== null && value !== undefined).at(-1);
  frame(view, scale, page, `${page.label("service_level")}: ${page.fmt.percent(last)}`);
}
