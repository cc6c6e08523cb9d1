// Which queues are shown, and whether with charts: a panel that mouse, keyboard and remote control reach.

import { askedAll, keep } from "./address.js";
import { make, say, sayFilled } from "./dom.js";
import { remember } from "./words.js";

const $ = (id) => document.getElementById(id);

/** The names that these values of the address mean, null: all queues. A value that is no queue by itself is several, with
 * commas between them: a queue may have a comma in its name. */
function named(values, queues) {
  const split = (value) => value.split(",").map((name) => name.trim()).filter(Boolean);
  const names = values.flatMap((value) => (queues.includes(value) ? [value] : split(value)));
  return names.length ? [...new Set(names)] : null;
}

/** The choice of the page: `wanted`, what the address names, and `charts`. Calls onChange() when somebody
 * chose. */
export function chooser(page, onChange) {
  const { word } = page, panel = $("panel"), list = $("choices");
  const choice = { wanted: askedAll("queues"), charts: page.charts, known, label };

  /** Those of the wanted queues that there are. All, when there is none of them: a screen is never empty. */
  function known(board) {
    const names = board.queues.map((queue) => queue.name), wanted = named(choice.wanted, names);
    if (wanted === null) return null;
    const found = wanted.filter((name) => names.includes(name));
    // Before the first snapshot no queue is known, which is told elsewhere.
    unknown(names.length ? wanted.filter((name) => !names.includes(name)) : []);
    return found.length ? found : null;
  }

  function unknown(names) {
    $("unknown").hidden = names.length === 0;
    if (names.length) sayFilled($("unknown-text"), word.noSuchQueue, { q: names.join(", ") });
  }

  function label(board, found) {
    const all = page.fmt.count(board.queues.length);
    sayFilled($("choose-word"), found === null ? word.allQueues : word.someQueues, { n: page.fmt.count(found?.length), a: all });
  }

  function box(text, checked, onPick) {
    const input = make("input"), name = make("span", "", text);
    input.type = "checkbox";
    input.checked = checked;
    name.dir = "auto";
    input.addEventListener("change", () => onPick(input.checked));
    return make("label", "choice", input, name);
  }

  function choose(names) {
    keep({ queues: choice.wanted = names });
    if (!names.length) unknown([]);
    onChange();
  }

  function fill(names) {
    const wanted = named(choice.wanted, names);
    const all = box(word.allQueues, wanted === null, () => { choose([]); fill(names); all.firstChild.focus(); });
    const boxes = names.map((name) => box(name, wanted?.includes(name) ?? false, () => {
      choose(names.filter((_, i) => boxes[i].firstChild.checked));
      all.firstChild.checked = choice.wanted.length === 0;
    }));
    all.classList.add("of-all");
    const charts = box(word.withCharts, choice.charts, (on) => {
      choice.charts = on;
      remember("charts", on ? "1" : "0");
      keep({ charts: on ? null : "0" });
      onChange();
    });
    charts.classList.add("of-charts");
    list.replaceChildren(all, ...boxes, charts);
  }

  choice.open = (board) => {
    if (!board || panel.open) return;
    fill(board.queues.map((queue) => queue.name).sort(page.collator.compare));
    panel.showModal();
  };
  say($("panel-title"), word.queues);
  say($("panel-close"), word.close);
  $("panel-close").addEventListener("click", () => panel.close());
  panel.addEventListener("close", () => list.replaceChildren());
  panel.addEventListener("keydown", (event) => steer(panel, event));
  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); });
  return choice;
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** A remote control has no Tab and no space bar: arrows go from one choice to the next, Enter chooses. */
function steer(panel, event) {
  const stops = [...panel.querySelectorAll("input, button")], at = stops.indexOf(document.activeElement);
  if (event.key in STEPS) stops.at((at + STEPS[event.key]) % stops.length)?.focus();
  else if (event.key === "Enter" && stops[at]?.type === "checkbox") stops[at].click();
  else return;
  event.preventDefault();
}
