"""A program that writes calls for ever and says which batch is committed: ``endless_writer.py URL``."""

from __future__ import annotations

import asyncio
import sys
from itertools import count

from callcenter.crm.rules import ticket_of
from callcenter.floor.records import CallRecord, Direction, Visit
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow

CALLS_A_BATCH = 7


async def main(url: str) -> None:
    store = await Store.open(url)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    for number in count():
        ids = [f"call-{number}-{n}" for n in range(CALLS_A_BATCH)]
        visits = (Visit("support", 1.0),)
        calls = tuple(CallRecord(id, "main", id, Direction.IN, "1", "", "100", 1.0, visits=visits) for id in ids)
        tickets = tuple(t for t in (ticket_of(call, "IR", False) for call in calls) if t)
        await store.write(Batch(calls, tickets, (), tuple(JournalRow(id, 1.0, "event", "x", {}) for id in ids)))
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
