// Whether a figure is good, near or bad, and how the queues share the screen. Pure.

const NEAR = 0.1;

/** "good" | "near" | "bad" | "none" for a value that should be at least `aim`. */
export function atLeast(value, aim) {
  if (value === null || value === undefined || aim === undefined) return "none";
  return value >= aim ? "good" : value >= aim - NEAR ? "near" : "bad";
}

/** The same for a value that should be at most aim[0], and never over aim[1]. */
export function atMost(value, aim) {
  if (value === null || value === undefined || !aim) return "none";
  return value <= aim[0] ? "good" : value <= aim[1] ? "near" : "bad";
}

/** The same for a wait of `s` seconds with the threshold T: beyond T it is late, beyond three times T it is bad. */
export function wait(s, threshold) {
  return s === null || threshold === undefined ? "none" : s <= threshold ? "good" : s <= 3 * threshold ? "near" : "bad";
}

/** How many columns make n cards largest in a box and leave few holes; cards are about 2.3 times as wide as high. */
export function columns(n, width, height, gap) {
  let best = 1, size = 0;
  for (let cols = 1; cols <= Math.min(n, 10); cols++) {
    const rows = Math.ceil(n / cols);
    const w = (width - gap * (cols - 1)) / cols, h = (height - gap * (rows - 1)) / rows;
    const worth = Math.min(w / 2.3, h) * n / (cols * rows);
    if (worth > size) [best, size] = [cols, worth];
  }
  return best;
}

const TILE_PX = 165;

/** Columns and rows of agent tiles; null when there are too many to be read beside so many queues, `width` px wide. */
export function tiles(agents, queues, width) {
  const most = Math.min(10, Math.max(2, Math.floor(width / TILE_PX)));
  const rows = queues <= 3 ? 6 : queues <= 6 ? 4 : queues <= 12 ? 2 : 0;
  if (agents === 0 || agents > rows * most) return null;
  const cols = Math.min(most, Math.max(6, Math.ceil(agents / rows)));
  return { cols, rows: Math.ceil(agents / cols) };
}
