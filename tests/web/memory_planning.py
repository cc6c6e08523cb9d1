"""Forecast and staffing in memory. Test material."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np

from callcenter.config import Config
from callcenter.errors import CallcenterError
from callcenter.floor.wallboard import Wallboard
from callcenter.forecast import today
from callcenter.forecast.plan import range_of
from callcenter.forecast.staffing import Policy
from callcenter.forecast.values import Forecast
from kpi.columns import Floats


class MemoryPlanning:
    """``forecast`` counts for every day that it tells of, whenever that begins; ``offered``: calls that came in each
    interval of each queue."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.forecast: Forecast | None = None
        self.offered = 0
        self.fails = ""

    async def of_day(self, day: date) -> Forecast | None:
        if self.fails:
            raise CallcenterError(self.fails)
        start, end = range_of(day, self.config.site.zone)
        made = self.forecast
        return made if made is not None and made.start[0] <= start and end <= made.start[-1] + 900 else None

    async def came(self, board: Wallboard, start: Floats) -> dict[str, Floats]:
        counts = {queue.name: np.full(len(start), self.offered) for queue in board.now.queues}
        return today.came(counts, start, board, float(start[0]))

    def staffing(self, board: Wallboard) -> list[today.Staffing]:
        at = datetime.fromtimestamp(board.now.at, self.config.site.zone)
        began = range_of(at.date(), self.config.site.zone)[0]
        return today.staffing(board, began, self.forecast, self.policy(board))

    def policy(self, board: Wallboard) -> Policy:
        return today.policy_of(board, Policy(0.3, 1.0))
