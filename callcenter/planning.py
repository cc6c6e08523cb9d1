"""What the running daemon shows of forecast and staffing: reads what was kept, and has it made elsewhere. A
shell.

The kept forecast of the business day is looked for beside the loop, once a minute at most, and read only when the
folder changed or a day began.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import structlog

from callcenter.config import Config
from callcenter.errors import CallcenterError, InputError
from callcenter.figures import Window, business_day
from callcenter.floor.wallboard import Wallboard
from callcenter.forecast import today
from callcenter.forecast.plan import range_of
from callcenter.forecast.series import INTERVAL_S
from callcenter.forecast.staffing import Policy
from callcenter.forecast.today import Staffing
from callcenter.forecast.values import Forecast
from callcenter.history import forecasts, place
from callcenter.history.columns import Range
from callcenter.jobs import Failed, Jobs
from kpi.columns import Floats

LOOK_S = 60.0
MAKE_S = 3600.0
LONGEST_DAY_S = 25 * 3600.0

log = structlog.get_logger()


class Planning:
    """``forecast``: that of the business day, made before it began; None: there is none. ``failure``: why it cannot be
    read, '' while it can. ``day`` gives a picture of the day's visits."""

    def __init__(
        self, config: Callable[[], Config], now: Callable[[], float], day: Callable[[], Window] | None = None
    ) -> None:
        self._config, self._now, self._day = config, now, day
        self.forecast: Forecast | None = None
        self.failure = ""

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Take up the forecast of today; log once that it cannot be read, and once that it can again."""
        config = self._config()
        began = business_day(self._now(), config.site.zone, config.site.day_starts)
        following = business_day(began + LONGEST_DAY_S, config.site.zone, config.site.day_starts)
        try:
            self.forecast = await asyncio.to_thread(_kept, config, (began, following))
            failure = ""
        except CallcenterError as problem:
            self.forecast, failure = None, str(problem)
        if failure and failure != self.failure:
            log.error("forecast cannot be read", reason=failure)
        elif self.failure and not failure:
            log.info("forecast can be read again")
        self.failure = failure

    async def make(self, jobs: Jobs) -> None:
        """For ever: each hour, in a process of its own, the forecast of tomorrow if none was kept today. Why there is
        none is logged once."""
        said = ""
        while True:
            await asyncio.sleep(MAKE_S)
            try:
                await jobs.do("forecast", {})
                said = ""
            except Failed as problem:
                if str(problem) != said:
                    log.warning("no forecast is made", reason=str(problem))
                said = str(problem)

    async def of_day(self, day: date) -> Forecast | None:
        """The newest that was made before that day began. Raises CallcenterError."""
        config = self._config()
        return await asyncio.to_thread(_kept, config, range_of(day, config.site.zone))

    def staffing(self, board: Wallboard) -> list[Staffing]:
        """Each queue of the board now."""
        return today.staffing(board, self._began(board), self.forecast, self.policy(board))

    async def came(self, board: Wallboard, start: Floats) -> dict[str, Floats]:
        """:func:`today.came` in the intervals that begin at ``start``."""
        borders = np.append(start, start[-1] + INTERVAL_S)
        offered = await asyncio.to_thread(self._day().offered, borders, board.now.at) if self._day else {}
        return today.came(offered, start, board, self._began(board))

    def policy(self, board: Wallboard) -> Policy:
        """With the targets that are in force."""
        forecast = self._config().forecast
        return today.policy_of(board, Policy(forecast.shrinkage, forecast.max_occupancy))

    def _began(self, board: Wallboard) -> float:
        site = self._config().site
        return business_day(board.now.at, site.zone, site.day_starts)


def _kept(config: Config, day: Range) -> Forecast | None:
    folder = forecasts.folder_of(place.archive_of(config))
    try:
        version = folder.stat().st_mtime_ns, len(os.listdir(folder))
    except FileNotFoundError:
        return None
    except OSError as e:
        raise InputError(f"{folder}: {e.strerror or e}") from e
    return _read(folder, version, day)


@lru_cache(maxsize=8)
def _read(folder: Path, version: tuple[int, int], day: Range) -> Forecast | None:
    """``version`` changes whenever a file comes or goes."""
    return forecasts.newest_before(folder, day)
