"""The wallboards that everybody waits for, computed from the Floor and the day's figures. A shell."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from callcenter import clock
from callcenter.board import wallboard
from callcenter.consumer import Consumer
from callcenter.floor.wallboard import Alarm, Wallboard
from callcenter.metrics.health import Health, alarms
from callcenter.web.source import Newest

FIGURES_S = 1.0
BOARD_S = 0.02
"""No board follows another sooner: at twenty calls a second five hundred events a second change something."""
REST = 5.0
"""What is computed for the eye rests so many times as long as it took: a big centre's board comes less often."""


class Boards:
    """``newest``: the board of now, and the next one for those who wait. ``figures``: window → queue → figures."""

    def __init__(self, consumer: Consumer, health: Callable[[], Health]) -> None:
        self.consumer, self._health = consumer, health
        self.figures = consumer.window.figures(clock.now())
        self._figures_due = 0.0
        self._published_at = clock.monotonic()
        self.newest = Newest(self._board(0, ()))  # how we are is asked once all parts are there

    @property
    def age_s(self) -> float:
        """How old the newest is, by our steady clock."""
        return clock.monotonic() - self._published_at

    async def run(self) -> None:
        """For ever: a new board whenever something changed, and each second in any case."""
        consumer = self.consumer
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FIGURES_S):
                    await consumer.changed.wait()
            if clock.monotonic() >= self._figures_due or consumer.figures_due:
                consumer.tick()
                await self.refresh()
            consumer.changed.clear()
            began = clock.monotonic()
            self.newest.publish(self._board(self.newest.board().seq + 1, alarms(self._health())))
            self._published_at = began
            await asyncio.sleep(max(BOARD_S, REST * (clock.monotonic() - began)))

    async def refresh(self) -> None:
        """Compute the figures anew, from a picture of the day: the reading goes on meanwhile."""
        began, consumer = clock.monotonic(), self.consumer
        consumer.figures_due = False
        day, unseen = consumer.window.picture(), consumer.floor.unseen
        self.figures = await asyncio.to_thread(day.figures, consumer.now(), unseen)
        self._figures_due = began + max(FIGURES_S, REST * (clock.monotonic() - began))

    def _board(self, seq: int, told: Iterable[Alarm]) -> Wallboard:
        consumer = self.consumer
        now = consumer.floor.now(consumer.now())
        return wallboard(seq, now, self.figures, consumer.config, consumer.floor, consumer.holes.all, told)
