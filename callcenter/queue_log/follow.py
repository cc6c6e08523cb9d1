"""A queue_log that is being written, line by line as they come; rotated ones for what came before. A shell.

Asterisk appends to the file. It is rotated by renaming it (``logger rotate``, logrotate) or by copying and emptying it
(logrotate's ``copytruncate``). Nothing is read twice, nothing is passed over though it is rotated again and again
between two looks, and a half line waits for its rest.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from itertools import chain, islice
from pathlib import Path

import structlog

from callcenter.errors import InputError
from callcenter.queue_log.lines import Line, Splitter, parse
from callcenter.queue_log.rotated import (
    AT_ONCE,
    HEAD,
    PACKED,
    UNREADABLE,
    Files,
    Rotated,
    opened,
    place,
    regular,
    rotated,
)  # fmt: skip

LINES_AT_ONCE = 5_000
"""Lines of a rotated file that one look reads."""
TAIL = 256
QUIET_S = 3 * 86_400.0
"""So long a log may be silent from the end of one file to the beginning of the next: over a weekend. Where it is for
longer, the older one is a leftover, and what was between them is gone."""

log = structlog.get_logger()


class Follower:
    """``read`` gives what is new since the last time, beginning with what was logged at ``since`` (seconds).

    ``skipped`` counts lines that are none of a queue_log.
    """

    def __init__(self, path: Path, since: float) -> None:
        self.path, self.where = path, str(path)
        self.skipped = 0
        self._since = since
        self._file: FileIO | None = None
        self._splitter = Splitter()
        self._tail = b""
        self._past: Iterator[Line] = iter(())
        self._known: set[bytes] = set()
        """How the rotated files begin that hold nothing new."""
        self._first_at: float | None = None
        self._last_at = 0.0
        self._another = True
        """The next line is the first of a file that is read."""
        self._lost_to = 0.0
        self._broken: dict[int, Path] = {}
        """Last written → the file as it was called then."""

    @property
    def begins_at(self) -> float:
        """Before this not all is told; infinite while there was no line."""
        first = math.inf if self._first_at is None else self._first_at
        return max([first, self._lost_to, *(written_ns / 1e9 for written_ns in self._broken)])

    @property
    def broken(self) -> str:
        return f"{', '.join(map(str, self._broken.values()))} cannot be read" if self._broken else ""

    def read(self) -> list[Line]:
        """The next lines, some thousands at most; [] when there is nothing new.

        Raises InputError when the file is not there or may not be read; what was written meanwhile comes when it can.
        """
        try:
            if self._file is None:
                self._begin()
            while True:
                over = self._another_is_written()
                self._start_anew_if_emptied()
                if lines := list(islice(self._past, LINES_AT_ONCE)) or self._next():
                    return lines
                if not over:
                    return []
                self._turn()
        except OSError as e:
            raise InputError(f"cannot read {self.path}: {e.strerror or e}") from e

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # ---- the file that is written ---------------------------------------------------------------------------

    def _begin(self) -> None:
        self._file, others = self._opened(self._since, self._since)
        self._mark()
        if others.older:
            self._first_at, self._last_at = 0.0, others.older
        for copy in others.copies:
            log.warning("a copy of queue_log is beside it: it is left out", file=str(copy))
        self._broke(others.broken)
        self._take_past(others.read)

    def _opened(self, since: float, others_since: float) -> tuple[FileIO, Files]:
        """The file that is written by now and the rotated ones beside it, each from then on: both, or it is tried
        again."""
        file = regular(self.path)
        try:
            file.seek(place(file, since) if since else 0)
            return file, rotated(self.path, others_since, file)  # one that is rotated now is in one of both
        except OSError:
            file.close()
            raise

    def _mark(self) -> None:
        """What stands before our place: by it we know that it is still the file that we read."""
        assert self._file is not None
        at = self._file.tell()
        self._tail = os.pread(self._file.fileno(), min(at, TAIL), max(0, at - TAIL))

    def _next(self) -> list[Line]:
        """What was appended, up to some whole lines."""
        assert self._file is not None
        while data := self._file.read(AT_ONCE):
            self._mark()
            if lines := list(self._lines(self._split(self._splitter, data))):
                return lines
        return []

    def _another_is_written(self) -> bool:
        """Then nothing more comes to this one."""
        assert self._file is not None
        ours = os.fstat(self._file.fileno())
        with suppress(FileNotFoundError):  # between the renaming and the next line there may be none
            there = self.path.stat()
            return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino) and there.st_size > 0
        return False

    def _turn(self) -> None:
        """To the file that is written by now; those before it that were rotated, too, since we looked."""
        assert self._file is not None
        file, others = self._opened(0.0, os.fstat(self._file.fileno()).st_mtime - 1.0)
        with self._file as ours:
            self._file, self._splitter, self._tail, self._since = file, Splitter(), b"", 0.0
            ours.seek(0)
            self._known.add(ours.readline(HEAD))
        self._broke(others.broken)
        self._take_past([other for other in others.read if other.head not in self._known])
        self._known = {other.head for other in others.read}

    def _start_anew_if_emptied(self) -> None:
        """Once it was copied: what had not been read is read in the copy. Where no copy is to be found nobody knows
        whether there was more."""
        assert self._file is not None
        at = self._file.tell()
        if os.pread(self._file.fileno(), len(self._tail), at - len(self._tail)) == self._tail:
            return
        copies = [other for other in rotated(self.path, 0.0, self._file).read if self._is_copy(other.path, at)]
        if not copies:
            self._lost_to = os.fstat(self._file.fileno()).st_mtime
            log.warning("queue_log was emptied and no copy of it is beside it: what had not been read is lost",
                        file=self.where)  # fmt: skip
        rest = self._whole(copies[-1], at - len(self._splitter.half)) if copies else ()
        self._past = chain(self._past, rest)
        self._known |= {other.head for other in copies}
        self._file.seek(0)
        self._splitter, self._tail = Splitter(), b""

    def _is_copy(self, other: Path, at: int) -> bool:
        with suppress(*UNREADABLE), opened(other) as file:
            file.seek(at - len(self._tail))
            return file.read(len(self._tail)) == self._tail
        return False

    # ---- rotated files --------------------------------------------------------------------------------------

    def _take_past(self, others: Iterable[Rotated]) -> None:
        others = list(others)
        self._past = chain.from_iterable(self._whole(other) for other in others)
        self._known = {other.head for other in others}

    def _whole(self, other: Rotated, begins: int | None = None) -> Iterator[Line]:
        """A rotated file from ``since``, or from this byte, on. One that is broken is told as far as it goes."""
        splitter = Splitter()
        try:
            with opened(other.path) as file:
                packed = other.path.suffix in PACKED
                file.seek(begins if begins is not None else 0 if packed else place(file, self._since))
                while data := file.read1(AT_ONCE):
                    yield from (line for line in self._lines(self._split(splitter, data)) if line.at >= self._since)
                yield from self._lines([splitter.half])
                self._another = begins is None
        except UNREADABLE:
            self._broke([other])

    def _broke(self, others: Iterable[Rotated]) -> None:
        for other in others:
            if other.written_ns not in self._broken:
                self._broken[other.written_ns] = other.path
                log.warning("a rotated queue_log cannot be read", file=str(other.path))

    # ---- lines ----------------------------------------------------------------------------------------------

    def _split(self, splitter: Splitter, data: bytes) -> list[bytes]:
        whole = splitter.take(data)
        if splitter.dropped:
            self.skipped += splitter.dropped
            splitter.dropped = 0
            log.warning("a line of queue_log has no end: it is passed over", where=self.where)
        return whole

    def _lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        for raw in raws:
            text = raw.decode(errors="replace")
            if text.strip():
                try:
                    line = parse(text, str(self.path))
                except InputError:
                    self.skipped += 1
                else:
                    self._tells(line.at)
                    yield line

    def _tells(self, at: float) -> None:
        gap = self._another and at - self._last_at > QUIET_S
        if gap or self._first_at is None:
            self._first_at = at
        self._last_at, self._another = at, False
