"""What a dashboard is made of: words in each language, questions to Prometheus, panels. Pure values.

A question is PromQL with Grafana's variables in it: ``instance`` is the site, ``queue`` the queues that are chosen.
Each is an expression that Grafana escapes (``:regex``), within backticks, where PromQL takes all as it stands: a site
``[::1]:8080`` and a queue ``sales (EU)`` mean themselves.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import starmap

LANGUAGES = ("en", "fa")

Words = Mapping[str, str]
"""Language → text; labels of :mod:`kpi.table` are such too."""


CHOSEN = {name: f"{name}=~`${{{name}:regex}}`" for name in ("instance", "queue")}


def words(en: str, fa: str) -> Words:
    return {"en": en, "fa": fa}


def site(metric: str, **labels: str) -> str:
    """The metric of the chosen site, narrowed to the labels: a value that begins with "~" is an expression, with
    "!~" one that it must not match."""
    return _selector(metric, [CHOSEN["instance"]], labels)


def of_queue(metric: str, **labels: str) -> str:
    """The same, of the chosen queues."""
    return _selector(metric, CHOSEN.values(), labels)


def _selector(metric: str, chosen: Iterable[str], labels: Mapping[str, str]) -> str:
    return f"{metric}{{{','.join((*chosen, *starmap(_matcher, labels.items())))}}}"


def _matcher(name: str, value: str) -> str:
    if value.startswith("!~"):
        return f'{name}!~"{value[2:]}"'
    return f'{name}=~"{value[1:]}"' if value.startswith("~") else f'{name}="{value}"'


class Kind(enum.StrEnum):
    """How a panel is drawn; NAME shows the name of a series and not its value.

    Those that tell of *now* ask for one moment only: a value of earlier would be a lie.
    """

    STAT = "stat"
    NAME = "name"
    LINES = "timeseries"
    STACKED = "stacked"
    TABLE = "table"
    TIMELINE = "state-timeline"
    GAUGES = "bargauge"
    HEATMAP = "heatmap"

    @property
    def of_now(self) -> bool:
        return self in (Kind.STAT, Kind.NAME, Kind.TABLE, Kind.GAUGES)


Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first begins at None."""
Mapped = Mapping[str, tuple[Words, str]]
"""Value → its name and colour."""


@dataclass(frozen=True, slots=True)
class Query:
    """``legend``: a name in each language, or Grafana's template of labels. ``unit``, ``steps``, ``mapped``: of a
    table's column or a stat's value, where they are its own. ``fill``: this series and the one before it are the edges
    of a band of that colour."""

    expr: str
    legend: Words | str = ""
    unit: str = ""
    steps: Steps = ()
    mapped: Mapped = field(default_factory=dict)
    dashed: str = ""
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """``width`` of 24 and ``height`` in Grafana's cells. ``steps`` colour values; ``bands``: draw them as areas behind
    the lines too. ``repeat``: the panel is there once for each queue that is chosen."""

    kind: Kind
    title: Words
    about: Words
    queries: tuple[Query, ...]
    unit: str = "none"
    width: int = 12
    height: int = 8
    decimals: int | None = None
    steps: Steps = ()
    bands: bool = False
    mapped: Mapped = field(default_factory=dict)
    repeat: bool = False
    least: float | None = 0.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A headline within a dashboard, and its panels from left to right."""

    title: Words
    panels: tuple[Panel, ...]


class Queues(enum.Enum):
    """Which queues a dashboard lets one choose."""

    NONE = enum.auto()
    ONE = enum.auto()
    SOME = enum.auto()


@dataclass(frozen=True, slots=True)
class Dashboard:
    """``name`` is the file's and the end of the uid. ``since``, ``refresh``: as Grafana writes them."""

    name: str
    title: Words
    about: Words
    sections: tuple[Section, ...]
    queues: Queues
    since: str = "now-6h"
    refresh: str = "30s"
