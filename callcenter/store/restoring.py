"""The way back: a backup is put in the place of a store. A shell.

The copy is whole, and whose the store was, before anything else is moved. What was there stays beside it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from callcenter.errors import StoreDamaged, StoreError
from callcenter.store import acknowledged, backup_names, backups, checking, opening, owners
from callcenter.store.writing import ALIVE


class Restored(msgspec.Struct, frozen=True):
    """``alive``: the PBX's time up to which the backup knows everything. ``aside``: what was there before."""

    backup: Path
    alive: float
    aside: tuple[Path, ...]


def restore(url: str, candidates: list[Path]) -> Restored:
    """Puts the first of ``candidates`` that verifies in the place of the store at ``url``; what was there stays beside.

    It belongs to whom the file belonged that it replaces; to the folder's owner where root restores and there was none.
    Raises StoreError: a daemon has the store, or no candidate is whole (each is named with what is wrong with it).
    """
    path = opening.path_of(url)
    wrong = []
    with opening.translated(path):
        owner = owners.of(path)
        held = opening.lock(path)
        try:
            owners.give(held, owner)
            for backup in candidates:
                try:
                    return _put_back(path, held, backup, owner)
                except StoreDamaged as e:
                    wrong.append(str(e))
        finally:
            opening.release(held)
    raise StoreError("restore: " + ("; ".join(wrong) or "no backup found"))


def _put_back(path: Path, held: int, backup: Path, owner: owners.Owner) -> Restored:
    """Raises StoreDamaged that names the backup; OSError when it is the place that fails."""
    copy = Path(f"{path}.restoring")
    try:
        digest = _copied(backup, copy, owner)
        with _wrong_with(backup):
            _check(backup, copy, digest)
            commits = checking.newest_commit(copy, 0)
            with closing(sqlite3.connect(copy)) as db:
                told = db.execute("SELECT value FROM meta WHERE key = ?", (ALIVE,)).fetchone()
        aside = _set_aside(path)
        copy.rename(path)
    finally:
        copy.unlink(missing_ok=True)
    backups.settle(path.parent)
    acknowledged.note(held, commits)
    return Restored(backup, float(told[0]) if told else 0.0, aside)


@contextmanager
def _wrong_with(backup: Path) -> Iterator[None]:
    """Whatever comes up inside is what the backup holds."""
    try:
        with opening.translated(backup):
            yield
    except (sqlite3.Error, StoreError) as e:
        raise StoreDamaged(f"{backup}: {str(e).removeprefix(f'store {backup}: ')}") from e


def _copied(backup: Path, copy: Path, owner: owners.Owner) -> str:
    """Its checksum. Raises StoreDamaged when the backup cannot be read."""
    digest = hashlib.blake2b()
    with copy.open("wb") as target:
        owners.give(target.fileno(), owner)
        for block in _blocks(backup):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest()


def _blocks(backup: Path) -> Iterator[bytes]:
    with _wrong_with(backup), backup.open("rb") as source:
        while block := source.read(2**20):
            yield block


def _check(backup: Path, copy: Path, digest: str) -> None:
    """Raises StoreDamaged when it is not what was made; without a checksum it is verified row by row."""
    noted = backup_names.checksum(backup)
    if not noted.is_file():
        asyncio.run(backups.verified(copy))
    elif noted.read_text().split()[:1] != [digest]:
        raise StoreDamaged("it is not what its checksum says")


def _set_aside(path: Path) -> tuple[Path, ...]:
    stamp, aside = backup_names.stamp(), []
    for suffix in ("-wal", "-shm", ""):
        there = Path(f"{path}{suffix}")
        if there.exists():
            aside.append(there.rename(f"{path}.damaged-{stamp}{suffix}"))
    return tuple(aside)
