"""From a row of the table to Grafana's JSON: variables, links, the place of each panel. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callcenter.metrics.dashboards.drawing import COLUMNS, Json, drawn, reference, said
from callcenter.metrics.dashboards.values import Dashboard, Kind, Panel, Query, Queues, Words, site, words

SCHEMA = 41
"""``schemaVersion`` of Grafana 11.6; newer ones read it and bring it up to date."""
WIDTH = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "callcenter"
LABELS: dict[str, Words] = {
    "datasource": words("Prometheus", "پرومتئوس"), "instance": words("Site", "سایت"), "queue": COLUMNS["queue"],
}  # fmt: skip
OTHERS = words("Dashboards", "داشبوردها")


def uid(name: str, language: str) -> str:
    return f"callcenter-{name}" + ("" if language == "en" else f"-{language}")


def tag(language: str) -> str:
    """What the dashboards of one language find each other by."""
    return TAG if language == "en" else f"{TAG}-{language}"


def dashboard(made: Dashboard, language: str) -> Json:
    """The whole file."""
    return {
        "uid": uid(made.name, language), "title": made.title[language], "description": made.about[language],
        "tags": [tag(language)], "schemaVersion": SCHEMA, "version": 1, "editable": True, "graphTooltip": 1,
        "timezone": "browser", "refresh": made.refresh, "time": {"from": made.since, "to": "now"},
        "links": [_siblings(language)], "annotations": {"list": []},
        "templating": {"list": list(_variables(made, language))},
        "panels": list(_panels(made, language)),
    }  # fmt: skip


def _siblings(language: str) -> Json:
    """A list of the other dashboards of the language, which keeps site, queue and time."""
    return {
        "type": "dashboards", "title": OTHERS[language], "tags": [tag(language)], "asDropdown": True, "icon": "",
        "tooltip": "", "url": "", "includeVars": True, "keepTime": True, "targetBlank": False,
    }  # fmt: skip


def _variables(made: Dashboard, language: str) -> Iterator[Json]:
    yield {"name": "datasource", "label": LABELS["datasource"][language], "type": "datasource", "query": "prometheus",
           "refresh": 1, "includeAll": False, "multi": False}  # fmt: skip
    yield _values_of("instance", "label_values(callcenter_build_info, instance)", language)
    if made.queues is not Queues.NONE:
        several = made.queues is Queues.SOME
        asked = f"label_values({site('callcenter_queue_waiting')}, queue)"
        yield _values_of("queue", asked, language) | {"includeAll": several, "multi": several} | (
            {"allValue": ".*", "current": {"text": "All", "value": "$__all"}} if several else {}
        )


def _values_of(name: str, query: str, language: str) -> Json:
    return {
        "name": name, "label": LABELS[name][language], "type": "query", "datasource": DATASOURCE,
        "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "includeAll": False, "multi": False,
    }  # fmt: skip


def _panels(made: Dashboard, language: str) -> Iterator[Json]:
    """Rows of panels below each other, as wide as the page; a section's headline takes a line of its own."""
    top = number = 0
    for section in made.sections:
        number += 1
        yield {"id": number, "type": "row", "title": section.title[language], "collapsed": False, "panels": [],
               "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}}  # fmt: skip
        top += 1
        left = height = 0
        for panel in section.panels:
            if left + panel.width > WIDTH:
                top, left, height = top + height, 0, 0
            number += 1
            at = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": at} | _panel(panel, language)
            left, height = left + panel.width, max(height, panel.height)
        top += height


def _panel(panel: Panel, language: str) -> Json:
    out: Json = {
        "title": panel.title[language], "description": panel.about[language], "datasource": DATASOURCE,
        "targets": [_target(panel, n, query, language) for n, query in enumerate(panel.queries)],
        **drawn(panel, language),
    }
    if panel.repeat:
        out |= {"repeat": "queue", "repeatDirection": "h", "maxPerRow": WIDTH // panel.width}
        out["title"] = f"{panel.title[language]}: $queue"
    if panel.kind is Kind.TABLE:
        out["transformations"] = _as_table(panel, language)
    return out


def _target(panel: Panel, n: int, query: Query, language: str) -> Json:
    shape = {Kind.TABLE: "table", Kind.HEATMAP: "heatmap"}.get(panel.kind, "time_series")
    return {
        "refId": reference(n), "datasource": DATASOURCE, "editorMode": "code", "expr": query.expr, "format": shape,
        "legendFormat": said(query.legend, language), "instant": panel.kind.of_now, "range": not panel.kind.of_now,
    }  # fmt: skip


def _as_table(panel: Panel, language: str) -> list[Json]:
    """One line a queue (or agent, kind …), one column a query, named by its legend."""
    value = "Value" if len(panel.queries) == 1 else "Value #{}"
    labels = {name: head[language] for name, head in COLUMNS.items()}
    named: dict[str, Any] = {
        value.format(reference(n)): said(query.legend, language) for n, query in enumerate(panel.queries)
    }
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {
            "excludeByName": {"Time": True, "__name__": True, "instance": True, "job": True},
            "renameByName": named | labels, "indexByName": {}}},
    ]  # fmt: skip
