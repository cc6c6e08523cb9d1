"""Backups: made while the daemon writes, verified row by row, named by their time. A shell.

``python -m callcenter.store.backups URL FOLDER KEPT`` makes one: the daemon starts that as a process of its own, so
that the verification takes nothing from it. Beside each backup lies its checksum, as ``b2sum -c`` reads it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from callcenter.errors import StoreError
from callcenter.precedence import give_way
from callcenter.store import backup_names, checking, opening, owners, reading
from callcenter.store.writing import ALIVE

PAGES = 1024
"""Copied at once; between two rounds other processes have the disk."""


def make(url: str, folder: Path, kept: int) -> Path:
    """A verified copy of the store at ``url``; the oldest beyond ``kept`` go. Takes minutes for millions of calls.

    Raises StoreError: nothing to copy, no folder, no room, another one is being made, or the store is damaged.
    """
    path = opening.path_of(url)
    if not path.is_file():
        raise StoreError(f"backup: no store {path}")
    if not folder.is_dir():
        raise StoreError(f"backup: no folder {folder}")
    target = folder / backup_names.name()
    part = target.with_suffix(".part")
    with opening.translated(target), _alone(folder):
        for left in folder.glob("callcenter-*.part*"):  # of one that was killed
            left.unlink()
        try:
            _copy(path, part)
            asyncio.run(verified(part))
            _publish(part, target)
        finally:
            for left in folder.glob(f"{part.name}*"):
                left.unlink()
        _forget(folder, target, kept)
    return target


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """To lock it, it is enough to read it: root may have made it, and the daemon is of the folder's group."""
    held = os.open(folder / ".callcenter-backup.lock", os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, owners.MODE)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _give(held, folder)
        yield
    except BlockingIOError:
        raise StoreError(f"backup: another one is being made in {folder}") from None
    finally:
        os.close(held)


def _give(descriptor: int, folder: Path) -> None:
    """What root makes is for whose the folder is."""
    if os.geteuid() == 0:
        owners.give(descriptor, owners.of_folder(folder))


def _copy(path: Path, part: Path) -> None:
    """One state of it, whatever is written meanwhile: the reading transaction begins before the copying."""
    part.touch(mode=0o640)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as source, closing(sqlite3.connect(part)) as target:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(target, pages=PAGES)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, whole in itself
    except sqlite3.Error as e:
        raise StoreError(f"backup of {path}: {e}") from e


async def verified(path: Path) -> float:
    """The time up to which it knows everything. Raises StoreDamaged."""
    engine = opening.connect(path, 1.0, "BEGIN", settings=())
    try:
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: checking.structure(path, sync, whole=True))
            await checking.every_row(connection)
            return float(await reading.get_meta(connection, ALIVE) or 0)
    finally:
        await engine.dispose()


def _publish(part: Path, target: Path) -> None:
    """The checksum first: a backup without one is verified row by row when it is needed, which takes its time."""
    with part.open("rb") as whole:
        digest = hashlib.file_digest(whole, "blake2b").hexdigest()
        os.fsync(whole.fileno())
        _give(whole.fileno(), target.parent)
    with backup_names.checksum(target).open("w") as f:
        f.write(f"{digest}  {target.name}\n")
        _give(f.fileno(), target.parent)
    part.rename(target)
    settle(target.parent)


def settle(folder: Path) -> None:
    """New names reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(folder: Path, made: Path, kept: int) -> None:
    """Whatever the others say of their time, the one that was just made stays."""
    others = [backup for backup in backup_names.found(folder) if backup != made]
    for old in others[kept - 1 :]:
        old.unlink()
        backup_names.checksum(old).unlink(missing_ok=True)


def main(words: list[str]) -> None:
    url, folder, kept = words
    give_way()
    try:
        print(make(url, Path(folder), int(kept)))  # noqa: T201 - what the daemon reads
    except StoreError as e:
        sys.exit(" ".join(str(e).splitlines()))


if __name__ == "__main__":
    main(sys.argv[1:])
