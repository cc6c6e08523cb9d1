"""Where the ticks and labels of an axis stand. Pure. Lengths are pixels of the chart's own grid."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from callcenter.report.formats.dates import Mark

MOST_LABELS = 31

_STEPS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 24, 28, 48, 96)


def ticks(most: float, wanted: int = 5) -> list[float]:
    """From 0 to at least ``most`` in round steps (1, 2 or 5 times a power of ten, whole numbers); at least to 1."""
    raw = max(most, 1.0) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    size = max(1.0, next(n * power for n in (1, 2, 5, 10) if n * power >= raw * (1 - 1e-9)))
    return [size * i for i in range(math.ceil(max(most, 1.0) / size - 1e-9) + 1)]


def text_width(text: str, size: float) -> float:
    """About how wide it is drawn: no font is at hand, so rather too wide than too narrow."""
    return size * sum(_ems(char) for char in text)


def _ems(char: str) -> float:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char == " ":
        return 0.3
    if unicodedata.bidirectional(char) == "AL":
        return 0.54
    return 0.95 if char in "WM@%mw" else 0.74 if char.isupper() else 0.6


def shortened(text: str, width: float, size: float) -> str:
    """As much of it as fits."""
    if text_width(text, size) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…", size) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def every_nth(marks: Sequence[Mark], room: float, size: float) -> int:
    """Every how many-th label is written: no two touch, there are not more than MOST_LABELS, and where all days (years)
    have as many periods, the same ones of each."""
    need = max((text_width(mark.minor, size) for mark in marks), default=0.0) + size * 0.7
    fits = [n for n in _STEPS if n * room >= need and len(marks) <= n * MOST_LABELS]
    begins = _begins(marks)
    sizes = {after - before for before, after in pairwise(begins[1:])}
    even = sizes.pop() if len(sizes) == 1 else 0
    same = [n for n in fits if even and (even % n == 0 or n % even == 0)]
    return next(iter(same or fits), max(math.ceil(need / room), math.ceil(len(marks) / MOST_LABELS)))


def majors(marks: Sequence[Mark], room: float, size: float) -> list[tuple[int, str]]:
    """Where what the periods belong to begins, the first included unless the second leaves no place for it; those that
    would touch the one before are left out."""
    begins = _begins(marks)
    ends = [i + (text_width(marks[i].major, size) + size) / room for i in begins]
    first_fits = len(begins) < 2 or ends[0] <= begins[1]
    kept: list[tuple[int, str]] = []
    free = 0.0
    for i, end in zip(begins, ends, strict=True):
        if i >= free and (i or first_fits):
            kept.append((i, marks[i].major))
            free = end
    return kept


def _begins(marks: Sequence[Mark]) -> list[int]:
    return [i for i, mark in enumerate(marks) if i == 0 or mark.major != marks[i - 1].major]
