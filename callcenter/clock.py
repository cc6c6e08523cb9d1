"""The daemon's own clock: it runs at the pace of real time and never steps, not even over a suspended machine's sleep.
A shell.

The wall clock is read once, when the process begins. After that an operator, NTP or a summer time may set the machine's
clock as they like: no wait, no span and no deadline of ours notices. What the PBX's clock says is another matter, see
:mod:`callcenter.ami.pbx_clock`.

Everything here that asks for the time asks this module, so that a test can put a virtual clock in its place.
"""

from __future__ import annotations

import time

_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""CLOCK_MONOTONIC stands still while the machine is suspended: the PBX's clock seemed to be set behind that."""


def monotonic() -> float:
    """Seconds since some moment. asyncio's timeouts go by another clock, which stands still while we are suspended."""
    return time.clock_gettime(_STEADY)


_ANCHOR = time.time() - monotonic()


def now() -> float:
    """Seconds since the epoch by a clock that never steps."""
    return _ANCHOR + monotonic()
