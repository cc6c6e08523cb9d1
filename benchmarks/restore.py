"""A big store is damaged: how long until the newest backup is in its place and the day's figures are read?

    python benchmarks/restore.py [--gb 1] [--folder /var/tmp]

Fills a store with the calls of a recorded stream under ever new ids, their tickets and their journals; backs it up
(verified), overwrites a part of it with noise, restores it as ``callcenter restore`` does, and starts on it as the
daemon does. Prints seconds of each; exit status 1 when restore and start take more than 60 s, or a call is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import the_lab  # noqa: F401
from lab.holes import CAPTURES, events_of, name_of

from callcenter.config import parse
from callcenter.crm.rules import ticket_of
from callcenter.daemon import opened
from callcenter.errors import StoreError
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord
from callcenter.store import backup_names, backups, restoring
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow

AIM_S = 60.0
AT_ONCE = 200


def recorded() -> list[tuple[CallRecord, list[JournalRow]]]:
    """Each call of the stream and the events that touched it."""
    floor, lines = Floor(), dict[str, list[JournalRow]]()
    records: dict[str, CallRecord] = {}
    for event in events_of(next(path for path in CAPTURES if name_of(path) == "ast22-load")):
        floor.apply(event)
        if floor.touched:
            call, data = floor.touched.id, msgspec.to_builtins(event)
            lines.setdefault(call, []).append(JournalRow(call, event.at, "event", data.pop("event"), data))
        records |= {record.id: record for record in floor.take_finished().values()}
    return [(record, lines[id]) for id, record in records.items()]


def batches() -> Iterator[Batch]:
    """The recorded calls again and again, each time later and under other ids."""
    once, n = recorded(), 0
    while True:
        for begin in range(0, len(once), AT_ONCE):
            n += 1
            calls, journal = [], []
            for record, lines in once[begin : begin + AT_ONCE]:
                id = f"{record.id}-{n}"
                calls.append(msgspec.structs.replace(record, id=id, linkedid=f"{record.linkedid}-{n}"))
                journal += [msgspec.structs.replace(line, call=id) for line in lines]
            tickets = tuple(ticket for call in calls if (ticket := ticket_of(call, "IR", False)))
            yield Batch(tuple(calls), tickets, (), tuple(journal))


async def filled(url: str, path: Path, size: int) -> int:
    """Calls written until the file has that size."""
    store, written = await Store.open(url), 0
    for batch in batches():
        await store.write(batch)
        written += len(batch.calls)
        if os.stat(path).st_size >= size:
            break
    await store.close()
    return written


async def started(url: str) -> int:
    """As the daemon does; calls that are there."""
    async with opened(parse({"pbx": [{"secret": "-"}], "store": {"url": url}}, "benchmark")) as daemon:
        return (await daemon.store.counts())["calls"]


T = TypeVar("T")


def timed(what: str, work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    done = work()
    took = time.perf_counter() - began
    print(f"{what:<42} {took:8.1f} s", flush=True)
    return done, took


def measured(folder: Path, size: int) -> bool:
    path, copies = folder / "callcenter.db", folder / "backups"
    copies.mkdir()
    url = f"sqlite+aiosqlite:///{path}"
    calls, _ = timed("filled", lambda: asyncio.run(filled(url, path, size)))
    print(f"{calls} calls, {path.stat().st_size / 1e9:.2f} GB")
    timed("backup, every row verified", lambda: backups.make(url, copies, 3))
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * 1_000_000)

    def refused() -> str:
        try:
            asyncio.run(started(url))
        except StoreError as problem:
            return str(problem)
        return ""

    said, _ = timed("the damaged one refused", refused)
    print(said)
    _, restored_s = timed("restored", lambda: restoring.restore(url, backup_names.found(copies)))
    found, started_s = timed("started on it", lambda: asyncio.run(started(url)))
    print(f"restored and started in {restored_s + started_s:.1f} s (aim <= {AIM_S:g}), {found} of {calls} calls")
    return bool(said) and found == calls and restored_s + started_s <= AIM_S


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--gb", type=float, default=1.0)
    words.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    options = words.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        return int(not measured(Path(folder), int(options.gb * 1e9)))


if __name__ == "__main__":
    sys.exit(main())
