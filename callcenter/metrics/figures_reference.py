"""docs/figures.md, made from the table of figures: ``python -m callcenter.metrics.figures_reference``."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from kpi.table import AGENT_FIGURES, CALL_FIGURES, PLANNING_FIGURES, STAFF_FIGURES, VISIT_FIGURES, Figure

HEAD = """# The figures

This page is made from `kpi/table.py` and the functions that it names by
`python -m callcenter.metrics.figures_reference > docs/figures.md`.

A figure whose denominator is empty is NaN: JSON `null`, no sample in Prometheus; never 0 or 100 %. A visit belongs to
the interval in which it entered the queue; agents' time is cut at the borders of the interval. T is the queue's
threshold (20 s unless configured); A are the answered visits, B the abandoned, Bs those of them that gave up within the
short-abandon threshold (5 s), O the offered: all visits but the refused.
"""

GROUPS: tuple[tuple[str, str, tuple[Figure[Any], ...]], ...] = (
    ("Of visits to queues", "Live, for 15, 30, 60 minutes and today.", VISIT_FIGURES),
    ("Of agents' time", "Live, as above.", AGENT_FIGURES),
    ("Of whole calls", "From history: they need customers, dispositions, surveys and an IVR.", CALL_FIGURES),
    ("Of forecasts", "From forecasts that were made before the day began.", PLANNING_FIGURES),
    ("Of staff", "From two plain numbers a group.", STAFF_FIGURES),
)
UNITS = {"ratio": "ratio", "s": "seconds", "agents": "agents"}
BETTER = {"higher": "more is better", "lower": "less is better", "between": "too much is as bad as too little"}


def document() -> str:
    """All of ``docs/figures.md``."""
    parts = [HEAD]
    for title, what, figures in GROUPS:
        parts += [f"## {title}\n\n{what}\n", *map(_section, figures)]
    return "\n".join(parts)


def _section(figure: Figure[Any]) -> str:
    names = " · ".join(figure.label[language] for language in ("en", "fa", "ar"))
    facts = [UNITS[figure.unit], BETTER[figure.better], *([f"target {_target(figure)}"] if figure.target else [])]
    told = inspect.cleandoc(figure.of.__doc__ or "").replace(":func:", "").replace(":class:", "")
    return f"### `{figure.name}`\n\n{names}  \n{', '.join(facts)}\n\n{told}\n"


def _target(figure: Figure[Any]) -> str:
    low, high = figure.target or (0.0, 0.0)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


if __name__ == "__main__":
    sys.stdout.write(document())
