"""Journal lines that wait for the store, oldest first, in bounded memory. Pure but for the state it keeps.

The newest stay as they are, older ones are packed in blocks (about a tenth of the room). Beyond ``MOST_BYTES`` of
blocks the oldest goes: the journal tells how a figure came about, the calls themselves are never here.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable
from itertools import islice

import msgspec

from callcenter.store.harmless import harmless
from callcenter.store.values import JournalRow

LOOSE = 20_000
"""So many of the newest are not packed: what a healthy store takes in a second or two."""
BLOCK = 500
MOST_BYTES = 256 * 2**20

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[JournalRow]).decode


class Backlog:
    """``dropped`` counts the lines that there was no room for."""

    def __init__(self) -> None:
        self.dropped = 0
        self._oldest: deque[JournalRow] = deque()
        self._packed: deque[tuple[int, bytes]] = deque()
        self._newest: deque[JournalRow] = deque()
        self._count = 0
        self._bytes = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, lines: Iterable[JournalRow]) -> None:
        before = len(self._newest)
        self._newest.extend(lines)
        self._count += len(self._newest) - before
        while len(self._newest) > LOOSE:
            self._pack()
        while self._bytes > MOST_BYTES:
            self._drop_block()

    def first(self, most: int) -> tuple[JournalRow, ...]:
        """The ``most`` oldest; they stay until :meth:`forget`."""
        while self._packed and len(self._oldest) < most:
            _, block = self._packed.popleft()
            self._bytes -= len(block)
            self._oldest.extend(_decode(zlib.decompress(block)))
        while self._newest and len(self._oldest) < most:
            self._oldest.append(self._newest.popleft())
        return tuple(islice(self._oldest, most))

    def forget(self, oldest: int) -> None:
        """Those that :meth:`first` gave are written."""
        for _ in range(oldest):
            self._oldest.popleft()
        self._count -= oldest

    def _pack(self) -> None:
        lines = [self._newest.popleft() for _ in range(BLOCK)]
        try:
            block = zlib.compress(_encode(lines), 1)
        except (UnicodeError, OverflowError):
            block = zlib.compress(_encode([harmless(line) for line in lines]), 1)
        self._packed.append((BLOCK, block))
        self._bytes += len(block)

    def _drop_block(self) -> None:
        lines, block = self._packed.popleft()
        self._bytes -= len(block)
        self._count -= lines
        self.dropped += lines
