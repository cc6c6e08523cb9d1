"""The newest backup that is whole comes back as it was, to whom the store belonged; what is not is named."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callcenter import clock
from callcenter.errors import StoreError
from callcenter.store import backups
from callcenter.store.backup_names import found, newest_at
from callcenter.store.backup_times import made_apart
from callcenter.store.restoring import restore
from callcenter.store.store import Store
from callcenter.store.values import Batch

Make = Callable[..., Any]


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


async def test_the_newest_that_is_whole_comes_back_and_the_damaged_file_stays(
    url: str, path: Path, folder: Path, call: Make, batch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(url)
    for n in range(3):
        await store.write(batch(call(n), lines=2))
        await store.write(Batch(alive=1000.0 + n))
        monkeypatch.setattr(clock, "now", lambda n=n: 1_700_000_000.0 + 60 * n)
        newest = await asyncio.to_thread(backups.make, url, folder, 5)
    await store.write(batch(call(7)))
    await store.close()
    put(path, b"not a database any more" * 1000)
    put(newest, newest.read_bytes().replace(b"main-1-2", b"main-1-3"))
    with pytest.raises(StoreError, match="file is not a database"):
        await Store.open(url)
    put(Path(f"{path}-wal"), b"x")

    done = await asyncio.to_thread(restore, url, found(folder))
    assert done.backup == found(folder)[1] and done.alive == 1001.0
    assert {p.name: p.read_bytes()[:5] for p in done.aside} == {
        "callcenter.db.damaged-20231114T221520Z-wal": b"x", "callcenter.db.damaged-20231114T221520Z": b"not a",
    }  # fmt: skip
    again = await Store.open(url)
    kept = [await again.call(f"main-1-{n}") for n in (0, 1, 2, 7)]
    assert [one.record if one else None for one in kept] == [call(0), call(1), None, None]
    assert len(await again.timeline("main-1-1")) == 2 and await again.alive() == 1001.0
    await again.write(batch(call(8)))
    await again.close()


async def test_without_its_checksum_a_backup_is_read_row_by_row(
    url: str, path: Path, folder: Path, call: Make, batch: Make
) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1), lines=2))
    made = await made_apart(url, folder, 5)
    await store.close()
    made.with_suffix(".b2").unlink()
    good = made.read_bytes()
    made.write_bytes(good.replace(b"line 1", b"line 2"))
    with pytest.raises(StoreError, match=r"journal line 2 is damaged"):
        await asyncio.to_thread(restore, url, [made])
    assert names(path.parent) == ["backups", "callcenter.db", "callcenter.db.lock"]
    made.write_bytes(good)
    assert (await asyncio.to_thread(restore, url, [made])).backup == made


async def test_what_else_lies_in_the_folder_is_none_of_ours_and_what_is_damaged_is_passed_over(
    url: str, path: Path, folder: Path, call: Make, batch: Make
) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1)))
    made = await asyncio.to_thread(backups.make, url, folder, 5)
    await store.close()
    put(folder / "callcenter-before-updateZ.db", b"somebody's")
    put(folder / "callcenter-20269999T000000Z.db", b"no such day")
    (folder / "callcenter-20261122T000000Z.db").mkdir()
    damaged = folder / "callcenter-20000101T000000Z.db"
    put(damaged, b"not a database")
    assert found(folder) == [made, damaged]
    done = await asyncio.to_thread(restore, url, [damaged, made])
    assert done.backup == made


@pytest.mark.parametrize(("content", "why"), [
    (None, "No such file or directory"), (b"root:x:0:0\n" * 100, "file is not a database"),
    (b"", "no such table: .*"),
])  # fmt: skip
async def test_it_is_the_wrong_backup_that_is_named(
    url: str, path: Path, folder: Path, content: bytes | None, why: str
) -> None:
    wrong = folder / "wrong"
    if content is not None:
        put(wrong, content)
    with pytest.raises(StoreError, match=f"^restore: {wrong}: {why}$"):
        await asyncio.to_thread(restore, url, [wrong])
    with pytest.raises(StoreError, match=f"^restore: {folder}: Is a directory$"):
        await asyncio.to_thread(restore, url, [folder])
    with pytest.raises(StoreError, match=f"^store {folder}/none/x.db: No such file or directory$"):
        await asyncio.to_thread(restore, f"sqlite+aiosqlite:///{folder}/none/x.db", [wrong])


async def test_while_a_daemon_has_the_store_nothing_is_restored(store: Store, url: str) -> None:
    with pytest.raises(StoreError, match="in use by another daemon"):
        await asyncio.to_thread(restore, url, [])


# ---- whose it is; these need root ---------------------------------------------------------------------------------

USER, GROUP = 12_345, 23_456


def owned(folder: Path) -> dict[str, tuple[int, int, int]]:
    """File → its user, group and mode."""
    return {path.name: (s.st_uid, s.st_gid, s.st_mode & 0o777) for path in folder.iterdir()
            if path.is_file() and (s := path.stat())}  # fmt: skip


@pytest.mark.parametrize("there", [True, False])
async def test_what_root_restores_belongs_to_whom_the_store_belonged(
    url: str, path: Path, folder: Path, call: Make, batch: Make, there: bool
) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1)))
    made = await asyncio.to_thread(backups.make, url, folder, 5)
    await store.close()
    os.unlink(f"{path}.lock")
    if there:
        os.chown(path, USER, GROUP)
        os.chmod(path, 0o660)
    else:
        os.unlink(path)
        os.chown(path.parent, USER, GROUP)
    await asyncio.to_thread(restore, url, [made])
    mode = 0o660 if there else 0o640
    assert set(owned(path.parent).values()) == {(USER, GROUP, mode)}
    assert {"callcenter.db", "callcenter.db.lock"} <= set(owned(path.parent))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT id FROM call").fetchall() == [("main-1-1",)]


async def test_what_root_backs_up_belongs_to_whom_the_folder_belongs(
    store: Store, url: str, folder: Path, call: Make, batch: Make
) -> None:
    await store.write(batch(call(1)))
    os.chown(folder, USER, GROUP)
    made = await asyncio.to_thread(backups.make, url, folder, 5)
    whose = owned(folder)
    assert set(whose) == {".callcenter-backup.lock", made.name, made.with_suffix(".b2").name}
    assert {(user, group) for user, group, _ in whose.values()} == {(USER, GROUP)}
    with backups._alone(folder):
        (folder / ".callcenter-backup.lock").chmod(0o440)
    with backups._alone(folder):  # who may only read it is alone by it as well
        pass


# ---- clocks that were wrong -----------------------------------------------------------------------------------------


async def test_a_backup_from_the_future_is_placed_by_what_it_holds(
    store: Store, url: str, folder: Path, call: Make, batch: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the machine was wrong for the second and the third, and went back between them."""
    times = (1_700_000_000.0, 4_000_000_000.0, 3_900_000_000.0, 1_700_000_060.0)
    made = []
    for n, at in enumerate(times):
        await store.write(batch(call(n)))
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        made.append(await asyncio.to_thread(backups.make, url, folder, 9))
    assert found(folder) == made[::-1]
    assert newest_at(folder) == 1_700_000_060.0
    made[3].unlink()
    assert found(folder) == [made[2], made[1], made[0]]
    assert newest_at(folder) == 1_700_000_000.0
    put(made[1], b"damaged")
    assert found(folder) == [made[2], made[0], made[1]]


async def test_the_one_just_made_stays_whatever_the_others_say(
    store: Store, url: str, folder: Path, call: Make, batch: Make
) -> None:
    for n in range(3):
        put(folder / f"callcenter-2099010{n + 1}T000000Z.db", b"")
    await store.write(batch(call(1)))
    made = await asyncio.to_thread(backups.make, url, folder, 1)
    assert found(folder) == [made]
