"""The history of one PBX: what its store saw and what was imported, as columns of any range. A shell that reads."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from callcenter.errors import InputError, StoreError
from callcenter.history import seen
from callcenter.history.archive import Archive, day_of
from callcenter.history.columns import Columns, Range
from callcenter.history.joined import Known, join, stacked
from callcenter.history.lines import DAY_S
from callcenter.history.matching import Tables
from callcenter.history.tables import TABLES
from callcenter.store import opening
from callcenter.store.writing import HOUR_S

REPEATS_S = 7 * 86_400.0
"""So far around a range calls are looked at: who called before and again."""
NAMES = ("call",)
"""Only to tell what was seen from what was imported are the names of calls needed."""
READERS = 2
LONGEST_DAYS = 1
"""A visit may be of a call that began the day before."""

Progress = Callable[[int, int], None]
"""Days read, of how many."""


class History:
    """``store``: the daemon's file, which need not be there."""

    def __init__(self, archive: Archive, store: Path, e164: Callable[[str], str | None]) -> None:
        self.archive, self.store, self._e164 = archive, store, e164

    def columns(
        self, asked: Range, margin_s: float = REPEATS_S, progress: Progress = lambda done, total: None
    ) -> Columns:
        """``progress`` may raise what ends the work. Raises InputError, StoreError."""
        first, last = day_of(asked[0] - margin_s) - LONGEST_DAYS, day_of(asked[1] + margin_s)
        logged = self.archive.imported_coverage()
        logged_days = {day for day in self.archive.imported_days() if first <= day <= last}
        without = () if logged_days else NAMES
        own: dict[int, Tables] = {}
        old: dict[int, Tables] = {}
        with self._reading() as connection:
            known = seen.known(connection) if connection is not None else seen.NOTHING
            own_days = {day for day in known.versions if first <= day <= last}
            with self._reading_ahead(known, own_days, asked, without) as ahead:
                days = sorted(own_days | logged_days, key=lambda day: (day in ahead, day))
                for n, day in enumerate(days, 1):
                    kinds = _kinds(day, asked)
                    if connection is not None and day in own_days:
                        kept = ahead[day].result() if day in ahead else None
                        own[day] = kept or self._seen(connection, known, day, kinds, without)
                    if day in logged_days:
                        old[day] = self.archive.imported(day, self._e164, kinds)
                    progress(n, len(days))
        until = max(known.alive, logged[-1][1] if logged else 0.0)
        own_tables, old_tables = (stacked([of[day] for day in sorted(of)], without) for of in (own, old))
        return join(own_tables, old_tables, Known(known.covered, logged, until), asked, margin_s)

    @contextmanager
    def _reading_ahead(
        self, known: seen.Known, days: Iterable[int], asked: Range, without: tuple[str, ...]
    ) -> Iterator[dict[int, Future[Tables | None]]]:
        """The kept tables of the days that are over, read side by side while others are made."""
        pool = ThreadPoolExecutor(READERS)
        over = [day for day in sorted(days) if _over(known, day)]
        try:
            yield {
                day: pool.submit(self.archive.kept, "seen", day, _made_of(known, day), _kinds(day, asked), without)
                for day in over
            }
        finally:
            pool.shutdown(cancel_futures=True)

    def keep(self, progress: Progress = lambda done, total: None) -> None:
        """Makes the tables of the days that the store knows and that are over, and of hours of today, so that the next
        report finds them. Raises InputError, also when they cannot be kept, StoreError."""
        with self._reading() as connection:
            known = seen.known(connection) if connection is not None else seen.NOTHING
        over = sorted(day for day in known.versions if _over(known, day))
        for n, day in enumerate(over, 1):
            if not self.archive.is_kept("seen", day, _made_of(known, day), TABLES):
                with self._reading() as connection:  # each by itself: the store's log grows as long as one reads
                    assert connection is not None
                    now = seen.known(connection)  # which version it is now that it is read
                    self._seen(connection, now, day, tuple(TABLES))
            progress(n, len(over))
        for day in known.versions.keys() - set(over):
            for hour in range(seen.HOURS):
                if day * DAY_S + (hour + 1) * HOUR_S <= known.alive:
                    self._keep_hour(day, hour)
        self.archive.drop([_of_hour(hour) for hour in range(seen.HOURS)], day_of(known.alive))
        if self.archive.unkept:
            raise InputError(self.archive.unkept)

    def _keep_hour(self, day: int, hour: int) -> None:
        with self._reading() as connection:
            assert connection is not None
            version = seen.hours(connection, day).get(hour)
            if version is not None and not self.archive.is_kept(_of_hour(hour), day, _version(version), TABLES):
                make = partial(seen.tables_of, connection, day, within=(hour, hour + 1))
                self.archive.made(_of_hour(hour), day, _version(version), make, TABLES)

    def thresholds(self) -> dict[str, float]:
        """The PBX's own threshold of each queue, in seconds, as far as it is known. Raises StoreError."""
        with self._reading() as connection:
            return seen.thresholds(connection) if connection is not None else {}

    def _seen(
        self, connection: Connection, known: seen.Known, day: int, kinds: tuple[str, ...], without: tuple[str, ...] = ()
    ) -> Tables:
        if not _over(known, day):
            return self._so_far(connection, day, kinds, without)
        make = partial(seen.tables_of, connection, day)
        return self.archive.made("seen", day, _made_of(known, day), make, kinds)

    def _so_far(self, connection: Connection, day: int, kinds: tuple[str, ...], without: tuple[str, ...]) -> Tables:
        """A day that is not over changes with each call: what was kept of its hours, and what lies between."""
        parts: list[Tables] = []
        since = 0
        for hour, version in sorted(seen.hours(connection, day).items()):
            if kept := self.archive.kept(_of_hour(hour), day, _version(version), kinds, without):
                if since < hour:
                    parts.append(seen.tables_of(connection, day, kinds, (since, hour)))
                parts.append(kept)
                since = hour + 1
        parts.append(seen.tables_of(connection, day, kinds, (since, seen.HOURS)))
        return stacked(parts, without)

    def has_store(self) -> bool:
        """Raises StoreError for what cannot be a store, such as a folder."""
        with opening.translated(self.store):
            try:
                mode = self.store.stat().st_mode
            except FileNotFoundError:
                return False
            if not stat.S_ISREG(mode):
                raise StoreError(f"store {self.store}: it is no regular file")
            return True

    @contextmanager
    def _reading(self) -> Iterator[Connection | None]:
        if not self.has_store():
            yield None
            return
        with seen.reading(self.store) as connection:
            yield connection


def _over(known: seen.Known, day: int) -> bool:
    return (day + 1) * DAY_S <= known.alive


def _made_of(known: seen.Known, day: int) -> str:
    return _version(known.versions[day])


def _version(number: int) -> str:
    return f"{seen.MADE}:{number}"


def _of_hour(hour: int) -> str:
    """Where the tables of an hour of days that are not over are kept."""
    return f"seen-hours/{hour:02d}"


def _kinds(day: int, asked: Range) -> tuple[str, ...]:
    """Around the range only the calls are wanted."""
    around = day < day_of(asked[0]) - LONGEST_DAYS or day > day_of(asked[1])
    return ("calls",) if around else tuple(TABLES)
