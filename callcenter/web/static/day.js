// The day by half hours (its first hours by quarters), asked for now and then; all pages together cost the server one
// computation.

const FIGURES = ["offered", "abandoned", "service_level"];
const AGAIN_MS = 30_000, TRY_MS = 5_000;
const LEAST_MS = 2 * 3_600_000;
const LENGTH_MS = { "15m": 900_000, "30m": 1_800_000 };
const HOURS = [1, 2, 3, 4, 6, 12];

/** Charts may be without news for so long: four questions in vain. By the browser's clock, for a PBX's that is simulated
 * runs faster. */
export const OLD_MS = 120_000;

/** Calls onDay(day) with what the API told, every half minute while the page lives. Never two questions at once. */
export function follow(onDay) {
  let every = "30m";
  async function ask() {
    let next = TRY_MS;
    try {
      const day = await fetched(every), asked = every;
      if (day === null) return;
      onDay(day);
      every = begun(day) > Date.parse(day.to) - LEAST_MS ? "15m" : "30m";
      next = every === asked ? AGAIN_MS : 0;
    } finally {
      setTimeout(ask, next);
    }
  }
  ask();
}

/** The day by intervals of `every`; null where it cannot be had now, which the charts' age tells. */
async function fetched(every) {
  const figures = FIGURES.map((name) => `figure=${name}`).join("&");
  try {
    const answer = await fetch(`/api/v1/kpis/intervals?every=${every}&${figures}`, { signal: AbortSignal.timeout(AGAIN_MS) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** When the first interval began in which somebody called; of none the one under way. */
function begun(day) {
  const called = day.all.offered.findIndex((n) => n > 0);
  return Date.parse(day.intervals.at(called).from);
}

/** What the charts share: where each interval lies between 0 and 1, hours to write, times nobody saw. Pure.
 *
 * It begins with the first interval in which somebody called, and is never so short that bars become beams. */
export function scale(day, hourOf) {
  const rows = day.intervals.map((row) => ({ from: Date.parse(row.from), to: Date.parse(row.to), seen: row.seen }));
  const last = rows.at(-1), end = Math.max(last.to, last.from + LENGTH_MS[day.every]);
  const start = Math.max(rows[0].from, Math.min(begun(day), end - LEAST_MS));
  const at = (ms) => Math.min(1, Math.max(0, (ms - start) / (end - start)));
  const first = rows.findIndex((row) => row.to > start);
  const step = HOURS.find((hours) => (end - start) / 3_600_000 / hours <= 3.4) ?? 12;
  const marks = rows.slice(first).filter((row) => Number.isInteger(hourOf(row.from) / step))
    .map((row) => ({ at: at(row.from), ms: row.from })).filter((m) => m.at < 0.76);  // beyond it there is no room to write
  // The interval under way is as wide as it will be.
  const bars = rows.slice(first).map((row, i, all) => ({
    index: first + i, start: at(row.from), end: at(i === all.length - 1 ? end : row.to),
  }));
  return { bars, marks, blind: blindOf(rows.slice(first), at) };
}

/** Runs of intervals that were not seen whole: {start, end, seen}. */
function blindOf(rows, at) {
  const runs = [];
  for (const row of rows) {
    if (row.seen !== "nothing" && row.seen !== "partial") continue;
    const run = runs.at(-1), start = at(row.from), end = at(row.to);
    if (run && run.seen === row.seen && Math.abs(run.end - start) < 1e-6) run.end = end;
    else runs.push({ start, end, seen: row.seen });
  }
  return runs;
}
