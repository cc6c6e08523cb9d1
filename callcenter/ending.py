"""The end of the process comes in time, whatever hangs in it. A shell.

A disk that does not answer holds threads for ever. What is not written has been said by then, the rest is left to the
kernel.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress

WITHIN_S = 9.0
SAYING_S = 0.2
"""Also who reads our complaints may have stopped."""
PART_S = 2.5


def in_time() -> None:
    """Call it when the end is asked for: the process ends with status 1 if it has not by itself ``WITHIN_S`` later."""
    _after(WITHIN_S, _complain)
    _after(WITHIN_S + SAYING_S, lambda: os._exit(1))


def _after(seconds: float, what: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, what)
    timer.daemon = True
    timer.start()


def _complain() -> None:
    with suppress(OSError):
        os.write(2, b"callcenter: something does not end: it is left behind\n")
    os._exit(1)


async def left_when_it_hangs(part: Coroutine[None, None, None]) -> None:
    """Runs ``part``; when cancelled, waits for its end for ``PART_S`` only: all else has to come to its end too."""
    running = asyncio.create_task(part)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        running.cancel()
        await asyncio.wait({running}, timeout=PART_S)
        if running.done() and not running.cancelled():
            running.result()
        raise
