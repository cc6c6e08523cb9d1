"""A report as JSON: everything of it, definitions, targets and trust included. Pure.

Times are RFC 3339 in the site's zone, durations seconds, ratios 0 to 1; null is a value that is not known.
"""

from __future__ import annotations

import json
import math
from typing import Any

from callcenter.history.columns import Range
from callcenter.report.formats.cells import number, rfc3339, told, unicode_only, unknown, zone_name
from callcenter.report.formats.options import Options
from callcenter.report.values import Column, Report


def write_json(report: Report, _options: Options) -> bytes:
    """Of each column ``values[p][n]`` is of period p and name n; ``by_period`` of all names together, ``by_name`` of
    the whole range, ``all`` of both. Of ``unknown_s`` of each period nothing is known."""
    unseen = zip(report.periods, unknown(report), strict=True)
    periods = [{**_range(report, period), "unknown_s": unknown_s} for period, unknown_s in unseen]
    columns = [{**about_column(column), **_values(column)} for column in told(report)]
    body = {**about(report), "periods": periods, "names": list(report.names), "columns": columns}
    return unicode_only(json.dumps(body, ensure_ascii=False, allow_nan=False)).encode()


def about(report: Report) -> dict[str, Any]:
    """What the figures were computed from and with, and how far they can be trusted."""
    ask, trust = report.ask, report.trust
    return {
        "site": report.site,
        "zone": zone_name(report.zone),
        "made_at": rfc3339(report.made_at, report.zone),
        "ask": {
            "range": _range(report, ask.range), "every": ask.every.value, "by": ask.by.value, "names": list(ask.names),
            "figures": list(ask.figures), "threshold_s": ask.threshold_s, "short_abandon_s": ask.short_abandon_s,
        },
        "targets": {
            queue: {
                "threshold_s": t.threshold_s, "service_level": t.service_level, "short_abandon_s": t.short_abandon_s,
                "figures": {figure: list(aim) for figure, aim in t.figures.items()}, "topic": t.topic or queue,
            }
            for queue, t in report.targets.items()
        },
        "trust": {
            "unknown_s": trust.unknown_s, "seen": trust.seen, "repaired": trust.repaired, "imported": trust.imported,
            "unknown": trust.unknown, "provisional": None if math.isnan(trust.provisional) else trust.provisional,
        },
    }  # fmt: skip


def about_column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name, "unit": column.unit, "label": column.label, "definition": column.definition,
        "better": column.better, "target": None if column.target is None else list(column.target),
    }  # fmt: skip


def _range(report: Report, period: Range) -> dict[str, str]:
    return {"start": rfc3339(period[0], report.zone), "end": rfc3339(period[1], report.zone)}


def _values(column: Column) -> dict[str, Any]:
    every = [[number(value, column.unit) for value in row] for row in column.values.tolist()]
    return {
        "values": [row[:-1] for row in every[:-1]], "by_period": [row[-1] for row in every[:-1]],
        "by_name": every[-1][:-1], "all": every[-1][-1],
    }  # fmt: skip
