"""Files that a queue_log was rotated to, and where in a file a moment begins. A shell."""

from __future__ import annotations

import errno
import gzip
import os
import re
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase, BufferedReader, FileIO
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from callcenter.queue_log.lines import LONGEST

AT_ONCE = 1 << 18
"""Bytes that one look reads."""
HEAD = 256


class Rotated(NamedTuple):
    """``head``: its first line, unpacked: by it a file is known again, whatever it is called."""

    written_ns: int
    path: Path
    head: bytes

    @property
    def place(self) -> tuple[int, float]:
        """By it they are in the order in which they were written."""
        return self.written_ns, first_time(self.head) or 0.0


def rotated(path: Path, since: float, current: FileIO) -> list[Rotated]:
    """Rotated files beside ``path`` that were still written to at ``since`` or later, the oldest first.

    As Asterisk and logrotate name them: ``queue_log.0``, ``queue_log.1.gz``, ``queue_log-20260101``.
    """
    name = re.compile(re.escape(path.name) + r"[.-]\d+(\.gz)?")
    own, found = os.fstat(current.fileno()), []
    for other in path.parent.iterdir():
        if name.fullmatch(other.name):
            with suppress(OSError, EOFError, zlib.error):
                there = other.stat()
                if there.st_mtime >= since and there.st_ino != own.st_ino:
                    with opened(other) as file:
                        found.append(Rotated(there.st_mtime_ns, other, file.readline(HEAD)))
    return sorted(found, key=attrgetter("place"))


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """As its bytes were written, whether packed by now or not. Raises OSError."""
    with BufferedReader(regular(path)) as file:
        if path.suffix != ".gz":
            yield file
        else:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked


def regular(path: Path) -> FileIO:
    """Unbuffered: what is appended is seen. Raises OSError, also for what is no regular file: the end of a FIFO or a
    device may never come."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    mode = os.fstat(number).st_mode
    if stat.S_ISREG(mode):
        return FileIO(number)
    os.close(number)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is no regular file")


def place(file: BufferedIOBase | FileIO, since: float) -> int:
    """Where a line begins that is followed by all of ``since`` or later: by halves, so that gigabytes are not read.

    Lines are in order but for a second or two; what was logged earlier may come, too.
    """
    low, high = 0, file.seek(0, os.SEEK_END)
    while high - low > AT_ONCE:
        middle = (low + high) // 2
        file.seek(middle)
        rest, _, lines = file.read(LONGEST).partition(b"\n")
        at = first_time(lines)
        if at is not None and at < since:
            low = middle + len(rest) + 1
        else:
            high = middle
    return low


def first_time(lines: bytes) -> float | None:
    for raw in lines.split(b"\n"):
        with suppress(ValueError):
            return float(raw.partition(b"|")[0])
    return None
