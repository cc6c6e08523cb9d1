"""What is kept of a call and of an agent's day: immutable records, in the words of the public contract. Pure.

Times are seconds since the epoch (UTC), durations are seconds; :func:`as_api` turns them into what the API, the
command ``replay --json`` and the store's readers show (RFC 3339 times in the site's zone).
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

import msgspec


class Outcome(enum.StrEnum):
    """How a queue visit ended: exactly one of these."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TIMED_OUT = "timed_out"
    EXITED = "exited"
    LEFT_EMPTY = "left_empty"
    WITHDRAWN = "withdrawn"
    REFUSED_FULL = "refused_full"
    REFUSED_EMPTY = "refused_empty"
    PBX_LOST = "pbx_lost"
    UNKNOWN = "unknown"


REFUSALS = frozenset({Outcome.REFUSED_FULL, Outcome.REFUSED_EMPTY})


class Result(enum.StrEnum):
    """How an attempt to ring an agent ended."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"


class AgentState(enum.StrEnum):
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    HOLDING = "holding"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    LOGGED_OUT = "logged_out"


class Direction(enum.StrEnum):
    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Attempt(msgspec.Struct, frozen=True):
    """One ring of one agent. ``result`` is None while it rings."""

    agent: str
    interface: str
    at: float
    rang_s: float | None = None
    result: Result | None = None
    unanswered: bool = False
    """Asterisk sent AgentRingNoAnswer for it (queue_log RINGNOANSWER)."""


class Visit(msgspec.Struct, frozen=True):
    """One entry of one call into one queue; ``outcome`` is None while it waits.

    ``talk_s`` is the connected time as queue_log has it (AgentConnect to AgentComplete, hold included), ``hold_s`` the
    part of it on hold; both are None before the end of the conversation.
    """

    queue: str
    entered_at: float
    position: int = 0
    left_at: float | None = None
    wait_s: float | None = None
    outcome: Outcome | None = None
    agent: str | None = None
    interface: str | None = None
    talk_s: float | None = None
    hold_s: float | None = None
    wrap_up_s: float | None = None
    transferred: bool = False
    ended_by: str | None = None
    attempts: tuple[Attempt, ...] = ()
    repaired: bool = False
    """What we did not see of it was taken from the PBX's queue_log."""


class Conversation(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """One party of the house connected to the other side. ``talk_s`` has hold taken out."""

    interface: str
    agent: str | None
    peer: str
    queue: str | None
    from_: float
    to: float | None = None
    talk_s: float | None = None
    hold_s: float = 0.0
    ended_by: str | None = None


class Transfer(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """``kind`` is blind or attended; ``from`` an interface or number, ``to`` an extension or interface."""

    kind: str
    from_: str
    to: str
    at: float


class CallRecord(msgspec.Struct, frozen=True):
    """One call from its first channel to its last. Open while ``ended_at`` is None."""

    id: str
    pbx: str
    linkedid: str
    direction: Direction
    number: str
    name: str
    called: str
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    visits: tuple[Visit, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    ended_by: str | None = None
    hangup_cause: int | None = None
    recording: str | None = None
    seen: str = "whole"


class Span(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """An agent in one state from ``from`` to ``to``. Spans of one agent never overlap.

    ``queue`` is the queue whose call it is, or None. ``agent`` is the interface.
    """

    agent: str
    name: str
    state: AgentState
    reason: str
    queue: str | None
    from_: float
    to: float


class Hole(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A time in which we did not see what the PBX did. ``to`` is None while it lasts.

    ``repaired``: the PBX's queue_log has since told what happened in queues meanwhile.
    """

    pbx: str
    from_: float
    to: float | None
    reason: str
    repaired: bool = False


class Unseen(NamedTuple):
    """``lost_at``: when the PBX was seen last; ``again_at``: since when events come again, and only the snapshot is
    missing. Both are infinite while it is seen."""

    lost_at: float = math.inf
    again_at: float = math.inf

    def until(self, since: float, at: float) -> float:
        """Up to when something was seen that began at ``since`` and is under way at ``at``: without the link nobody
        knows whether who waits still does."""
        return at if since >= self.again_at else min(at, self.lost_at)


SEEN = Unseen()

_TIMES = frozenset({"at", "entered_at", "left_at", "from", "to", "started_at", "answered_at", "ended_at"})


def rfc3339(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="milliseconds")


def as_api(
    record: CallRecord, zone: tzinfo, e164: Callable[[str], str | None], ticket: int | None = None
) -> dict[str, Any]:
    """The call record of the public contract: ``caller`` as an object, times as RFC 3339 in ``zone``."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    caller = {"number": plain.pop("number"), "e164": e164(record.number), "name": plain.pop("name")}
    head = {k: plain[k] for k in ("id", "pbx", "linkedid", "direction")}
    out = head | {"caller": caller} | plain | {"ticket": ticket}
    shown: dict[str, Any] = with_times(out, zone)
    return shown


def with_times(value: Any, zone: tzinfo) -> Any:
    """``value`` (plain data) with each float under a time's name as RFC 3339 in ``zone``, and other floats to 1 µs."""
    if isinstance(value, dict):
        return {
            k: rfc3339(v, zone) if k in _TIMES and isinstance(v, float) else with_times(v, zone)
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [with_times(v, zone) for v in value]
    return round(value, 6) if isinstance(value, float) else value
