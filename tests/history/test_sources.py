"""What is given as a queue_log and is none, or is more or less than one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from callcenter.errors import InputError
from callcenter.history import importing
from callcenter.history.archive import Archive

from .test_damage import D, put, visit
from .test_importing import quiet

Pack = Callable[[bytes], bytes]


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_without_an_end_is_one_broken_line_and_takes_no_memory(
    archive: Archive, tmp_path: Path, packed: bool
) -> None:
    """A power cut leaves blocks of NULs."""
    (tmp_path / "other").mkdir()
    log = tmp_path / ("queue_log.gz" if packed else "queue_log")
    text = visit(D).encode() + bytes(10_000_000) + b"\n" + visit(D + 100).encode() + bytes(10_000_000)
    log.write_bytes(gzip.compress(text, 1) if packed else text)
    del text
    put(archive, tmp_path / "other", visit(D))  # loads what is loaded once
    tracemalloc.start()
    try:
        done = importing.import_file(archive, log, quiet)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (done.lines, done.broken) == (6, 2)
    assert [one.split(": ")[0] for one in done.named] == [f"{log}:4", f"{log}:8"]
    assert peak < 3_000_000


@pytest.mark.parametrize(("kind", "why"), [("fifo", "it is no regular file"), ("folder", "Is a directory"),
                                           ("device", "it is no regular file")])  # fmt: skip
def test_what_is_no_regular_file_is_refused(archive: Archive, tmp_path: Path, kind: str, why: str) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / kind
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    assert importing.first_moment(path) == float("inf")
    with pytest.raises(InputError, match=f"^{path}: cannot be read: {why}$"):
        importing.import_file(archive, path, quiet)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_packed_file_is_known_whatever_it_is_called(archive: Archive, tmp_path: Path, pack: Pack) -> None:
    log = tmp_path / "queue_log.1"
    log.write_bytes(pack(visit(D).encode()))
    assert importing.import_file(archive, log, quiet).lines == 3


def test_of_one_that_is_packed_in_another_way_it_is_said_what_to_do(archive: Archive, tmp_path: Path) -> None:
    log = tmp_path / "queue_log.1.zst"
    log.write_bytes(b"\x28\xb5\x2f\xfd and so on")
    with pytest.raises(InputError, match=f"^{log}: cannot be read: packed with zstd: unpack it first$"):
        importing.import_file(archive, log, quiet)


def test_a_byte_order_mark_is_no_part_of_the_first_line(archive: Archive, tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_bytes(b"\xef\xbb\xbf" + visit(D).encode())
    done = importing.import_file(archive, log, quiet)
    assert (done.lines, done.broken) == (3, 0)
