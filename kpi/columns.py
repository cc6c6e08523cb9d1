"""The rows that figures are computed from, as columns: queue visits, agent spans and whole calls. Pure values.

Queues are codes 0, 1, 2 … that the caller gives; any other grouping (an hour, a site) may take their place. Times are
seconds since the epoch, durations are seconds.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


class Outcome(enum.IntEnum):
    """How a queue visit ended; WAITING while it has not."""

    WAITING = 0
    ANSWERED = 1
    ABANDONED = 2
    TIMED_OUT = 3
    EXITED = 4
    LEFT_EMPTY = 5
    WITHDRAWN = 6
    REFUSED_FULL = 7
    REFUSED_EMPTY = 8
    PBX_LOST = 9
    UNKNOWN = 10


REFUSED = (Outcome.REFUSED_FULL, Outcome.REFUSED_EMPTY)


class State(enum.IntEnum):
    """What an agent does during a span."""

    AVAILABLE = 0
    RINGING = 1
    TALKING = 2
    HOLDING = 3
    WRAP_UP = 4
    PAUSED = 5
    UNREACHABLE = 6
    LOGGED_OUT = 7


def _same_length(columns: Visits | Spans | AgentTime | Calls) -> None:
    lengths = {f.name: len(getattr(columns, f.name)) for f in fields(columns)}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of unequal length: {lengths}")


def seconds_within(start: Floats, end: Floats, window_start: float | Floats, window_end: float | Floats) -> Floats:
    """How long each span [start, end) lies within [window_start, window_end); 0 for those outside. Seconds.

    The window is one for all spans, or one for each. A span under way ends at ``inf``; the window must end then.
    """
    overlap: Floats = np.minimum(end, window_end) - np.maximum(start, window_start)
    return np.maximum(overlap, 0.0)


@dataclass(frozen=True, slots=True)
class Visits:
    """One row a queue visit. ValueError when the columns differ in length.

    ``wait_s`` runs from entry to the outcome; for a row still WAITING it is the wait so far, at the moment that the
    picture is taken. NaN: not known (such a row is within no threshold and adds nothing to a sum).
    ``talk_s`` is the connected time with hold *included* (as queue_log has it), ``hold_s`` the part of it on hold; both
    0 until the conversation is over. ``attempts`` counts the rings of agents that are over, ``ring_no_answer`` those
    of them that ended without an answer.
    """

    queue: Integers
    entered_at: Floats
    wait_s: Floats
    outcome: Integers
    talk_s: Floats
    hold_s: Floats
    wrap_up_s: Floats
    transferred: Bools
    attempts: Integers
    ring_no_answer: Integers

    def __post_init__(self) -> None:
        _same_length(self)


@dataclass(frozen=True, slots=True)
class AgentTime:
    """Seconds of an agent in one state; rows of the same kind may have been added up. ValueError as above.

    ``queue`` is the queue whose call it is, -1 for none. ``membership`` says which queues the agent was a member of
    meanwhile: the row of the matrix that :func:`kpi.sums.sum_time` is given.
    """

    agent: Integers
    queue: Integers
    membership: Integers
    state: Integers
    seconds: Floats

    def __post_init__(self) -> None:
        _same_length(self)


@dataclass(frozen=True, slots=True)
class Spans:
    """One row a time span of one agent in one state; spans of one agent never overlap. ValueError as above.

    The codes are those of :class:`AgentTime`. A span under way ends at ``inf``.
    """

    agent: Integers
    queue: Integers
    membership: Integers
    state: Integers
    start: Floats
    end: Floats

    def __post_init__(self) -> None:
        _same_length(self)

    def within(self, start: float, end: float) -> AgentTime:
        """Their time within [start, end): spans are cut at its borders."""
        seconds = seconds_within(self.start, self.end, start, end)
        return AgentTime(self.agent, self.queue, self.membership, self.state, seconds)


@dataclass(frozen=True, slots=True)
class Calls:
    """One row a call of a customer to the centre, whatever became of it. ValueError as above.

    ``queue`` is the queue that answers for the call (where it visited several: the last), or any other group; -1 for
    a call that went to none, which then counts for all together only. ``customer`` is a code, -1 when not known: who
    hides the number cannot be followed from call to call. ``answered``: by an agent.

    ``resolved`` is the agent's disposition, ``survey_resolved`` the caller's own word: 1 yes, 0 no, -1 nobody said.
    ``surveyed``: the caller was asked; ``rating``: the answer, 1 to 5, 0 for none.
    ``points`` of ``points_possible`` were given when the conversation was scored; both 0 when it was not.
    ``in_ivr``: it entered the IVR; ``self_served``: the IVR finished a task there by itself and the call went to no
    queue. ``callback_requested``, ``callback_done``: the caller asked to be called back; that was done.
    """

    queue: Integers
    customer: Integers
    started_at: Floats
    answered: Bools
    resolved: Integers
    survey_resolved: Integers
    surveyed: Bools
    rating: Integers
    points: Floats
    points_possible: Floats
    in_ivr: Bools
    self_served: Bools
    callback_requested: Bools
    callback_done: Bools

    def __post_init__(self) -> None:
        _same_length(self)
