"""What was written is what is read: a digest with each record, because SQLite keeps none. Pure.

A digest is the CRC-32 of the record as JSON: any burst of damage of up to four bytes is noticed for certain, any other
but for one in four thousand million. That of a call is over all its parts, so that a part that is missing is noticed
as well. It is taken over values as the database gives them back (a whole number in a column of fractions is a
fraction, an endless one is none). A row without a digest, as damage can leave one, is damaged; one of before there were
digests says so with ``UNCHECKED``. A later version that changes what a record is made of sets its rows to that.
"""

from __future__ import annotations

from struct import Struct, error
from typing import Any
from zlib import crc32

import msgspec

from callcenter.errors import StoreDamaged

UNCHECKED = -1

RESTORE = "callcenter restore puts the newest backup in its place"
"""What to do about damage."""

_NUMBERS = Struct("<qd").pack


def of(record: msgspec.Struct) -> int:
    """Of a record as it came from the database."""
    encoded = msgspec.json.encode(record)
    return crc32(encoded.replace(b":-0.0,", b":0.0,").replace(b":-0.0}", b":0.0}"))


def before_storing(record: msgspec.Struct) -> int:
    """Of a record that is on its way into the database. Raises MsgspecError for a value that cannot be stored."""
    return of(msgspec.json.decode(msgspec.json.encode(record), type=type(record)))


def of_line(id: int, call: str, at: float, source: str, name: str, data: bytes) -> int:
    """Of a journal line; ``data`` as JSON. Raises TypeError when a number is none."""
    try:
        numbers = _NUMBERS(id, at + 0.0)
    except error as e:
        raise TypeError(f"journal line {id}: {e}") from None
    return crc32(data, crc32(f"{call}\0{source}\0{name}".encode(), crc32(numbers)))


def of_text(*texts: str) -> int:
    return crc32("\0".join(texts).encode())


def check(kept: Any, digest: int | None, what: str) -> None:
    """Raises StoreDamaged, naming ``what``, unless the ``kept`` digest is that of what was read (None: of nothing)."""
    if kept not in (digest, UNCHECKED):
        raise StoreDamaged(f"{what} is damaged, it is not what was written: {RESTORE}")
