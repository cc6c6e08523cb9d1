"""Which backups there are in a folder, and which of them is the newest. A shell that reads.

The name tells when one was made, by the clock of who made it. One that says a time yet to come was made by a clock that
was wrong: when, nobody knows. How many transactions it holds is true all the same, and places it among the others.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from callcenter import clock
from callcenter.errors import StoreDamaged
from callcenter.store import checking

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"callcenter-(\d{8}T\d{6}Z)\.db")


def stamp() -> str:
    """The present moment, as names have it."""
    return datetime.fromtimestamp(clock.now(), UTC).strftime(_STAMP)


def name() -> str:
    """Of a backup that is made now."""
    return f"callcenter-{stamp()}.db"


def checksum(backup: Path) -> Path:
    """The file with its checksum."""
    return backup.with_suffix(".b2")


def found(folder: Path) -> list[Path]:
    """The backups in ``folder``, newest first; whatever else lies there is none of ours."""
    now = clock.now()
    named = sorted(_named(folder))
    order = [backup for at, backup in named if at <= now]
    for backup in sorted((backup for at, backup in named if at > now), key=_commits):
        newer = (n for n, other in enumerate(order) if _commits(other) > _commits(backup))
        order.insert(next(newer, len(order)), backup)
    return order[::-1]


def newest_at(folder: Path) -> float | None:
    """When the last one was made, seconds since the epoch by our clock; one that says a time to come says nothing."""
    now = clock.now()
    return max((at for at, _ in _named(folder) if at <= now), default=None)


def _named(folder: Path) -> Iterator[tuple[float, Path]]:
    for path in folder.glob("callcenter-*Z.db"):
        match = _NAME.fullmatch(path.name)
        try:
            if match and path.is_file():
                yield datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC).timestamp(), path
        except ValueError:  # digits that are no date
            continue


def _commits(backup: Path) -> int:
    """0 when it cannot be read: it is not the newest that is whole."""
    try:
        return checking.newest_commit(backup, 0)
    except (sqlite3.Error, StoreDamaged, OSError):
        return 0
