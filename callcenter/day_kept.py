"""The business day by intervals, computed when somebody asks and kept for some seconds: a hundred pages cost one
computation, and an answer in JSON each. A shell around :mod:`callcenter.day_series`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from callcenter import clock
from callcenter.config import Site
from callcenter.day_series import DaySeries, day_series
from callcenter.figures import Window
from callcenter.floor.wallboard import Wallboard

KEPT_S = 5.0


class DayKept:
    """``day`` gives a picture of the day's rows."""

    def __init__(self, day: Callable[[], Window]) -> None:
        self._day = day
        self._kept: dict[float, tuple[float, DaySeries]] = {}
        self._computing = asyncio.Lock()

    async def of(self, board: Wallboard, every_s: float, site: Site) -> DaySeries:
        """Up to the moment of ``board``, in intervals of ``every_s``; or what was told at most ``KEPT_S`` ago."""
        async with self._computing:
            made_at, kept = self._kept.get(every_s, (-math.inf, None))
            if kept is None or clock.monotonic() - made_at > KEPT_S:
                kept = await asyncio.to_thread(day_series, self._day(), board, every_s, site)
                self._kept[every_s] = clock.monotonic(), kept
            return kept
