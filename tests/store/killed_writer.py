"""A program that writes thirty batches of calls and kills itself: ``killed_writer.py URL``. All of it is in the log."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from callcenter.crm.rules import ticket_of
from callcenter.floor.records import CallRecord, Direction, Visit
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow


async def main(url: str) -> None:
    store = await Store.open(url)
    for number in range(30):
        ids = [f"call-{number}-{n}" for n in range(7)]
        visits = (Visit("support", 1.0 + number),)
        calls = tuple(CallRecord(id, "main", id, Direction.IN, "1", "", "100", 1.0, visits=visits) for id in ids)
        tickets = tuple(t for t in (ticket_of(call, "IR", False) for call in calls) if t)
        lines = tuple(JournalRow(id, 1.0, "event", "x", {"n": number}) for id in ids)
        await store.write(Batch(calls, tickets, (), lines))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
