"""The daemon's own clock: it runs at the pace of real time and never steps. A shell.

The wall clock is read once, when the process begins. After that an operator, NTP or a summer time may set the machine's
clock as they like: no wait, no span and no deadline of ours notices. What the PBX's clock says is another matter, see
:mod:`callcenter.ami.pbx_clock`.

Everything here that asks for the time asks this module, so that a test can put a virtual clock in its place.
"""

from __future__ import annotations

import time

_ANCHOR = time.time() - time.monotonic()


def monotonic() -> float:
    """Seconds since some moment; it is the clock of asyncio's timeouts too."""
    return time.monotonic()


def now() -> float:
    """Seconds since the epoch by a clock that never steps."""
    return _ANCHOR + monotonic()
