"""The values of a message's headers, found in its raw bytes one by one. Pure; nothing here raises.

An event has thirty headers and the Floor needs six: a full parse would cost five times as much.
"""

from __future__ import annotations

import re

from callcenter.ami.framing import header

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def text(raw: bytes, key: bytes, after: int = 0) -> str:
    """A header as text: '' when missing or Asterisk's ``<unknown>``; broken UTF-8 is replaced, never raised.

    ``after``: where to begin to look, for headers that stand behind another one.
    """
    start = raw.find(key, after)
    if start < 0:
        return ""
    start += len(key)
    end = raw.find(b"\r\n", start)
    value = raw[start:] if end < 0 else raw[start:end]
    return "" if value == b"<unknown>" else value.decode("utf-8", "replace")


def unescaped(value: str) -> str:
    r"""A name without Asterisk's C escapes (``O\'Hara``): ``ast_escape_c_alloc`` in ``main/utils.c``."""
    if "\\" not in value:
        return value
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), value)


def number(raw: bytes, key: bytes) -> float:
    """A header as a finite number, 0.0 when it is missing or none."""
    try:
        value = float(header(raw, key) or 0)
    except ValueError:
        return 0.0
    return value if -1e15 < value < 1e15 else 0.0


def whole(raw: bytes, key: bytes) -> int:
    return int(number(raw, key))


def moment(raw: bytes, arrival: float) -> float:
    """``Timestamp`` in seconds since the epoch; ``arrival`` where there is none.

    Asterisk writes it behind Event and Privilege, and none in the rows of lists: any other is of a caller's making.
    """
    start = raw.find(b"\r\nTimestamp: ")
    if start < 0 or raw.count(b"\n", 0, start) != 1:
        return arrival
    try:
        value = float(raw[start + 13 : raw.find(b"\r\n", start + 13)])
    except ValueError:
        return arrival
    return value if 0 < value < 1e11 else arrival


def leg_call(raw: bytes) -> tuple[str, str]:
    """(Uniqueid, Linkedid). Asterisk writes them one after the other: one search finds both, often the same text."""
    start = raw.find(b"\r\nUniqueid: ")
    if start < 0:
        return "", text(raw, b"\r\nLinkedid: ")
    start += 12
    end = raw.find(b"\r\n", start)
    if end < 0 or not raw.startswith(b"Linkedid: ", end + 2):
        return text(raw, b"\r\nUniqueid: "), text(raw, b"\r\nLinkedid: ")
    leg = raw[start:end].decode("utf-8", "replace")
    last = raw.find(b"\r\n", end + 12)
    linked = raw[end + 12 :] if last < 0 else raw[end + 12 : last]
    return leg, leg if linked == raw[start:end] else linked.decode("utf-8", "replace")


def channel(raw: bytes) -> str:
    return text(raw, b"\r\nChannel: ")


def caller(raw: bytes) -> tuple[str, str]:
    return text(raw, b"\r\nCallerIDNum: "), unescaped(text(raw, b"\r\nCallerIDName: "))


def clock_s(value: str) -> float:
    """``HH:MM:SS`` in seconds."""
    parts = value.split(":")
    if not all(p.isdecimal() for p in parts):
        return 0.0
    return float(sum(int(p[:9]) * 60**i for i, p in enumerate(reversed(parts[:3]))))
