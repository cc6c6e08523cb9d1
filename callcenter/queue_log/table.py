"""A queue_log that the PBX writes into a database (``queue_log`` in extconfig.conf) instead of a file. A shell.

Columns as Asterisk fills them: ``time`` (its local time with microseconds, or seconds since the epoch in old versions),
``callid``, ``queuename``, ``agent``, ``event``, and ``data1`` to ``data5``, or one ``data`` with bars between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from callcenter.errors import InputError
from callcenter.queue_log.lines import Line

LATE_S = 5.0
"""A row may be inserted so long after one that is younger."""
AT_ONCE = 5_000
NEEDED = ("time", "callid", "queuename", "agent", "event")
DATA = ("data1", "data2", "data3", "data4", "data5")


class Table:
    """``read`` gives what is new since the last time, beginning with what was logged at ``since`` (seconds).

    ``url`` is SQLAlchemy's, with the table's name behind a ``#`` when it is not ``queue_log``; its driver is installed
    beside. ``zone`` is the PBX's. It may block for as long as the database does.
    """

    def __init__(self, url: str, zone: tzinfo, since: float) -> None:
        self.url, _, self.name = url.partition("#")
        self.skipped = 0
        self._zone, self._newest = zone, since + LATE_S
        self._known: dict[Any, float] = {}
        self._engine: sa.Engine | None = None
        self._table: sa.Table | None = None

    def read(self) -> list[Line]:
        """The next lines, some thousands at most; [] when there is nothing new. Raises InputError."""
        try:
            return self._new()
        except (SQLAlchemyError, ImportError, OSError, ValueError, AttributeError, TypeError, LookupError) as e:
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

    def _new(self) -> list[Line]:
        if self._engine is None:
            self._engine = sa.create_engine(self.url)
        if self._table is None:
            self._table = sa.Table(self.name or "queue_log", sa.MetaData(), autoload_with=self._engine)
            if missing := [name for name in NEEDED if name not in self._table.c]:
                self._table = None
                raise InputError(f"cannot read queue_log from {self.where}: it has no column {missing[0]!r}")
        columns = self._table.c
        order = [columns.time, *([columns.id] if "id" in columns else [])]
        with self._engine.connect() as connection:
            newest = connection.execute(sa.select(sa.func.max(columns.time))).scalar()
            if newest is None:
                return []
            wanted = columns.time >= same_kind(newest, self._zone)(self._newest - LATE_S)
            rows = connection.execute(sa.select(self._table).where(wanted).order_by(*order).limit(AT_ONCE)).mappings()
            found = [(row.get("id", line), line) for row in rows if (line := self._line(row)) is not None]
        new = [(key, line) for key, line in found if key not in self._known]
        self._newest = max([self._newest, *(line.at for _, line in new)])
        since = self._newest - LATE_S - 1
        self._known = {key: at for key, at in self._known.items() if at >= since} | {key: line.at for key, line in new}
        return [line for _, line in new]

    def _line(self, row: Mapping[Any, Any]) -> Line | None:
        try:
            at = moment(row["time"], self._zone)
            data = str(row["data"] or "").split("|") if "data" in row else [str(row.get(name) or "") for name in DATA]
        except ValueError:
            self.skipped += 1
            return None
        while data and not data[-1]:
            data.pop()
        words = [str(row[name] or "") for name in ("callid", "queuename", "agent", "event")]
        return Line(at, words[0], words[1], words[2], words[3], tuple(data))


def moment(value: Any, zone: tzinfo) -> float:
    """A time as it stands in the table, in seconds since the epoch. Raises ValueError."""
    if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).timestamp()
    return float(value)


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
