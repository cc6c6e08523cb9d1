"""What reports and forecasts are computed from: the rows of a range of time as numpy columns. Pure values.

Times are seconds since the epoch, durations seconds. Queues, agents and customers are codes into lists of names.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from kpi import Calls, Spans, Visits
from kpi.columns import Bools, Floats, Integers

Range = tuple[float, float]
"""From (included) to (not included), seconds since the epoch."""


class Source(enum.IntEnum):
    """How a visit is known: we saw it, queue_log told what we did not see of it, or it was imported from queue_log
    (which has neither hold nor after-call work, so both are 0)."""

    SEEN = 0
    REPAIRED = 1
    IMPORTED = 2


@dataclass(frozen=True, slots=True)
class Attempts:
    """One row a ring of an agent that is over. ``unanswered``: Asterisk counts it as RINGNOANSWER."""

    queue: Integers
    agent: Integers
    at: Floats
    unanswered: Bools


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of ``range``, of one site.

    ``visits`` entered within it and their ``queue`` is a code into ``queues``; beside them, row by row, ``answered_by``
    (a code into ``agents``, -1: nobody) and ``source``. ``attempts`` began within it. ``spans`` of agents touch it
    (their ``agent`` is a code into ``agents``, ``queue`` into ``queues``); ``memberships[m, q]``: time of membership m
    is of an agent who was a member of queue q. ``calls`` started within it or up to ``margin_s`` on either side:
    those around it tell who called before and again. Beside them, row by row, ``calls_answered_by`` (a code into
    ``agents``, -1: nobody); None where that is not kept: agents have no figures of whole calls then. Also beside them
    ``calls_followed_until``: up to when it is known without a long gap who called again; None: of all up to ``until``.

    ``known`` are the parts of ``range`` of which anything is known, in order, apart from each other: outside of them
    neither the daemon nor an imported queue_log tells what happened. ``until``: the moment up to which all is told.
    ``known_before``: since when, without a gap longer than a day, all is known up to the range's start (this itself
    where the day before it is not known): who called before that is not known; None: taken for early enough.
    """

    range: Range
    queues: tuple[str, ...]
    agents: tuple[str, ...]
    visits: Visits
    answered_by: Integers
    source: Integers
    attempts: Attempts
    spans: Spans
    memberships: Bools
    calls: Calls
    margin_s: float
    known: tuple[Range, ...]
    until: float
    calls_answered_by: Integers | None = None
    calls_followed_until: Floats | None = None
    known_before: float | None = None

    @property
    def calls_until(self) -> float | Floats:
        """Up to when it is known who called again: of all calls, or of each."""
        return self.until if self.calls_followed_until is None else self.calls_followed_until
