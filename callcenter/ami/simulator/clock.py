"""Simulated time: a heap of timed steps. Pure: nothing here knows a real clock.

Every message that is said moves the time on by some microseconds, so that no two have the same Timestamp and each
stands where it happened.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

SAYING_S = 0.000_031
"""How long Asterisk is busy with one message."""


class Timer:
    """A step that is to come; ``stop`` takes it back."""

    __slots__ = ("alive", "args", "do")

    def __init__(self, do: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.do, self.args, self.alive = do, args, True

    def stop(self) -> None:
        self.alive = False


class Clock:
    """``now`` never goes back: a step that is due while another one still speaks comes a moment later."""

    def __init__(self, starts_at: float) -> None:
        self.now = starts_at
        self._heap: list[tuple[float, int, Timer]] = []
        self._count = 0

    def at(self, when: float, do: Callable[..., None], *args: Any) -> Timer:
        timer = Timer(do, args)
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, timer))
        return timer

    def after(self, delay: float, do: Callable[..., None], *args: Any) -> Timer:
        return self.at(self.now + delay, do, *args)

    def due(self) -> float | None:
        """When the next step is due; None when there is none."""
        heap = self._heap
        while heap and not heap[0][2].alive:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def step(self) -> None:
        """Takes the next step, whatever its time. There must be one (:meth:`due`)."""
        when, _, timer = heapq.heappop(self._heap)
        if timer.alive:
            self.now = max(self.now, when)
            timer.alive = False
            timer.do(*timer.args)

    def wait(self, until: float) -> None:
        """Nothing happens until then (which may be infinite: then no time passes)."""
        if until < float("inf"):
            self.now = max(self.now, until)

    def tick(self) -> float:
        self.now += SAYING_S
        return self.now
