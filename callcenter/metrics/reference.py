"""docs/metrics.md, made from the table: ``python -m callcenter.metrics.reference > docs/metrics.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from callcenter.metrics.counters import BUCKETS
from callcenter.metrics.recipes import recipes, within
from callcenter.metrics.table import DAEMON, PLANNING, SINCE_START, STATE, WINDOWED, Row

HEAD = """# Metrics

Served at `/metrics` in Prometheus' text format. This page is made from `callcenter/metrics/table.py` by
`python -m callcenter.metrics.reference > docs/metrics.md`. `/metrics?name[]=callcenter_link_up` gives that metric
alone, several of them several.

Labels are bounded: queues and agents of the PBX, states, outcomes, windows (`today`, `15m`, `30m`, `60m`, `7d`, `28d`).
There is never a phone number in them: seven digits and more in an agent's interface or name are shown as a short hash.
A figure without a value (nothing to divide by) has no series; it is neither 0 nor 100 %.
"""

PARTS = (
    ("Now", STATE), ("Since the daemon started", SINCE_START), ("Forecast and staffing", PLANNING),
    ("The daemon and what it lives on", DAEMON),
    ("Figures of the live windows", WINDOWED),
)


RECIPES = """
## Any window, from the counters

The windows of the figures are 15, 30, 60 minutes, today, 7 and 28 days. Any other window can be asked of Prometheus:
here by queue within an hour, with each queue's own T, and 5 s as the limit of a short abandon. Both must be bounds of
the buckets: {buckets}. What needs a T that is none has no value.

5 s is the `short_abandon_s` of a queue that is not configured otherwise; no metric tells it. Of queues with another
write that in place of 5, as the buckets write it (`le="10.0"` for 10 s), and ask for those alone: `queue="…"` in the
braces of each counter. With `short_abandon_s = 0` leave out the subtraction: no abandon is short.

{table}
Without `increase(…[1h])` around a counter the same is since the daemon's start. `increase` estimates what lies between
the ends of the window and the scrapes next to them, so counts need not be whole numbers. A counter counts a visit when
it is *decided*, a window of the API when it *entered*: they agree where nobody waited at the ends of it. A caller who
gave up after exactly 5 s is a short abandon here and none in the API. A restart sets counters to 0, which `increase`
knows. Occupancy, hold and wrap-up have no counters.

After a hole that queue_log repaired the two differ: the windows of the API have its visits as they were, the counters
keep what was seen of them, nothing or `unknown`. `increase(callcenter_queue_log_repaired_visits_total[1h])` says how
many visits that concerns, by queue and true outcome, `increase(callcenter_ami_blind_seconds_total[1h])` for how many
seconds nothing was seen.
"""


def page() -> str:
    """The whole page, in Markdown."""
    parts = "".join(f"\n## {title}\n\n{_table(rows)}" for title, rows in PARTS)
    lines = [f"| `{name}` | `{expr}` |" for name, expr in recipes(within("1h")).items()]
    table = "\n".join(["| figure or count | PromQL |", "|---|---|", *lines, ""])
    return HEAD + parts + RECIPES.format(table=table, buckets=", ".join(f"{bound:g}" for bound in BUCKETS))


def _table(rows: Iterable[Row]) -> str:
    lines = [f"| `{r.name}` | {r.type} | {', '.join(f'`{x}`' for x in r.labels)} | {_meaning(r)} |" for r in rows]
    return "\n".join(["| metric | type | labels | meaning |", "|---|---|---|---|", *lines, ""])


def _meaning(row: Row) -> str:
    return row.help + (f" Absent {row.absent}." if row.absent else "")


if __name__ == "__main__":
    sys.stdout.write(page())
