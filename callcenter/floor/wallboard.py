"""The board: an immutable picture of the floor as it is now, for every sink that shows it. Pure values."""

from __future__ import annotations

from typing import Any

import msgspec

from callcenter.floor.records import SEEN, AgentState, Hole, Unseen


class QueueNow(msgspec.Struct, frozen=True):
    """A queue as it is now. ``oldest_at``: when the one who waits longest entered (None: nobody waits)."""

    name: str
    waiting: int
    oldest_at: float | None
    waiting_since: tuple[float, ...]
    talking: int
    agents: dict[AgentState, int]


class AgentNow(msgspec.Struct, frozen=True):
    """An agent as it is now. ``queues``: those it is a member of; ``paused_in``: those it is paused in."""

    interface: str
    name: str
    state: AgentState
    since: float
    reason: str
    queue: str | None
    call: str | None
    queues: tuple[str, ...]
    paused_in: tuple[str, ...]


class FloorNow(msgspec.Struct, frozen=True):
    """Everything of now. ``at``: the Floor's time; ``link``: the AMI link is up and its snapshot applied."""

    at: float
    pbx: str
    link: bool
    link_since: float
    calls: int
    drift: dict[str, int]
    queues: tuple[QueueNow, ...]
    agents: tuple[AgentNow, ...]
    unseen: Unseen = SEEN

    def lasts_s(self, since: float) -> float:
        """How long something has lasted that began at ``since``, as far as it was seen."""
        return max(0.0, self.unseen.until(since, self.at) - since)


class Alarm(msgspec.Struct, frozen=True):
    """Something is wrong with the daemon or with what it lives on.

    ``kind`` is one of our own words, ``detail`` one line for an operator. ``since``: by the PBX's clock, None when not
    known. ``ready`` says whether the daemon does its work all the same.
    """

    kind: str
    detail: str
    since: float | None = None
    ready: bool = False


class QueueAlert(msgspec.Struct, frozen=True):
    """Something is wrong in a queue: ``value`` (callers, seconds or a ratio, as ``kind`` says) is beyond ``limit``."""

    kind: str
    queue: str
    value: float
    limit: float


class Wallboard(msgspec.Struct, frozen=True):
    """The picture with its figures. ``figures``: window → queue name (or "" for all) → figure or count → value."""

    seq: int
    now: FloorNow
    figures: dict[str, dict[str, dict[str, float | None]]]
    targets: dict[str, dict[str, Any]]
    """Queue → ``threshold_s``, ``service_level`` and ``short_abandon_s`` in force."""
    began: dict[str, float] = {}
    """Window → when it began."""
    holes: tuple[Hole, ...] = ()
    """The times without sight that touch one of the windows, oldest first; the one under way included."""
    alarms: tuple[Alarm, ...] = ()
