"""Sets of moments as sorted ranges that do not touch each other. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from callcenter.history.columns import Range
from kpi.columns import Bools, Floats

Ranges = tuple[Range, ...]


def union(*ranges: Iterable[Range], gap_s: float = 0.0) -> Ranges:
    """All moments of any of them; gaps of ``gap_s`` or less are closed."""
    out: list[Range] = []
    for start, end in sorted(one for some in ranges for one in some if one[1] > one[0]):
        if out and start - out[-1][1] <= gap_s:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def minus(those: Iterable[Range], without: Iterable[Range]) -> Ranges:
    """The moments of ``those`` that are not in ``without``."""
    taken = union(without)
    edges = [-math.inf, *(edge for one in taken for edge in one), math.inf]
    free = list(zip(edges[::2], edges[1::2], strict=True))
    return union(
        (max(start, since), min(end, until)) for start, end in union(those) for since, until in free
    )  # fmt: skip


def within(those: Iterable[Range], start: float, end: float) -> Ranges:
    return union((max(one[0], start), min(one[1], end)) for one in those)


def seconds(those: Iterable[Range]) -> float:
    return sum(end - start for start, end in union(those))


def holds(those: Ranges, moments: Floats) -> Bools:
    """Which moments are in ``those`` (as :func:`union` gives them)."""
    edges = np.array([edge for one in those for edge in one], np.float64)
    inside: Bools = np.searchsorted(edges, moments, side="right") % 2 == 1
    return inside
