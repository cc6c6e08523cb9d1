"""How the archive's files are written, and what happens where they cannot be."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from callcenter.errors import InputError
from callcenter.history import importing, parquet
from callcenter.history.archive import Archive

from .test_damage import D, offered, put, visit
from .test_importing import iranian, quiet


def refuse(*given: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_where_tables_cannot_be_written_reports_are_made_and_an_import_says_so(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(archive, tmp_path, visit(D) + visit(D + 86_400))
    monkeypatch.setattr(parquet.pq, "write_table", refuse)
    assert offered(archive, D, D + 2 * 86_400) == 2
    visits, problems = importing.make(archive, iranian, quiet)
    assert visits == 2
    assert len(problems) == 1
    assert problems[0].endswith("No space left on device")
    assert not (archive.folder / "imported" / "visits").exists() or not os.listdir(archive.folder / "imported/visits")


def test_others_can_read_nothing(archive: Archive, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        put(archive, tmp_path, visit(D))
        importing.make(archive, iranian, quiet)
    finally:
        os.umask(old)
    modes = {path.stat().st_mode & 0o777 for path in archive.folder.parent.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (archive.folder, *archive.folder.rglob("*")) if path.is_dir()}
    assert (modes, folders) == ({0o640}, {0o750})


def test_an_import_that_is_interrupted_leaves_nothing_behind(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(archive, tmp_path, visit(D))
    before = archive.lines(D // 86_400)

    def stop(number: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            put(archive, tmp_path, visit(D + 100))
    assert [path.name for path in archive.folder.rglob("*") if path.is_file()] == ["2025-10-10.parquet"]
    assert archive.lines(D // 86_400) == before


def test_a_lock_tells_what_is_wrong_with_it_and_nothing_else(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BlockingIOError), archive.alone():
        raise BlockingIOError
    def no_locks(held: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(InputError, match=f"^history {archive.folder}: No locks available$"), archive.alone():
        pass


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    assert archive.imported_days() == []
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        archive.imported_days()


def test_what_is_kept_is_known_without_reading_it(archive: Archive, tmp_path: Path) -> None:
    made = archive.made("seen", 1, "this", dict, ())
    assert made == {}
    put(archive, tmp_path, visit(D))
    tables = archive.imported(D // 86_400, iranian)
    archive.made("seen", 1, "this", lambda: tables, tables)
    assert archive.is_kept("seen", 1, "this", tables)
    assert not archive.is_kept("seen", 1, "that", tables)
    assert not archive.is_kept("seen", 2, "this", tables)


def test_a_file_that_lost_rows_is_refused(tmp_path: Path) -> None:
    """Its pages have checksums; how many there are is told by what has none."""
    path, table = tmp_path / "a.parquet", pa.table({"at": [1.0, 2.0, 3.0]})
    parquet.write(path, table, {"made_of": "this"})
    assert parquet.read(path).to_pylist() == table.to_pylist()
    told = pq.read_schema(path).metadata
    pq.write_table(table.slice(0, 2).replace_schema_metadata(told), path)
    with pytest.raises(InputError, match="rows are missing"):
        parquet.read(path)
