"""Files that a queue_log was rotated to, and where in a file a moment begins. A shell."""

from __future__ import annotations

import bz2
import errno
import gzip
import lzma
import os
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import BufferedIOBase, BufferedReader, FileIO
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

from callcenter.queue_log.lines import LONGEST

AT_ONCE = 1 << 18
"""Bytes that one look reads."""
HEAD = 256

PACKED: dict[str, Callable[[BinaryIO], BufferedIOBase]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file), ".xz": lzma.LZMAFile, ".bz2": bz2.BZ2File,
}  # fmt: skip
NOT_UNPACKED = (".zst", ".lz4", ".lzo", ".Z", ".zip")
Whole = AbstractContextManager[BufferedIOBase | FileIO]
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError)


class Rotated(NamedTuple):
    """``head``: its first line, unpacked: by it a file is known again, whatever it is called. ``written_ns``: when its
    last line was."""

    written_ns: int
    path: Path
    head: bytes

    @property
    def place(self) -> tuple[int, float]:
        """By it they are in the order in which they were written."""
        return self.written_ns, first_time(self.head) or 0.0


class Files(NamedTuple):
    """``read``: the oldest first; ``broken`` cannot be; ``older``: the last moment (seconds) of those that were done
    with earlier, 0 where there is none; ``copies`` tell what another tells, too."""

    read: tuple[Rotated, ...] = ()
    broken: tuple[Rotated, ...] = ()
    older: float = 0.0
    copies: tuple[Path, ...] = ()


def rotated(path: Path, since: float, current: FileIO) -> Files:
    """Rotated files beside ``path`` that were still written to at ``since`` or later. Raises OSError.

    As Asterisk and logrotate name them: ``queue_log.0``, ``queue_log.1.gz``, ``queue_log-20260101``, and with other
    forms of a date.
    """
    files, gone = _looked_for(path, since, current)
    if gone:  # renamed meanwhile
        files, _ = _looked_for(path, since, current)
    return _without_copies(files, current)


def _looked_for(path: Path, since: float, current: FileIO) -> tuple[Files, bool]:
    kinds = "|".join(re.escape(kind) for kind in (*PACKED, *NOT_UNPACKED))
    name = re.compile(re.escape(path.name) + rf"[._-]\d[\dT:._-]*({kinds})?")
    own, found, broken, older, gone = os.fstat(current.fileno()), [], [], 0.0, False
    names = {other.name for other in path.parent.iterdir() if name.fullmatch(other.name)}
    for other in (path.with_name(name) for name in names if not _is_being_packed(name, names)):
        try:
            there = other.stat()
            if not stat.S_ISREG(there.st_mode) or there.st_ino == own.st_ino:
                continue
            if there.st_mtime < since:
                older = max(older, there.st_mtime if there.st_size else 0.0)
                continue
            with opened(other) as file:
                found.append(Rotated(there.st_mtime_ns, other, file.readline(HEAD)))
        except FileNotFoundError:
            gone = True
        except UNREADABLE:
            broken.append(Rotated(there.st_mtime_ns, other, b""))
    return Files(tuple(sorted(found, key=attrgetter("place"))), tuple(broken), older), gone


def _without_copies(files: Files, current: FileIO) -> Files:
    """``cp`` and logrotate's ``copy`` leave files that are how another one, that is written on, began."""
    read, copies, head = list(files.read), [], os.pread(current.fileno(), HEAD, 0)
    for one in files.read:
        whole: list[Whole] = [opened(other.path) for other in read if other is not one and other.head == one.head]
        if head.startswith(one.head):
            whole.append(_from_its_beginning(current))
        if one.head and any(_is_beginning(one.path, other) for other in whole):
            read.remove(one)
            copies.append(one.path)
    return files._replace(read=tuple(read), copies=tuple(copies))


def _is_beginning(path: Path, whole: Whole) -> bool:
    with suppress(*UNREADABLE), opened(path) as file, whole as other:
        while piece := file.read(AT_ONCE):
            if other.read(len(piece)) != piece:
                return False
        return True
    return False


@contextmanager
def _from_its_beginning(file: FileIO) -> Iterator[FileIO]:
    at = file.tell()
    file.seek(0)
    try:
        yield file
    finally:
        file.seek(at)


def _is_being_packed(name: str, names: set[str]) -> bool:
    """What it is made from is deleted once it is whole."""
    stem, dot, kind = name.rpartition(".")
    return dot + kind in (*PACKED, *NOT_UNPACKED) and stem in names


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """As its bytes were written, whether packed by now or not. Raises what is UNREADABLE."""
    with BufferedReader(regular(path)) as file:
        if path.suffix in NOT_UNPACKED:
            raise OSError(errno.EINVAL, "it is packed in a way that is not known here")
        if path.suffix not in PACKED:
            yield file
        else:
            with PACKED[path.suffix](file) as unpacked:
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
