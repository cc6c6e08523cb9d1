"""What is asked of a report, and what it comes to. Pure values."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from callcenter.history.columns import Range
from kpi.columns import Floats


class Every(enum.StrEnum):
    """How long the periods of a report are, by the site's clock. An interval is a quarter of an hour; RANGE: one
    period, the whole range."""

    INTERVAL = "interval"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    RANGE = "range"


class By(enum.StrEnum):
    QUEUE = "queue"
    AGENT = "agent"
    TOPIC = "topic"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Targets:
    """What is in force for one queue in this report: threshold T and short abandon in seconds, the service level aimed
    at as a ratio; ``figures``: what others aim at, from and to, where it is not what the field does; ``topic``: what
    its calls are about, '': the queue's own name says it."""

    threshold_s: float = 20.0
    service_level: float = 0.80
    short_abandon_s: float = 5.0
    figures: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """``names`` and ``figures`` choose some (of queues, agents or topics; of the names of :mod:`kpi.table`); empty:
    all.

    ``threshold_s`` and ``short_abandon_s`` recompute the past with another definition; None: that of the
    configuration.
    """

    range: Range
    every: Every = Every.DAY
    by: By = By.QUEUE
    names: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    threshold_s: float | None = None
    short_abandon_s: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One count, sum or figure. ``unit``: "count", "s", "ratio" or "agents"; ``label`` by language (en, fa, ar);
    ``definition``: in one sentence, the formula with its source; ``better``, ``target`` as in :mod:`kpi.table`.

    ``values[p, n]``: of period p and of name n; the last name ('') is of all of them together, and the last period
    the whole range. NaN: it has no value there.
    """

    name: str
    unit: str
    label: dict[str, str]
    definition: str
    better: str | None
    target: tuple[float, float] | None
    values: Floats


@dataclass(frozen=True, slots=True)
class Trust:
    """How much of the range was seen. ``unknown_s``: neither daemon nor queue_log tells of so many seconds of it that
    are over. Visits by how they are known: ``seen``, ``repaired`` and ``imported``; ``unknown``: those of them whose
    end nobody knows. ``provisional``: the share of first-call resolution that is not known yet (NaN: without calls)."""

    unknown_s: float
    seen: int
    repaired: int
    imported: int
    unknown: int
    provisional: float


@dataclass(frozen=True, slots=True)
class Report:
    """``periods`` are [start, end) in order and do not overlap; ``names`` are queues, agents or the site, in
    alphabetical order, without the '' of all. ``targets`` by queue, those that were counted with. ``unknown_s``: of
    each period, as :class:`Trust` has it of the range; empty: all was seen. ``from_queue_log`` counts answered visits
    that count neither with hold nor with after-call work, as only queue_log tells of them; None: there are none.
    ``day_starts``: when the site's days begin, by its clock."""

    site: str
    zone: tzinfo
    made_at: float
    ask: Ask
    periods: tuple[Range, ...]
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    targets: dict[str, Targets]
    trust: Trust
    unknown_s: tuple[float, ...] = ()
    from_queue_log: Column | None = None
    day_starts: str = "00:00"

    def partly_seen(self, period: int) -> bool:
        """So much of what is over of the period was not seen that its figures are not those of a whole one: more than
        a hundredth or a quarter of an hour, and more than a minute."""
        if not self.unknown_s:
            return False
        start, end = self.periods[period]
        over_s = min(end, self.made_at) - start
        return self.unknown_s[period] > max(60.0, min(over_s / 100, 900.0))
