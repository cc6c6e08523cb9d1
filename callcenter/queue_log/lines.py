"""One line of Asterisk's queue_log, and where lines end. Pure.

Format (``ast_queue_log`` in ``main/logger.c``): ``time|callid|queue|agent|event|data1|…``. It counts whole seconds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from callcenter.errors import InputError

SET_BACK_S = 2 * 3600.0
"""A PBX's clock is set back by less."""

OF_CALLERS = frozenset({
    "ENTERQUEUE", "CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "WITHDRAW", "COMPLETECALLER",
    "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER", "RINGNOANSWER", "RINGCANCELED", "AGENTDUMP",
})  # fmt: skip
"""What is logged of a caller in a queue."""
OWN_DATA = 3
"""A line's own data may be words up to there: where a call was sent. Behind them are numbers only."""
BEGINS = re.compile(r"\d{9,10}$")
"""A line's time, at the end of a field of another."""


class Line(NamedTuple):
    at: float
    call: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def seconds(self, index: int) -> float | None:
        """A datum as seconds; None where there is none ("nan" is none: no sum with it would ever differ)."""
        try:
            seconds = float(self.data[index])
        except (IndexError, ValueError):
            return None
        return seconds if 0 <= seconds < 1e9 else None

    def word(self, index: int) -> str:
        return self.data[index] if index < len(self.data) else ""


def parse(line: str, where: str) -> Line:
    """Raises InputError that begins with ``where`` when it is no line of a queue_log."""
    fields = line.rstrip("\r\n").split("|")
    try:
        at = float(fields[0])
    except ValueError:
        at = -1.0
    if len(fields) < 5 or not 0 <= at < 1e11 or not fields[4].isupper():
        raise InputError(f"{where}: not a line of a queue_log: {line.strip()[:60]!r}")
    if not OF_CALLERS.isdisjoint(fields[5:]) and _are_two(fields):  # the PBX died within a line, and went on in it
        raise InputError(f"{where}: two lines run into each other: {line.strip()[:120]!r}")
    return Line(at, fields[1], fields[2], fields[3], fields[4], tuple(fields[5:]))


def _are_two(fields: list[str]) -> bool:
    """An event stands behind its time by four: there the second line begins, in whatever field the first was cut."""
    return any(
        word in OF_CALLERS and (n >= 5 + OWN_DATA or BEGINS.search(fields[n - 4]) is not None)
        for n, word in enumerate(fields[5:], 5)
    )


LONGEST = 8192
"""Bytes of a line; Asterisk's are shorter."""


class Splitter:
    """Whole lines out of pieces of bytes. ``half``: one that waits for its rest; ``dropped``: those that grew too long,
    of which nothing is kept."""

    def __init__(self) -> None:
        self.half = b""
        self.dropped = 0
        self._endless = False

    def take(self, piece: bytes) -> list[bytes]:
        if self._endless:
            _, end, piece = piece.partition(b"\n")
            self._endless = not end
        *whole, self.half = (self.half + piece).split(b"\n")
        if len(self.half) > LONGEST:
            self.half, self._endless = b"", True
            self.dropped += 1
        return whole
