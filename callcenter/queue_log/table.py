"""A queue_log that the PBX writes into a database (``queue_log`` in extconfig.conf) instead of a file. A shell.

Columns as Asterisk's ``contrib/ast-db-manage`` makes them: ``id``, ``time`` (local, with microseconds; old versions
write seconds since the epoch), ``callid``, ``queuename``, ``agent``, ``event``, and ``data1`` to ``data5``, or one
``data`` with bars between.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from callcenter import clock
from callcenter.errors import InputError
from callcenter.queue_log.lines import Line

LATE_S = 5.0
"""A row may be inserted so long after one that is younger, …"""
LATE_IDS = 200
"""… and so many numbers of rows after one with a greater number."""
AT_ONCE = 5_000
DAY_S = 86_400.0
HOUR_S = 3600.0
UNSURE_S = 1800.0
"""By so much the PBX's clock may differ from ours, where an hour that comes twice is told apart by it."""
DRIVERS = {
    "mysql": ("mysql+pymysql", "pymysql"), "mariadb": ("mysql+pymysql", "pymysql"),
    "postgresql": ("postgresql+psycopg", "psycopg[binary]"), "postgres": ("postgresql+psycopg", "psycopg[binary]"),
}  # fmt: skip
"""How a URL of each database begins whose driver is easily had, and what pip calls the driver."""
NEEDED = ("id", "time", "callid", "queuename", "agent", "event")
DATA = ("data1", "data2", "data3", "data4", "data5")


class Table:
    """``read`` gives what is new since the last time, beginning with what was logged at ``since`` (seconds).

    What is new is known by ``id``, which grows with each row: local times go back where summer ends, and one row of a
    clock that was wrong would hide all others. ``url`` is SQLAlchemy's, with the table's name behind a ``#`` when it
    is not ``queue_log``; its driver is installed beside. ``zone`` is the PBX's. It may block as long as the database.
    """

    def __init__(self, url: str, zone: tzinfo, since: float) -> None:
        self.url, _, self.name = url.partition("#")
        self.skipped = 0
        self.begins_at, self.broken = math.inf, ""
        self._zone, self._since = zone, since
        self._at = since
        """No row to come is of before this moment, but for those that are late."""
        self._newest: int | None = None
        self._known: dict[int, Any] = {}
        """Numbers of the newest rows that were read → their times: where rows were deleted a number may come again."""
        self._engine: sa.Engine | None = None
        self._table: sa.Table | None = None

    def read(self) -> list[Line]:
        """The next lines, some thousands at most; [] when there is nothing new. Raises InputError."""
        while rows := self.rows():
            if lines := [line for _, line in rows if line is not None and line.at >= self._since]:
                return lines
        return []

    def rows(self) -> list[tuple[int, Line | None]]:
        """The next rows with their numbers, also what is older than ``since``; None for a row that is no line. Raises
        InputError."""
        try:
            return self._new()
        except (ImportError, NoSuchModuleError) as e:
            raise InputError(f"cannot read queue_log from {self.where}: {_no_driver(self.url, e)}") from e
        except (SQLAlchemyError, OSError, ValueError, AttributeError, TypeError, LookupError) as e:
            reason = (str(getattr(e, "orig", None) or e).splitlines() or [type(e).__name__])[0]
            raise InputError(f"cannot read queue_log from {self.where}: {reason}") from e

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    @property
    def where(self) -> str:
        """Without a password."""
        try:
            return sa.make_url(self.url).render_as_string(hide_password=True)
        except (SQLAlchemyError, ValueError):
            return "its database"

    def _new(self) -> list[tuple[int, Line | None]]:
        if rows := self._rows():
            lines = [(row["id"], self._line(row)) for row in rows]
            self._have_read(rows)
            return lines
        self._at = max(self._at, clock.now() - UNSURE_S)
        return []

    def _rows(self) -> list[Mapping[Any, Any]]:
        table = self._opened()
        assert self._engine is not None
        with self._engine.connect() as connection:
            if self._newest is None or self._counts_anew(connection, table):
                self._newest, self._known = self._first(connection, table), {}
            found = self._found(connection, table, self._newest)
        return [row for row in found if not self._is_known(row)]

    def _counts_anew(self, connection: sa.Connection, table: sa.Table) -> bool:
        """Its numbers begin anew, or it is empty. Where only the newest were deleted, some that we know are left."""
        assert self._newest is not None
        newest = connection.execute(sa.select(sa.func.max(table.c.id))).scalar()
        if newest is not None and newest >= self._newest:
            return False
        return not any(self._is_known(row) for row in self._found(connection, table, self._newest))

    def _found(self, connection: sa.Connection, table: sa.Table, newest: int) -> Sequence[Mapping[Any, Any]]:
        wanted = sa.select(table).where(table.c.id > newest - LATE_IDS)
        return connection.execute(wanted.order_by(table.c.id).limit(AT_ONCE)).mappings().all()

    def _is_known(self, row: Mapping[Any, Any]) -> bool:
        return row["id"] in self._known and self._known[row["id"]] == row["time"]

    def _have_read(self, rows: list[Mapping[Any, Any]]) -> None:
        newest = self._newest = max([self._newest or 0, *(row["id"] for row in rows)])
        known = self._known | {row["id"]: row["time"] for row in rows}
        self._known = {id: time for id, time in known.items() if id > newest - LATE_IDS}

    def _opened(self) -> sa.Table:
        if self._engine is None:
            if _is_missing(self.url):
                raise InputError(f"cannot read queue_log from {self.where}: no such file")
            self._engine = sa.create_engine(self.url)
        if self._table is None:
            name = self.name or "queue_log"
            try:
                table = sa.Table(name, sa.MetaData(), autoload_with=self._engine)
            except NoSuchTableError:
                raise InputError(f"cannot read queue_log from {self.where}: it has no table {name!r}") from None
            if missing := [name for name in NEEDED if name not in table.c]:
                raise InputError(f"cannot read queue_log from {self.where}: it has no column {missing[0]!r}")
            self._table = table
        return self._table

    def _first(self, connection: sa.Connection, table: sa.Table) -> int:
        """The number of the first row that may be of ``since`` or later, less one; by local time an hour may come
        twice."""
        columns = table.c
        one = connection.execute(sa.select(columns.time).where(columns.time.is_not(None)).limit(1)).scalar()
        if one is None:
            return 0
        since = same_kind(one, self._zone)(self._at - HOUR_S - LATE_S)
        first = connection.execute(sa.select(sa.func.min(columns.id)).where(columns.time >= since)).scalar()
        last = connection.execute(sa.select(sa.func.max(columns.id))).scalar()
        return int(last or 0) if first is None else int(first) - 1

    def _moment(self, value: Any) -> float:
        """The first moment that it may be of and that is not long before the row ahead of it. Raises ValueError,
        TypeError, OverflowError."""
        both = moments(value, self._zone)
        at = next((at for at in both if at >= self._at - LATE_S), both[0])
        if at < clock.now() + DAY_S:  # what is of later is of a clock that was wrong
            self._at = max(self._at, at)
            self.begins_at = at if self.begins_at == math.inf else self.begins_at
        return at

    def _line(self, row: Mapping[Any, Any]) -> Line | None:
        try:
            at = self._moment(row["time"])
            data = str(row["data"] or "").split("|") if "data" in row else [str(row.get(name) or "") for name in DATA]
        except (ValueError, TypeError, OverflowError):
            self.skipped += 1
            return None
        while data and not data[-1]:
            data.pop()
        words = [str(row[name] or "") for name in ("callid", "queuename", "agent", "event")]
        return Line(at, words[0], words[1], words[2], words[3], tuple(data))


def _no_driver(url: str, problem: Exception) -> str:
    """What to write and to install, where we know it. SQLAlchemy's default for a plain mysql:// needs a compiler."""
    written = url.partition(":")[0]
    if known := DRIVERS.get(written.partition("+")[0]):
        form, package = known
        use = "" if written == form else f"write {form}://… and "
        return f"no driver for {written}:// is installed: {use}pip install '{package}'"
    return (str(problem).splitlines() or [type(problem).__name__])[0]


def _is_missing(url: str) -> bool:
    """It is a file of SQLite's that is not there: opened, it would be made. Raises SQLAlchemyError, ValueError."""
    parsed = sa.make_url(url)
    path = parsed.database or ":memory:"
    of_a_file = parsed.get_backend_name() == "sqlite" and path != ":memory:" and not path.startswith("file:")
    return of_a_file and not os.path.exists(path)


def moments(value: Any, zone: tzinfo) -> list[float]:
    """What a time as it stands in the table may be, in seconds since the epoch: one moment, or two of an hour that
    comes twice. Raises ValueError, TypeError, OverflowError."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return [float(value)]
    if value.tzinfo:
        return [value.timestamp()]
    both = [value.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1)]
    return both if both[0] < both[1] else both[:1]


def same_kind(value: Any, zone: tzinfo) -> Callable[[float], Any]:
    """What makes a moment into what can be compared with ``value`` in the database."""

    def local(at: float) -> datetime:
        return datetime.fromtimestamp(at, zone).replace(tzinfo=None)

    if isinstance(value, datetime):
        return (lambda at: datetime.fromtimestamp(at, zone)) if value.tzinfo else local
    if isinstance(value, str):
        if value.replace(".", "", 1).isdigit():
            return lambda at: str(int(at))
        return lambda at: local(at).isoformat(" ", "seconds")
    return lambda at: at
