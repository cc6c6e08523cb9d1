"""A queue as it is now: who waits in it since when. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from callcenter.floor.wallboard import AgentNow, QueueNow

if TYPE_CHECKING:
    from callcenter.floor.calls import Call, Talk
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

    def now(self, agents: Iterable[AgentNow], connected: Iterable[tuple[Call, QueueVisit, Talk]]) -> QueueNow:
        since = tuple(sorted(v.entered_at for v in self.waiting.values()))
        states = Counter(a.state for a in agents if self.name in a.queues)
        return QueueNow(
            name=self.name,
            waiting=len(since),
            oldest_at=since[0] if since else None,
            waiting_since=since,
            talking=sum(visit.queue == self.name for _, visit, _ in connected),
            agents=dict(states),
        )
