"""A queue_log that is being written, line by line as they come; rotated ones for what came before. A shell.

Asterisk appends to the file. It is rotated by renaming it (``logger rotate``, logrotate) or by copying and emptying it
(logrotate's ``copytruncate``). Nothing is read twice, and a half line waits for its rest.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from callcenter.errors import InputError
from callcenter.queue_log.lines import Line, parse

AT_ONCE = 1 << 18
"""Bytes that one look reads, …"""
LINES_AT_ONCE = 5_000
"""… or lines of a rotated file."""
LONGEST = 8192
"""Bytes in which a whole line is found."""


class Follower:
    """``read`` gives what is new since the last time, beginning with what was logged at ``since`` (seconds).

    ``skipped`` counts lines that are none of a queue_log.
    """

    def __init__(self, path: Path, since: float) -> None:
        self.path, self.where = path, str(path)
        self.skipped = 0
        self._since = since
        self._file: BinaryIO | None = None
        self._half = b""
        self._past: Iterator[Line] | None = None

    def read(self) -> list[Line]:
        """The next lines, some thousands at most; [] when there is nothing new.

        Raises InputError when the file is not there or may not be read; what was written meanwhile comes when it can.
        """
        try:
            if self._file is None:
                self._open()
            if self._past is None:  # after the opening: a file that is rotated now is in one of both
                self._past = self._older()
            return list(islice(self._past, LINES_AT_ONCE)) or self._next()
        except OSError as e:
            raise InputError(f"cannot read {self.path}: {e.strerror or e}") from e

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    # ---- the file that is written ---------------------------------------------------------------------------

    def _open(self) -> None:
        self._file = self.path.open("rb", buffering=0)
        self._half = b""
        if self._since:
            self._file.seek(place(self._file, self._since))

    def _next(self) -> list[Line]:
        assert self._file is not None
        moved = self._moved()
        data = self._file.read(AT_ONCE)
        if not data and moved:
            self.close()
            self._since = 0.0
            self._open()
            data = self._file.read(AT_ONCE)
        *whole, self._half = (self._half + data).split(b"\n")
        return list(self._lines(whole))

    def _moved(self) -> bool:
        """Whether another file is written to by now: then nothing more comes to this one. One that was emptied begins
        anew."""
        assert self._file is not None
        ours = os.fstat(self._file.fileno())
        if self._file.tell() > ours.st_size:
            self._file.seek(0)
            self._half = b""
        with suppress(FileNotFoundError):  # between the renaming and the next line there may be none
            there = self.path.stat()
            return (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino) and there.st_size > 0
        return False

    def _lines(self, raws: Iterable[bytes]) -> Iterator[Line]:
        for raw in raws:
            text = raw.decode(errors="replace")
            if text.strip():
                try:
                    yield parse(text, str(self.path))
                except InputError:
                    self.skipped += 1

    # ---- rotated files --------------------------------------------------------------------------------------

    def _older(self) -> Iterator[Line]:
        assert self._file is not None
        return chain.from_iterable(self._whole(path) for path in rotated(self.path, self._since, self._file))

    def _whole(self, path: Path) -> Iterator[Line]:
        """A rotated file from ``since`` on. One that is broken is told as far as it goes."""
        with suppress(OSError, EOFError, zlib.error), _opened(path, self._since) as file:
            yield from (line for line in self._lines(file) if line.at >= self._since)


def rotated(path: Path, since: float, current: BinaryIO) -> list[Path]:
    """Rotated files beside ``path`` that were still written to at ``since`` or later, the oldest first.

    As Asterisk and logrotate name them: ``queue_log.0``, ``queue_log.1.gz``, ``queue_log-20260101``.
    """
    name = re.compile(re.escape(path.name) + r"[.-]\d+(\.gz)?")
    found = []
    for other in path.parent.iterdir():
        if name.fullmatch(other.name):
            with suppress(OSError):
                stat = other.stat()
                if stat.st_mtime >= since and stat.st_ino != os.fstat(current.fileno()).st_ino:
                    found.append((stat.st_mtime, other))
    return [other for _, other in sorted(found)]


def _opened(path: Path, since: float) -> gzip.GzipFile | BinaryIO:
    if path.suffix == ".gz":
        return gzip.open(path)
    file = path.open("rb")
    file.seek(place(file, since))
    return file


def place(file: BinaryIO, since: float) -> int:
    """Where a line begins that is followed by all of ``since`` or later: by halves, so that gigabytes are not read.

    Lines are in order but for a second or two; what was logged earlier may come, too.
    """
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > AT_ONCE:
        middle = (low + high) // 2
        file.seek(middle)
        rest, _, lines = file.read(LONGEST).partition(b"\n")
        at = _first_time(lines)
        if at is not None and at < since:
            low = middle + len(rest) + 1
        else:
            high = middle
    return low


def _first_time(lines: bytes) -> float | None:
    for raw in lines.split(b"\n"):
        with suppress(ValueError):
            return float(raw.partition(b"|")[0])
    return None
