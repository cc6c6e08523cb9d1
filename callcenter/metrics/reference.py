"""docs/metrics.md, made from the table: ``python -m callcenter.metrics.reference > docs/metrics.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from callcenter.metrics.table import DAEMON, PLANNING, SINCE_START, STATE, WINDOWED, Row

HEAD = """# Metrics

Served at `/metrics` in Prometheus' text format. This page is made from `callcenter/metrics/table.py` by
`python -m callcenter.metrics.reference > docs/metrics.md`. `/metrics?name[]=callcenter_link_up` gives that metric
alone, several of them several.

Labels are bounded: queues and agents of the PBX, states, outcomes, windows (`today`, `15m`, `30m`, `60m`). There is
never a phone number in them: seven digits and more in an agent's interface or name are shown as a short hash.
A figure without a value (nothing to divide by) has no series; it is neither 0 nor 100 %.
"""

PARTS = (
    ("Now", STATE), ("Since the daemon started", SINCE_START), ("Forecast and staffing", PLANNING),
    ("The daemon and what it lives on", DAEMON),
    ("Figures of the live windows", WINDOWED),
)


def page() -> str:
    """The whole page, in Markdown."""
    return HEAD + "".join(f"\n## {title}\n\n{_table(rows)}" for title, rows in PARTS)


def _table(rows: Iterable[Row]) -> str:
    lines = [f"| `{r.name}` | {r.type} | {', '.join(f'`{x}`' for x in r.labels)} | {_meaning(r)} |" for r in rows]
    return "\n".join(["| metric | type | labels | meaning |", "|---|---|---|---|", *lines, ""])


def _meaning(row: Row) -> str:
    return row.help + (f" Absent {row.absent}." if row.absent else "")


if __name__ == "__main__":
    sys.stdout.write(page())
