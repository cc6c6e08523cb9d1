"""What the web needs from the daemon, and the newest board as a value that many can wait for.

Protocols and one small piece of asyncio: :class:`Newest` holds no queue, so whoever is slow sees the next newest
board and never a backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from typing import Protocol

from callcenter.config import Config
from callcenter.crm.ticket import Ticket
from callcenter.day_kept import DayKept
from callcenter.floor.wallboard import Wallboard
from callcenter.forecast.staffing import Policy
from callcenter.forecast.today import Staffing
from callcenter.forecast.values import Forecast
from callcenter.jobs import Jobs
from callcenter.metrics.health import Health
from callcenter.report.past import Past
from callcenter.store.values import JournalRow, Page, StoredCall
from kpi.columns import Floats


class StoreReader(Protocol):
    """The readers of the store. ``since`` and ``until`` are seconds since the epoch; a cursor is opaque.

    A cursor that the store did not make raises ValueError.
    """

    async def calls(
        self, *, queue: str | None, agent: str | None, number: str | None, state: str | None,
        since: float | None, until: float | None, cursor: str | None, limit: int,
    ) -> Page[StoredCall]: ...

    async def call(self, id: str) -> StoredCall | None: ...

    async def timeline(self, id: str) -> Sequence[JournalRow]: ...

    async def tickets(
        self, *, kind: str | None, status: str | None, number: str | None, cursor: str | None, limit: int,
    ) -> Page[Ticket]: ...


class Planner(Protocol):
    """Forecast and staffing (:class:`callcenter.planning.Planning`)."""

    @property
    def forecast(self) -> Forecast | None:
        """That of the business day, made before it began."""
        ...

    async def of_day(self, day: date) -> Forecast | None:
        """The newest that was made before that local day began."""
        ...

    async def came(self, board: Wallboard, start: Floats) -> dict[str, Floats]:
        """Calls of each queue in the intervals that begin at ``start``; NaN: not known, or not over."""
        ...

    def staffing(self, board: Wallboard) -> list[Staffing]:
        """Each queue of the board now."""
        ...

    def policy(self, board: Wallboard) -> Policy:
        """How many agents to ask for."""
        ...


class Source(Protocol):
    """What the daemon gives to the web."""

    @property
    def config(self) -> Config: ...

    @property
    def store(self) -> StoreReader: ...

    @property
    def planning(self) -> Planner: ...

    @property
    def day(self) -> DayKept:
        """The business day by intervals."""
        ...

    def board(self) -> Wallboard:
        """The newest board."""
        ...

    async def next_board(self, seq: int) -> Wallboard:
        """Wait for a board newer than ``seq``: always the newest, never a backlog."""
        ...

    def health(self) -> Health:
        """How the daemon is at this moment."""
        ...

    @property
    def past(self) -> dict[str, Past]:
        """The windows of past days; empty until they are computed."""
        ...

    @property
    def jobs(self) -> Jobs:
        """Work in processes of its own."""
        ...

    async def metrics(self, names: Collection[str] = ()) -> bytes:
        """The Prometheus text, of these metrics or of all. Whatever takes long of it is done beside the loop."""
        ...


class Newest:
    """The newest board. Any number may wait for the next one; none of them can hold the publisher up."""

    def __init__(self, board: Wallboard) -> None:
        self._board = board
        self._changed = asyncio.Event()

    def board(self) -> Wallboard:
        return self._board

    def publish(self, board: Wallboard) -> None:
        self._board = board
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def next_board(self, seq: int) -> Wallboard:
        while self._board.seq <= seq:
            await self._changed.wait()
        return self._board
