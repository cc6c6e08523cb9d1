"""Backups: made while the daemon writes, verified row by row, named by their time; and the way back. A shell.

``python -m callcenter.store.backups URL FOLDER KEPT`` makes one: the daemon starts that as a process of its own, so
that the verification takes nothing from it. Beside each backup lies its checksum, as ``b2sum -c`` reads it.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from callcenter import clock
from callcenter.errors import StoreDamaged, StoreError
from callcenter.store import acknowledged, checking, opening, reading
from callcenter.store.writing import ALIVE

PAGES = 1024
"""Copied at once; between two rounds other processes have the disk."""

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"callcenter-\d{8}T\d{6}Z\.db")


class Restored(msgspec.Struct, frozen=True):
    """``alive``: the PBX's time up to which the backup knows everything. ``aside``: what was there before."""

    backup: Path
    alive: float
    aside: tuple[Path, ...]


def found(folder: Path) -> list[Path]:
    """The backups in ``folder``, newest first; whatever else lies there is none of ours."""
    return sorted((path for path in folder.glob("callcenter-*Z.db") if _NAME.fullmatch(path.name)), reverse=True)


def made_at(backup: Path) -> float:
    """Seconds since the epoch."""
    return datetime.strptime(backup.stem.removeprefix("callcenter-"), _STAMP).replace(tzinfo=UTC).timestamp()


def make(url: str, folder: Path, kept: int) -> Path:
    """A verified copy of the store at ``url``; the oldest beyond ``kept`` go. Takes minutes for millions of calls.

    Raises StoreError: nothing to copy, no folder, no room, another one is being made, or the store is damaged.
    """
    path = opening.path_of(url)
    if not path.is_file():
        raise StoreError(f"backup: no store {path}")
    if not folder.is_dir():
        raise StoreError(f"backup: no folder {folder}")
    target = folder / datetime.fromtimestamp(clock.now(), UTC).strftime(f"callcenter-{_STAMP}.db")
    part = target.with_suffix(".part")
    with opening.translated(target), _alone(folder):
        for left in folder.glob("callcenter-*.part*"):  # of one that was killed
            left.unlink()
        try:
            _copy(path, part)
            asyncio.run(_verified(part))
            _publish(part, target)
        finally:
            for left in folder.glob(f"{part.name}*"):
                left.unlink()
        _forget(folder, kept)
    return target


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".callcenter-backup.lock").open("a") as f:
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"backup: another one is being made in {folder}") from None
        yield


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


async def _verified(path: Path) -> float:
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
    with part.open("rb") as f:
        digest = hashlib.file_digest(f, "blake2b").hexdigest()
        os.fsync(f.fileno())
    _checksum(target).write_text(f"{digest}  {target.name}\n")
    part.rename(target)
    _settle(target.parent)


def _checksum(backup: Path) -> Path:
    return backup.with_suffix(".b2")


def _settle(folder: Path) -> None:
    """New names reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget(folder: Path, kept: int) -> None:
    for old in found(folder)[kept:]:
        old.unlink()
        _checksum(old).unlink(missing_ok=True)


def restore(url: str, candidates: list[Path]) -> Restored:
    """Puts the first of ``candidates`` that verifies in the place of the store at ``url``; what was there stays beside.

    Raises StoreError: a daemon has the store, or no candidate is whole (each is named with what is wrong with it).
    """
    path = opening.path_of(url)
    wrong = []
    with opening.translated(path):
        held = opening.lock(path)
        try:
            for backup in candidates:
                try:
                    return _put_back(path, held, backup)
                except (StoreDamaged, OSError, UnicodeDecodeError) as e:
                    wrong.append(f"{backup}: {getattr(e, 'strerror', None) or e}")
        finally:
            opening.release(held)
    raise StoreError("restore: " + ("; ".join(wrong) or "no backup found"))


def _put_back(path: Path, held: int, backup: Path) -> Restored:
    """The copy is whole before anything else is moved."""
    copy = Path(f"{path}.restoring")
    try:
        _copied(backup, copy)
        commits = checking.newest_commit(copy, 0)
        with closing(sqlite3.connect(copy)) as db:
            told = db.execute("SELECT value FROM meta WHERE key = ?", (ALIVE,)).fetchone()
        aside = _set_aside(path)
        copy.rename(path)
    except sqlite3.Error as e:
        raise StoreDamaged(str(e)) from e
    finally:
        copy.unlink(missing_ok=True)
    _settle(path.parent)
    acknowledged.note(held, commits)
    return Restored(backup, float(told[0]) if told else 0.0, aside)


def _copied(backup: Path, copy: Path) -> None:
    """Raises StoreDamaged when it is not what was made; without a checksum it is verified row by row."""
    digest = hashlib.blake2b()
    with backup.open("rb") as source, copy.open("wb") as target:
        os.fchmod(target.fileno(), 0o640)
        while block := source.read(2**20):
            digest.update(block)
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if _checksum(backup).is_file():
        if _checksum(backup).read_text().split()[:1] != [digest.hexdigest()]:
            raise StoreDamaged("it is not what its checksum says")
    else:
        asyncio.run(_verified(copy))


def _set_aside(path: Path) -> tuple[Path, ...]:
    stamp = datetime.fromtimestamp(clock.now(), UTC).strftime(_STAMP)
    aside = []
    for suffix in ("-wal", "-shm", ""):
        there = Path(f"{path}{suffix}")
        if there.exists():
            aside.append(there.rename(f"{path}.damaged-{stamp}{suffix}"))
    return tuple(aside)


def main(words: list[str]) -> None:
    url, folder, kept = words
    with suppress(OSError):  # a hardened unit forbids it
        os.nice(10)
    try:
        print(make(url, Path(folder), int(kept)))  # noqa: T201 - what the daemon reads
    except StoreError as e:
        sys.exit(" ".join(str(e).splitlines()))


if __name__ == "__main__":
    main(sys.argv[1:])
