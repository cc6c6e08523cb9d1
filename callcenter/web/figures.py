"""What each published figure, count and sum is called, for the pages and the API. Pure values, from the figures table.

Counts and sums have no label of their own there: they are shown by pages that say them in their own words.
"""

from __future__ import annotations

from typing import Any

from kpi.table import CALL_FIGURES, COUNTS, FIGURES, SUMS_S

PUBLISHED = (*FIGURES, *CALL_FIGURES)

ROWS: tuple[dict[str, Any], ...] = (
    *({"name": f.name, "unit": f.unit, "better": f.better, "target": f.target, "label": f.label} for f in PUBLISHED),
    *({"name": name, "unit": "count", "better": None, "target": None, "label": {}} for name in COUNTS),
    *({"name": name, "unit": "s", "better": None, "target": None, "label": {}} for name in SUMS_S),
)
