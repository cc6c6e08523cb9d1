"""A queue as it is now: who waits in it since when. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import QueueNow

if TYPE_CHECKING:
    from callcenter.floor.visits import QueueVisit


class Queue:
    """``waiting``: visits by key. ``service_level_s``: the PBX's own threshold, None until a snapshot told it.

    ``thinned_at``: when a member last stopped being able to take calls (removed, paused, its device gone).
    """

    __slots__ = ("name", "service_level_s", "strategy", "thinned_at", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.strategy = ""
        self.thinned_at = 0.0
        self.service_level_s: float | None = None
        self.waiting: dict[int, QueueVisit] = {}

    def now(self, agents: dict[AgentState, int], talking: int) -> QueueNow:
        """``agents``: its members by state. ``talking``: its callers who are connected."""
        since = tuple(sorted(v.entered_at for v in self.waiting.values()))
        return QueueNow(
            name=self.name,
            waiting=len(since),
            oldest_at=since[0] if since else None,
            waiting_since=since,
            talking=talking,
            agents=agents,
        )
