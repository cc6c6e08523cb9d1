"""The figures of the last whole weeks in the running daemon: computed elsewhere, each hour, kept here. A shell."""

from __future__ import annotations

import asyncio

import msgspec
import structlog

from callcenter.jobs import Failed, Jobs
from callcenter.report.past import Past

FIRST_S = 30.0
"""After the start there is other work."""
EVERY_S = 3600.0

log = structlog.get_logger()


class LookBack:
    """``windows`` is empty until they are known; ``failure``: why they are not, or are old."""

    def __init__(self) -> None:
        self.windows: dict[str, Past] = {}
        self.failure = ""

    async def run(self, jobs: Jobs) -> None:
        """For ever."""
        await asyncio.sleep(FIRST_S)
        while True:
            failure = await self.look(jobs)
            if failure and failure != self.failure:
                log.error("figures of past days are not known", reason=failure)
            self.failure = failure
            await asyncio.sleep(EVERY_S)

    async def look(self, jobs: Jobs) -> str:
        """Have them computed now; why they could not be, '' when they were."""
        try:
            self.windows = msgspec.json.decode(await jobs.do("past", {}), type=dict[str, Past])
        except (Failed, msgspec.DecodeError) as problem:
            return str(problem)
        return ""
