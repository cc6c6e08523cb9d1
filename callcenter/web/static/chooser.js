// Which queues are shown, and whether with charts: a panel that mouse, keyboard and remote control reach.

import { asked, keep } from "./address.js";
import { make, say, sayFilled } from "./dom.js";
import { remember } from "./words.js";

const $ = (id) => document.getElementById(id);

/** The names in the address, null: all of them. */
function named() {
  const text = asked("queues");
  const names = (text ?? "").split(",").map((name) => name.trim()).filter(Boolean);
  return names.length ? [...new Set(names)] : null;
}

/** The choice of the page: `wanted`, the queues that the address names, and `charts`. Calls onChange() when somebody
 * chose. */
export function chooser(page, onChange) {
  const { word } = page, panel = $("panel"), list = $("choices");
  const choice = { wanted: named(), charts: page.charts, known, label };

  /** Those of the wanted queues that there are. All, when there is none of them: a screen is never empty. */
  function known(board) {
    if (choice.wanted === null) return null;
    const names = board.queues.map((queue) => queue.name);
    const found = choice.wanted.filter((name) => names.includes(name));
    // Before the first snapshot no queue is known, which is told elsewhere.
    unknown(names.length ? choice.wanted.filter((name) => !names.includes(name)) : []);
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
    choice.wanted = names?.length ? names : null;
    keep({ queues: choice.wanted?.join(",") ?? null });
    if (choice.wanted === null) unknown([]);
    onChange();
  }

  function fill(names) {
    const all = box(word.allQueues, choice.wanted === null, () => { choose(null); fill(names); all.firstChild.focus(); });
    const boxes = names.map((name) => box(name, choice.wanted?.includes(name) ?? false, () => {
      choose(names.filter((_, i) => boxes[i].firstChild.checked));
      all.firstChild.checked = choice.wanted === null;
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
