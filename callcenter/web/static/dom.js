// The few ways in which the page touches the document. Foreign text only ever becomes textContent.

/** A new element with a class, holding text or children. */
export function make(tag, name, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.append(...children);
  return node;
}

/** A glyph of the page's own symbols; `name` is never foreign. */
export function glyph(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "glyph");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export function setGlyph(svg, name) {
  const href = `#i-${name}`;
  if (svg.firstChild.getAttribute("href") !== href) svg.firstChild.setAttribute("href", href);
}

/** The sign of a judgement: its shape says what its colour says, and a text says it to whoever sees neither. */
export function setJudged(svg, judged, word) {
  setGlyph(svg, judged);
  if (svg.getAttribute("aria-label") === word[judged]) return;
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", word[judged]);
}

/** Set a text only when it changed: most of a board does not change each second. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set a text with {x} in it. Each value stands in a direction of its own: beside Arabic letters the bidi rules would
 * else move a percent sign to the other side of its number. */
export function sayFilled(node, text, values) {
  const parts = text.split(/\{(\w)\}/).map((part, i) => (i % 2 ? String(values[part] ?? "") : part));
  if (node.textContent === parts.join("")) return;
  node.replaceChildren(...parts.map((part, i) => (i % 2 ? make("bdi", "", part) : part)));
}

/** Set data attributes that the style sheet looks at. */
export function mark(node, values) {
  for (const [key, value] of Object.entries(values)) if (node.dataset[key] !== value) node.dataset[key] = value;
}

/** Bring the children of `parent` in line with `rows`: one node a key, in their order, made once and kept. */
export function keyed(parent, kept, rows, keyOf, create, update) {
  const seen = new Set();
  rows.forEach((row, i) => {
    const key = keyOf(row);
    seen.add(key);
    if (!kept.has(key)) kept.set(key, create(row));
    const view = kept.get(key);
    update(view, row);
    if (parent.children[i] !== view.root) parent.insertBefore(view.root, parent.children[i] ?? null);
  });
  for (const [key, view] of kept) if (!seen.has(key)) { view.root.remove(); kept.delete(key); }
}
