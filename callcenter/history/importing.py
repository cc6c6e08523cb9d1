"""queue_log into the archive: files of any age and order, plain or packed, and realtime tables. A shell."""

from __future__ import annotations

import errno
import os
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, tzinfo
from io import BufferedIOBase, BufferedReader, FileIO
from pathlib import Path
from typing import Protocol

from callcenter import clock
from callcenter.errors import InputError
from callcenter.history.archive import Archive, Kind
from callcenter.history.lines import DAY_S, Lines
from callcenter.history.reading import Disorder, Reading
from callcenter.queue_log.lines import LONGEST, Line, parse
from callcenter.queue_log.rotated import PACKED, UNREADABLE, regular
from callcenter.queue_log.table import Table

AT_ONCE = 250_000
"""So many lines are put away at a time; each day that they are of is in memory as a whole then."""
NAMED = 20
"""So many broken lines of a file are named, the others counted."""
OLDEST = 915_148_800
"""1999, Asterisk's first year: what is of before is of a clock that was not set."""

MAGIC = {b"\x1f\x8b": ".gz", b"\xfd7zXZ\0": ".xz", b"BZh": ".bz2", b"\x28\xb5\x2f\xfd": "zstd",
         b"\x04\x22\x4d\x18": "lz4", b"\x89LZO": "lzop", b"\x1f\x9d": "compress", b"PK\x03\x04": "zip"}  # fmt: skip
"""How a packed file begins."""


@dataclass(slots=True)
class Imported:
    """What became of one source. ``cut``: why it could not be read to its end, '' when it was. ``damaged``: days of
    the archive that nothing can be added to; ``left_out``: days that are there from a source of the other kind.
    ``set_back``: how often the PBX's clock seems to have been set back within it."""

    name: str
    lines: int = 0
    added: int = 0
    broken: int = 0
    named: list[str] = field(default_factory=list)
    cut: str = ""
    damaged: list[str] = field(default_factory=list)
    left_out: list[date] = field(default_factory=list)
    set_back: int = 0

    def skip(self, why: str) -> None:
        self.broken += 1
        if len(self.named) < NAMED:
            self.named.append(why)


class Progress(Protocol):
    """``done`` of ``total`` bytes or lines of ``what``; total is 0 where nobody knows."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def import_file(archive: Archive, path: Path, progress: Progress) -> Imported:
    """All lines of one file. What cannot be read is told in the result; raises InputError when nothing can, or when
    the archive cannot be written."""
    result = Imported(str(path))
    try:
        with BufferedReader(regular(path)) as raw:
            size = os.fstat(raw.fileno()).st_size
            lines = _lines(raw, path, result, lambda: progress(path.name, raw.tell(), size))
            _keep(archive, lines, result)
    except UNREADABLE as e:
        result.cut = f"{path}: cannot be read: {getattr(e, 'strerror', None) or e}"
    if not result.lines:
        raise InputError(result.cut or f"{path}: " + ("no line of a queue_log in it" if result.broken else "empty"))
    return result


def _lines(raw: BufferedReader[FileIO], path: Path, result: Imported, tick: Callable[[], None]) -> Iterator[Line]:
    newest = clock.now() + DAY_S
    at = 0
    try:
        for at, text in enumerate(_texts(_unpacked(raw)), 1):
            if at % 10_000 == 0:
                tick()
            if line := _line(text, f"{path}:{at}", newest, result):
                yield line
    except UNREADABLE as e:
        what = f"cut off behind line {at}" if at else "cannot be read"
        result.cut = f"{path}: {what}: {getattr(e, 'strerror', None) or e}"


def _unpacked(raw: BufferedReader[FileIO]) -> BufferedIOBase:
    """Known by its beginning, whatever it is called. Raises OSError for what is packed in another way."""
    head = raw.peek(LONGEST)
    kind = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "")
    if kind and kind not in PACKED:
        raise OSError(errno.EINVAL, f"packed with {kind}: unpack it first")
    if head.startswith(BOM_UTF8):
        raw.read(len(BOM_UTF8))
    return PACKED[kind](raw) if kind else raw


def _texts(file: BufferedIOBase) -> Iterator[bytes]:
    """Its lines; of one that is longer than any of Asterisk's only a piece that is longer, too."""
    while text := file.readline(LONGEST + 1):
        yield text
        while len(text) > LONGEST and not text.endswith(b"\n"):
            text = file.readline(LONGEST + 1)


def _line(text: bytes, where: str, newest: float, result: Imported) -> Line | None:
    if not text.strip():
        return None
    if len(text) > LONGEST:
        result.skip(f"{where}: too long for a line of a queue_log")
        return None
    if not text.endswith(b"\n"):
        result.skip(f"{where}: has no end yet")
        return None
    try:
        line = parse(text.decode(errors="replace"), where)
    except InputError as e:
        result.skip(str(e))
        return None
    return _of_time(line, where, newest, result)


def _of_time(line: Line, where: str, newest: float, result: Imported) -> Line | None:
    if not OLDEST <= line.at < newest:
        result.skip(f"{where}: its time is none: {line.at:.0f}")
        return None
    return line


def import_table(archive: Archive, url: str, zone: tzinfo, progress: Progress) -> Imported:
    """All rows of a realtime table. Raises InputError."""
    table = Table(url, zone, 0.0)
    result = Imported(table.where)
    newest = clock.now() + DAY_S

    def lines() -> Iterator[Line]:
        while rows := table.rows():
            for number, line in rows:
                where = f"{table.where}: row {number}"
                if line is None:
                    result.skip(f"{where}: not a row of a queue_log")
                elif _of_time(line, where, newest, result):
                    yield line
            progress("table", result.lines, 0)

    try:
        _keep(archive, lines(), result, Kind.TABLE)
    finally:
        table.close()
    if not result.lines:
        raise InputError(f"{table.where}: no row of a queue_log in it")
    return result


def _keep(archive: Archive, lines: Iterable[Line], result: Imported, kind: Kind = Kind.FILE) -> None:
    reading, at = Reading(), -1
    try:
        for line in lines:
            if reading.size >= AT_ONCE and int(line.at) != at:  # a second is never parted
                _put(archive, reading.take(), result, kind)
            reading.add(line)
            at = int(line.at)
            result.lines += 1
        _put(archive, reading.take(), result, kind)
    except Disorder as problem:
        put = result.lines - reading.size
        taken = f"the first {put:,} are taken in" if put > 0 else "none is taken in"
        raise InputError(f"{result.name}: {problem}; {taken}: import the files that it was made of") from None
    result.set_back = reading.set_back


def _put(archive: Archive, lines: Lines, result: Imported, kind: Kind) -> None:
    put = archive.put(lines, kind)
    result.added += put.added
    result.damaged += [one for one in put.damaged if one not in result.damaged]
    result.left_out += [day for day in put.other if day not in result.left_out]


def make(archive: Archive, e164: Callable[[str], str | None], progress: Progress) -> tuple[int, list[str]]:
    """Makes the tables of all days that lines were added to: the number of visits that the archive now tells of, and
    why some days cannot be read or their tables not be kept."""
    days, visits, problems = archive.imported_days(), 0, []
    for n, day in enumerate(days, 1):
        try:
            visits += archive.imported(day, e164)["visits"].num_rows
        except InputError as problem:
            problems.append(str(problem))
        progress("visits", n, len(days))
    return visits, sorted({*problems, *([archive.unkept] if archive.unkept else [])})


def first_moment(path: Path) -> float:
    """The time of its first whole line, for the order of reading; infinite where there is none."""
    try:
        with BufferedReader(regular(path)) as raw:
            for line in _lines(raw, path, Imported(""), lambda: None):
                return line.at
    except UNREADABLE:
        pass
    return float("inf")
