"""Where the history of one PBX is kept: a folder of Parquet files, one for each kind and day (UTC). A shell.

``lines/`` is what was imported, the truth of all that is made of it; ``imported/`` are its tables, ``seen/`` those of
the daemon's own store, ``seen-hours/`` of hours of a day that is not over. All are made anew whenever what they are
made of has changed, so they may be deleted.
"""

from __future__ import annotations

import enum
import fcntl
import os
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from callcenter.errors import InputError
from callcenter.history import parquet
from callcenter.history.folding import DAYS, fold_day, window
from callcenter.history.lines import DAY_S, Lines, Second, Told, count, coverage, fingerprint
from callcenter.history.ranges import Ranges, union
from callcenter.history.tables import TABLES

QUIET_S = 86_400.0
"""A log that is silent for longer may have lost a file."""
FOLDED = "3"
"""To be raised when :mod:`callcenter.history.folding` makes something else of the same lines."""

_NAME = pa.dictionary(pa.int32(), pa.string())
LINES = pa.schema({
    "at": pa.int64(), "call": pa.string(), "queue": _NAME, "agent": _NAME, "event": _NAME, "data": pa.string(),
    "placed": pa.float64(),
})  # fmt: skip

OF_LOG = ("visits", "attempts", "calls")
EPOCH = date(1970, 1, 1)
MENDED_BY = "delete it and import that time again"


class Kind(enum.StrEnum):
    """What lines were read from. The PBX writes a table and a file beside each other with times that differ by a
    second, so the two of one day are never put together."""

    FILE = "file"
    TABLE = "table"


class Put(NamedTuple):
    """``added``: lines that were not known. ``damaged``: why days were left out; ``other``: days that were, as they are
    there of the other kind."""

    added: int
    damaged: list[str]
    other: list[date]


class Archive:
    """``country``: how national numbers are read; ``pbx`` names a folder of its own within ``folder``.

    ``unkept``: why tables could not be kept, '' when they could. Reports are made all the same, each time anew.
    """

    def __init__(self, folder: Path, pbx: str, country: str) -> None:
        self.folder, self.country = folder / pbx, country
        self.unkept = ""
        self._held: dict[tuple[int, str], dict[int, Second]] = {}  # by day and fingerprint: the next day needs most

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One import at a time. Raises InputError when there is another, or where nothing can be locked."""
        held = -1
        try:
            parquet.make_folder(self.folder)
            held = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            if held >= 0:
                os.close(held)
            why = "another import is under way" if isinstance(e, BlockingIOError) else e.strerror or e
            raise InputError(f"history {self.folder}: {why}") from e
        try:
            yield
        finally:
            os.close(held)

    # ---- lines -------------------------------------------------------------------------------------------------

    def put(self, lines: Lines, kind: Kind = Kind.FILE) -> Put:
        """Adds what is not known yet, but to no day whose lines are damaged or of the other kind. Raises InputError."""
        put = Put(0, [], [])
        for day in lines.days():
            try:
                known = self.lines(day)
            except InputError as problem:
                put.damaged.append(str(problem))
                continue
            if known and self._told(day).get("kind") != kind:
                put.other.append(_date(day))
            elif (merged := lines.merged_into(known, day)) != known:
                self._keep(day, merged, kind)
                put = put._replace(added=put.added + count(merged) - count(known))
        return put

    def lines(self, day: int) -> dict[int, Second]:
        """The lines of a day by second, in order. Raises InputError."""
        path = self._lines_of(day)
        try:
            table = parquet.read(path)
            if not table.schema.equals(LINES):
                raise ValueError("it has other columns")
            out: dict[int, Second] = {}
            for at, *rest in zip(*(table[name].to_pylist() for name in LINES.names), strict=True):
                out.setdefault(at, []).append(Told(*rest))
            if parquet.told_by(table)["fingerprint"] != fingerprint(out):
                raise ValueError("its lines have changed")
        except FileNotFoundError:
            return {}
        except InputError as e:
            raise InputError(f"{e}; {MENDED_BY}") from e
        except parquet.BROKEN as e:
            raise InputError(f"{parquet.damaged(path, e)}; {MENDED_BY}") from e
        return out

    def _keep(self, day: int, lines: Mapping[int, Second], kind: Kind) -> None:
        flat = [(at, *told) for at, second in lines.items() for told in second]
        columns = zip(*flat, strict=True)
        arrays = [
            pa.array(column).dictionary_encode() if field.type == _NAME else pa.array(column, field.type)
            for column, field in zip(columns, LINES, strict=True)
        ]
        first, last = str(flat[0][0]), str(flat[-1][0])
        told = {"kind": kind, "fingerprint": fingerprint(dict(lines)), "first": first, "last": last}
        parquet.write(self._lines_of(day), pa.table(arrays, schema=LINES), told)

    def _lines_of(self, day: int) -> Path:
        return self.folder / "lines" / _file(day)

    def imported_days(self) -> list[int]:
        """Those that there are lines of, in order."""
        return sorted(_days(self.folder / "lines"))

    def imported_coverage(self) -> Ranges:
        """What the imported log tells of; of a damaged day nothing is known. Raises InputError."""
        told = []
        for day in self.imported_days():
            with suppress(InputError):
                told.append(self._told(day))
        return union(coverage([(int(one["first"]), int(one["last"])) for one in told if one], QUIET_S))

    def _told(self, day: int) -> dict[str, str]:
        """What the lines of a day tell of themselves; nothing where there are none. Raises InputError."""
        try:
            return parquet.told(self._lines_of(day))
        except InputError as e:
            raise InputError(f"{e}; {MENDED_BY}") from e

    # ---- tables ------------------------------------------------------------------------------------------------

    def imported(
        self, day: int, e164: Callable[[str], str | None], kinds: Iterable[str] = OF_LOG
    ) -> dict[str, pa.Table]:
        """The tables of the calls that began on ``day``, made anew where lines have been added. Raises InputError."""
        first, last = window(day)
        until = min(self._ends_at(day + DAYS[-1]), last)
        fingerprints = [self._told(day + n).get("fingerprint", "") for n in DAYS]
        made_of = ":".join([FOLDED, self.country, str(until), *fingerprints])

        def fold() -> dict[str, pa.Table]:
            keys = [(day + n, told) for n, told in zip(DAYS, fingerprints, strict=True)]
            self._held = {key: self._held.get(key) or self.lines(key[0]) for key in keys}
            some = {at: second for held in self._held.values() for at, second in held.items() if first <= at < last}
            return fold_day(some, day, e164, until)

        return self.made("imported", day, made_of, fold, [kind for kind in kinds if kind in OF_LOG])

    def _ends_at(self, day: int) -> int:
        """When the log ends, as far as it matters on ``day``: it may go on behind it. Raises InputError."""
        newest = day + 1 if self._lines_of(day + 1).exists() else max(self.imported_days(), default=0)
        return newest * DAY_S if newest > day else int(self._told(newest).get("last", 0))

    def made(
        self, source: str, day: int, made_of: str, make: Callable[[], dict[str, pa.Table]], kinds: Iterable[str]
    ) -> dict[str, pa.Table]:
        """The tables that are kept, or newly made ones where those are of something else. Raises InputError."""
        kept = self.kept(source, day, made_of, kinds)
        if kept is None:
            kept = make()
            try:
                for kind, table in kept.items():
                    path = self.folder / source / kind / _file(day)
                    parquet.write(path, table, {"made_of": made_of}, "lz4")  # each report reads them
            except InputError as problem:
                self.unkept = self.unkept or str(problem)
        return kept

    def drop(self, sources: Iterable[str], before: int) -> None:
        """Takes away the tables of the days before that day, and what a process that was killed left of any. Raises
        InputError."""
        for folder in [self.folder / source / kind for source in sources for kind in TABLES]:
            gone = [folder / _file(day) for day in _days(folder) if day < before]
            try:
                for path in (*gone, *parquet.leftovers(folder)):
                    path.unlink(missing_ok=True)
            except OSError as e:
                raise InputError(f"history {folder}: {e.strerror or e}") from e

    def is_kept(self, source: str, day: int, made_of: str, kinds: Iterable[str]) -> bool:
        """Whether :meth:`kept` has them, by what stands beside their columns alone."""
        try:
            told = [parquet.told(self.folder / source / kind / _file(day)) for kind in kinds]
        except InputError:
            return False
        return all(one.get("made_of") == made_of for one in told)

    def kept(
        self, source: str, day: int, made_of: str, kinds: Iterable[str], without: Container[str] = ()
    ) -> dict[str, pa.Table] | None:
        """But for some columns. None: some of the tables are not there, are of something else, or cannot be read."""
        out: dict[str, pa.Table] = {}
        for kind in kinds:
            try:
                table = parquet.read(self.folder / source / kind / _file(day), without)
            except (FileNotFoundError, InputError):
                return None
            schema = pa.schema([field for field in TABLES[kind] if field.name not in without])
            if parquet.told_by(table).get("made_of") != made_of or not table.schema.equals(schema):
                return None
            out[kind] = table
        return out


def _file(day: int) -> str:
    return f"{_date(day)}.parquet"


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def _days(folder: Path) -> Iterator[int]:
    """Of the files in ``folder``. Raises InputError."""
    try:
        with os.scandir(folder) as found:
            names = [one.name.removesuffix(".parquet") for one in found if one.name.endswith(".parquet")]
    except FileNotFoundError:
        return
    except OSError as e:
        raise InputError(f"history {folder}: {e.strerror or e}") from e
    for name in names:
        try:
            yield (date.fromisoformat(name) - EPOCH).days
        except ValueError:
            continue


def day_of(at: float) -> int:
    return (datetime.fromtimestamp(at, UTC).date() - EPOCH).days
