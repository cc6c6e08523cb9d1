"""The daemon, under a launcher that kills it at the n-th passing of a named point: ``deadly.py POINT N NOTES CONFIG``.

Each batch that the store acknowledged is noted in the file NOTES as a line of JSON. The points are functions of the
daemon, wrapped here: its own code knows nothing of it.
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
from alembic.operations import Operations

from callcenter import cli, daemon, pipeline
from callcenter.floor import events
from callcenter.floor.floor import Floor
from callcenter.store import acknowledged, opening, writing
from callcenter.store.store import Store
from callcenter.store.values import Batch

Wrapped = Callable[..., Any]


class Fate:
    """Dies when it has been met for the ``left``-th time."""

    def __init__(self, left: int) -> None:
        self.left = left

    def meet(self) -> None:
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before(where: Any, name: str, fate: Fate, counts: Callable[..., bool] = lambda *_: True) -> None:
    """Meets ``fate`` whenever ``where.name`` is called."""
    inner: Wrapped = getattr(where, name)

    @functools.wraps(inner)
    def outer(*args: Any, **kwargs: Any) -> Any:
        if counts(*args):
            fate.meet()
        return inner(*args, **kwargs)

    setattr(where, name, outer)


def after(where: Any, name: str, fate: Fate, counts: Callable[..., bool] = lambda *_: True) -> None:
    """Meets ``fate`` whenever ``where.name`` has done what it does."""
    inner: Wrapped = getattr(where, name)
    assert inspect.iscoroutinefunction(inner)

    @functools.wraps(inner)
    async def outer(*args: Any, **kwargs: Any) -> Any:
        result = await inner(*args, **kwargs)
        if counts(*args):
            fate.meet()
        return result

    setattr(where, name, outer)


def note_what_is_acknowledged(notes: str) -> None:
    inner = Store.write
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @functools.wraps(inner)
    async def outer(self: Store, batch: Batch) -> None:
        await inner(self, batch)
        line = {"calls": [[c.id, c.ended_at is not None] for c in batch.calls], "journal": len(batch.journal)}
        os.write(descriptor, msgspec.json.encode(line) + b"\n")

    Store.write = outer  # type: ignore[method-assign]


def _is_the_count(_connection: Any, key: str, _value: str) -> bool:
    return key == "commits"


def _in_drain(fate: Fate) -> None:
    """SIGTERM first, then death at the n-th batch of the end."""
    inner = pipeline.Pipeline.drain

    @functools.wraps(inner)
    async def drain(self: pipeline.Pipeline, within_s: float = 5.0) -> None:
        before(Store, "write", fate)
        fate.left = min(fate.left, 2)
        await inner(self, within_s)
        fate.left = 1
        fate.meet()

    pipeline.Pipeline.drain = drain  # type: ignore[method-assign]
    threading.Thread(target=_terminate_soon, daemon=True).start()


def _terminate_soon() -> None:
    time.sleep(3)
    os.kill(os.getpid(), signal.SIGTERM)


def _while_pruning(fate: Fate) -> None:
    daemon.HOUR_S = 1.0
    after(writing, "prune_journal", fate)


def _during_a_snapshot(fate: Fate) -> None:
    fate.left = 2 + fate.left % 40  # among the first events after SnapshotBegan
    begun = []

    def counts(_floor: Floor, event: events.Event) -> bool:
        begun.extend([event] if isinstance(event, events.SnapshotBegan) else ())
        return bool(begun)

    before(Floor, "apply", fate, counts)


POINTS: dict[str, Callable[[Fate], None]] = {
    "before a batch": lambda fate: before(Store, "write", fate),
    "after the calls": lambda fate: after(writing, "_write_calls", fate),
    "after the tickets": lambda fate: after(writing, "_write_tickets", fate),
    "before the commit": lambda fate: after(writing, "set_meta", fate, _is_the_count),
    "after the commit": lambda fate: before(acknowledged, "note", fate),
    "after the acknowledgement": lambda fate: after(Store, "write", fate),
    "while draining": _in_drain,
    "while migrating": lambda fate: before(Operations, "add_column", Fate(1 + fate.left % 7)),
    "while opening": lambda fate: before(opening, "connect", Fate(1 + fate.left % 2)),
    "during a snapshot": _during_a_snapshot,
    "while pruning the journal": _while_pruning,
}


def main(point: str, passing: int, notes: str, config: str) -> None:
    note_what_is_acknowledged(notes)
    POINTS[point](Fate(passing))
    sys.argv = ["callcenter", "run", "--config", config]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
