"""How each kind of panel is drawn: Grafana's ``fieldConfig`` and ``options``. Pure.

What has no value is never drawn as 0, and no line leads over a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callcenter.metrics.dashboards.values import Kind, Mapped, Panel, Query, Steps, Words, words

Json = dict[str, Any]

NOTHING = "–"
"""Without a value, be it that nobody could be asked: a word would be believed. A question says by a value of its own
what the daemon knows to be absent (``or_absent``)."""
NO_DATA_SPANS = {"spanNulls": False, "insertNulls": False}
LEGEND = {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["lastNotNull"]}
TOOLTIP = {"mode": "multi", "sort": "desc"}
REDUCED = {"values": False, "calcs": ["lastNotNull"], "fields": ""}
COLUMNS: dict[str, Words] = {
    "queue": words("Queue", "صف"), "window": words("Window", "بازه"), "name": words("Agent", "کارشناس"),
    "agent": words("Phone", "تلفن"),
}  # fmt: skip
"""Labels as the heads of a table's columns."""
WINDOWS: dict[str, Words] = {
    "15m": words("15 minutes", "۱۵ دقیقه"), "30m": words("30 minutes", "۳۰ دقیقه"),
    "60m": words("60 minutes", "۶۰ دقیقه"), "today": words("today", "امروز"),
    "7d": words("7 days", "۷ روز"), "28d": words("28 days", "۲۸ روز"),
}  # fmt: skip
OF_WINDOW = "{{window}}"
"""The legend of lines that are told apart by their windows."""
TYPES = {Kind.STACKED: "timeseries", Kind.NAME: "stat"}
"""Grafana's name of a kind where it is another."""


def reference(n: int) -> str:
    """The name of the n-th query of a panel: A, B, …; after Z comes Z1."""
    return chr(ord("A") + n) if n < 26 else f"Z{n - 25}"


def said(legend: Words | str, language: str) -> str:
    """A template of labels is the same in each language."""
    return legend if isinstance(legend, str) else legend[language]


def drawn(panel: Panel, language: str) -> Json:
    """The keys of a panel that say how it is drawn."""
    defaults: Json = {"unit": panel.unit, "noValue": NOTHING, "custom": CUSTOM[panel.kind](panel)}
    given = {"decimals": panel.decimals, "min": panel.least, "max": panel.most}
    defaults |= {name: value for name, value in given.items() if value is not None}
    defaults["thresholds"] = thresholds(panel.steps)
    defaults["color"] = {"mode": "thresholds" if panel.steps and not panel.bands else "palette-classic"}
    if panel.mapped:
        defaults["mappings"] = _mappings(panel.mapped, language)
    overrides = _names_of_windows(panel, language)
    overrides += [rule for n, query in enumerate(panel.queries) for rule in _override(panel, n, query, language)]
    return {
        "type": TYPES.get(panel.kind, panel.kind.value),
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": OPTIONS[panel.kind](panel),
    }


def thresholds(steps: Steps) -> Json:
    colours = steps or ((None, "text"),)
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in colours]}


def _mappings(mapped: Mapped, language: str) -> list[Json]:
    named = {
        value: {"text": name[language], "color": colour, "index": n}
        for n, (value, (name, colour)) in enumerate(mapped.items())
    }
    return [{"type": "value", "options": named}]


def _names_of_windows(panel: Panel, language: str) -> list[Json]:
    """In a table's column of windows, and of lines that are told apart by their windows."""
    if "by (window)" in panel.queries[0].expr:
        named = {window: {"text": name[language], "index": n} for n, (window, name) in enumerate(WINDOWS.items())}
        return [_named(COLUMNS["window"][language], "mappings", [{"type": "value", "options": named}])]
    if any(query.legend == OF_WINDOW for query in panel.queries):
        return [_named(window, "displayName", name[language]) for window, name in WINDOWS.items()]
    return []


def _named(field: str, key: str, value: object) -> Json:
    return {"matcher": {"id": "byName", "options": field}, "properties": [{"id": key, "value": value}]}


def _override(panel: Panel, n: int, query: Query, language: str) -> list[Json]:
    """What is another for one query than for the rest of the panel."""
    own: Json = {}
    if panel.kind in (Kind.TABLE, Kind.STAT):
        own |= {"unit": query.unit} if query.unit else {}
        own |= {"mappings": _mappings(query.mapped, language)} if query.mapped else {}
        own |= {"thresholds": thresholds(query.steps), "color": {"mode": "thresholds"}} if query.steps else {}
    if panel.kind is Kind.TABLE and (query.steps or query.mapped):
        own |= {"custom.cellOptions": {"type": "color-background"}}
    if query.dashed:
        own |= {"custom.lineStyle": {"fill": "dash", "dash": [8, 8]}, "custom.lineWidth": 1, "custom.fillOpacity": 0,
                "color": {"mode": "fixed", "fixedColor": query.dashed}}  # fmt: skip
    if query.fill:
        own |= {"custom.fillBelowTo": said(panel.queries[n - 1].legend, language), "custom.fillOpacity": 15,
                "color": {"mode": "fixed", "fixedColor": query.fill}}  # fmt: skip
    if not own:
        return []
    # The columns of a table are of one frame, which has forgotten who asked for which.
    by_name = {"id": "byName", "options": said(query.legend, language)}
    matcher = by_name if panel.kind is Kind.TABLE else {"id": "byFrameRefID", "options": reference(n)}
    return [{"matcher": matcher, "properties": [{"id": name, "value": value} for name, value in own.items()]}]


def _line(panel: Panel) -> Json:
    style = "dashed+area" if panel.bands else "off"
    return {
        "drawStyle": "line", "lineInterpolation": "stepAfter", "lineWidth": 2, "fillOpacity": 0, "showPoints": "never",
        "thresholdsStyle": {"mode": style}, **NO_DATA_SPANS,
    }  # fmt: skip


def _stacked(panel: Panel) -> Json:
    return {**_line(panel), "lineWidth": 1, "fillOpacity": 40, "stacking": {"mode": "normal", "group": "A"}}


CUSTOM: dict[Kind, Callable[[Panel], Json]] = {
    Kind.STAT: lambda panel: {},
    Kind.NAME: lambda panel: {},
    Kind.LINES: _line,
    Kind.STACKED: _stacked,
    Kind.TABLE: lambda panel: {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False},
    Kind.TIMELINE: lambda panel: {"lineWidth": 0, "fillOpacity": 80},
    Kind.GAUGES: lambda panel: {},
    Kind.HEATMAP: lambda panel: {"hideFrom": {"legend": False, "tooltip": False, "viz": False}},
}


def _stat(panel: Panel) -> Json:
    many = len(panel.queries) > 1 or "{{" in str(panel.queries[0].legend)
    judged = panel.steps or panel.mapped or any(query.steps for query in panel.queries)
    return {
        "reduceOptions": REDUCED, "colorMode": "background" if judged else "value",
        "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "wideLayout": True,
        "showPercentChange": False, "textMode": "value_and_name" if many else "value",
    }  # fmt: skip


def _gauges(panel: Panel) -> Json:
    return {
        "reduceOptions": REDUCED, "displayMode": "basic", "valueMode": "color", "orientation": "horizontal",
        "showUnfilled": True, "namePlacement": "auto", "sizing": "auto", "minVizWidth": 8, "minVizHeight": 16,
        "maxVizHeight": 60, "legend": LEGEND | {"showLegend": False},
    }  # fmt: skip


OPTIONS: dict[Kind, Callable[[Panel], Json]] = {
    Kind.STAT: _stat,
    Kind.NAME: lambda panel: _stat(panel) | {"textMode": "name"},
    Kind.LINES: lambda panel: {"legend": LEGEND, "tooltip": TOOLTIP},
    Kind.STACKED: lambda panel: {"legend": LEGEND, "tooltip": TOOLTIP},
    Kind.TABLE: lambda panel: {"showHeader": True, "cellHeight": "md", "frameIndex": 0},
    Kind.TIMELINE: lambda panel: {
        "showValue": "auto", "rowHeight": 0.85, "mergeValues": True, "alignValue": "left",
        "legend": LEGEND | {"displayMode": "list", "calcs": []}, "tooltip": {"mode": "single", "sort": "none"},
    },
    Kind.GAUGES: _gauges,
    Kind.HEATMAP: lambda panel: {
        "calculate": False, "cellGap": 1, "showValue": "never", "yAxis": {"unit": panel.unit, "axisPlacement": "left"},
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64, "reverse": False, "exponent": 0.5,
                  "fill": "dark-orange"},
        "legend": {"show": True}, "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": True},
        "exemplars": {"color": "rgba(255,0,255,0.7)"}, "rowsFrame": {"layout": "auto"}, "filterValues": {"le": 1e-9},
    },
}  # fmt: skip
