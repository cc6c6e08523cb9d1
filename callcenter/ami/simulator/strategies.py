"""One queue's own state, and whom its strategy rings next. Pure.

Source: ``apps/app_queue.c:calc_metric``, of which three strategies are here.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.ami.simulator.agents import Seat
from callcenter.ami.simulator.plan import QueuePlan
from callcenter.ami.simulator.visits import Visit


class Queue:
    """One queue: who waits, whose turn it is, and the counters of QueueParams."""

    __slots__ = (
        "abandoned", "abandoned_in_time", "completed", "completed_in_time", "hold_time", "last_rung", "plan",
        "talk_time", "waiting",
    )

    def __init__(self, plan: QueuePlan) -> None:
        self.plan = plan
        self.waiting: list[Visit] = []
        self.last_rung = ""
        self.completed = self.completed_in_time = self.abandoned = self.abandoned_in_time = 0
        self.hold_time = self.talk_time = 0


def turn_of(queue: Queue, ready: list[Seat]) -> list[Seat]:
    """Whom the strategy rings next out of ``ready`` (in the order of the member list): one, or all for ringall."""
    least = min(seat.penalty for seat in ready)
    fit = [seat for seat in ready if seat.penalty == least]
    return STRATEGIES[queue.plan.strategy](queue, fit)


def _ring_all(queue: Queue, fit: list[Seat]) -> list[Seat]:
    return fit


def _least_recent(queue: Queue, fit: list[Seat]) -> list[Seat]:
    return [min(fit, key=lambda seat: seat.agent.last_call)]


def _round_robin(queue: Queue, fit: list[Seat]) -> list[Seat]:
    after = [seat for seat in fit if seat.agent.plan.extension > queue.last_rung]
    return [after[0] if after else fit[0]]


STRATEGIES: dict[str, Callable[[Queue, list[Seat]], list[Seat]]] = {
    "ringall": _ring_all, "leastrecent": _least_recent, "rrmemory": _round_robin,
}
