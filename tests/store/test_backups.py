"""A backup is whole while the store is written to, and is refused when anything is wrong."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callcenter import clock
from callcenter.errors import StoreError
from callcenter.store import backups
from callcenter.store.backup_names import found, newest_at
from callcenter.store.backup_times import made_apart
from callcenter.store.store import Store

Make = Callable[..., Any]
WRITER = Path(__file__).parent / "endless_writer.py"
CALLS_A_BATCH = 7


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with half a megabyte; needs root."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_backup_is_made_while_another_process_writes_and_holds_whole_batches(url: str, folder: Path) -> None:
    with subprocess.Popen([sys.executable, str(WRITER), url], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "open\n"
        before = [int(writer.stdout.readline()) for _ in range(20)][-1]
        made = asyncio.run(made_apart(url, folder, 3))
        writer.kill()
        after = [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    checksum = made.with_suffix(".b2")
    assert names(folder) == [checksum.name, made.name]
    with closing(sqlite3.connect(made)) as db:
        calls, tickets = (db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("call", "ticket"))
    assert calls == tickets and calls % CALLS_A_BATCH == 0
    assert before < calls // CALLS_A_BATCH <= after[-1] + 2
    assert checksum.read_text() == f"{hashlib.blake2b(made.read_bytes()).hexdigest()}  {made.name}\n"
    assert subprocess.run(["b2sum", "-c", checksum.name], cwd=folder, capture_output=True).returncode == 0


async def test_the_oldest_go_and_what_a_killed_one_left_too(
    store: Store, url: str, folder: Path, call: Make, batch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.write(batch(call(1), lines=3))
    (folder / "callcenter-20000101T000000Z.part").touch()
    (folder / "somebody-elses.db").touch()
    made = []
    for n in range(4):
        monkeypatch.setattr(clock, "now", lambda n=n: 1_700_000_000.0 + 60 * n)
        made.append(await asyncio.to_thread(backups.make, url, folder, 2))
    kept = sorted([path.name for path in made[2:]] + [path.with_suffix(".b2").name for path in made[2:]])
    assert names(folder) == sorted([*kept, "somebody-elses.db"])
    assert found(folder) == made[:1:-1] and newest_at(folder) == 1_700_000_180.0


async def test_a_damaged_store_gives_no_backup(store: Store, url: str, path: Path, folder: Path, call: Make,
                                               batch: Make) -> None:  # fmt: skip
    await store.write(batch(call(1)))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE call SET name = 'Nina'")
        db.commit()
    with pytest.raises(StoreError, match=r"call main-1-1 is damaged, it is not what was written: callcenter restore"):
        await made_apart(url, folder, 3)
    assert names(folder) == []


async def test_what_cannot_be_is_one_clear_line(store: Store, url: str, path: Path, folder: Path) -> None:
    with pytest.raises(StoreError, match=rf"^backup: no folder {folder}/none$"):
        await made_apart(url, folder / "none", 3)
    with pytest.raises(StoreError, match=rf"^backup: no store {folder}/x.db$"):
        await made_apart(f"sqlite+aiosqlite:///{folder}/x.db", folder, 3)
    with backups._alone(folder), pytest.raises(StoreError, match="another one is being made"):
        await made_apart(url, folder, 3)


async def test_a_full_disk_leaves_nothing_half_made(
    store: Store, url: str, small_disk: Path, call: Make, batch: Make
) -> None:
    await store.write(batch(*(call(n) for n in range(1000))))
    with pytest.raises(StoreError, match="disk is full"):
        await made_apart(url, small_disk, 3)
    assert names(small_disk) == []


async def test_a_unit_that_forbids_to_be_nice_gets_its_backup(
    store: Store, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forbidden(by: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "nice", forbidden)
    await asyncio.to_thread(backups.main, [url, str(folder), "3"])
    assert capsys.readouterr().out == f"{found(folder)[0]}\n"
