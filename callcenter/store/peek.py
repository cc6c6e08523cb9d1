"""Read a store without taking it: a daemon may be writing to it meanwhile. A shell."""

from __future__ import annotations

from callcenter.errors import StoreError
from callcenter.floor.records import CallRecord
from callcenter.store import opening, reading


async def all_calls(url: str) -> list[CallRecord]:
    """Every call of the store at ``url``, oldest first. Raises StoreError; a store that is not there is not made."""
    path = opening.path_of(url)
    if not path.is_file():
        raise StoreError(f"store {path}: no such file")
    found: list[CallRecord] = []
    cursor: str | None = None
    nothing = dict.fromkeys(("queue", "agent", "number", "state", "since", "until"))
    with opening.translated(path):
        engine = opening.connect(path, 5.0, "BEGIN")
        try:
            async with engine.begin() as connection:
                while True:
                    page = await reading.calls(connection, nothing, cursor, 1000)
                    found += [item.record for item in page.items]
                    if (cursor := page.next) is None:
                        break
        finally:
            await engine.dispose()
    return found[::-1]
