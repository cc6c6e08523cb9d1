"""What the process keeps of the memory that it has used. A shell."""

from __future__ import annotations

import ctypes
import gc

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
BIG = 128 * 1024
"""Bytes, where glibc begins with them (``man mallopt``)."""
ARENAS = 2


def settle_memory() -> None:
    """What was built at the start stays: keep the garbage collector from walking it again and again.

    All the rest is walked about every quarter of an hour at ten calls a second: a call leaves no cycles behind, queries
    leave a few.
    """
    _give_back_what_is_big()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)


def _give_back_what_is_big() -> None:
    """The tables of a moment (figures of the day, lists, scrapes) return to the system, wherever they were made.

    glibc raises the size from which on it does so with each of them that is freed, up to 32 MB, and has a heap for each
    thread: what is small and stays then lies scattered among gaps (``benchmarks/soak.py``). Other C libraries have no
    such knobs.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for knob, value in ((M_MMAP_THRESHOLD, BIG), (M_TRIM_THRESHOLD, BIG), (M_ARENA_MAX, ARENAS)):
            mallopt(knob, value)
