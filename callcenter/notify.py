"""Telling systemd how we are, by datagrams to the socket that it names: sd_notify(3). A shell.

Nothing is told where there is no such socket (we were not started by systemd), and a systemd that does not listen is
nobody's problem but its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


def reloading() -> str:
    """To be followed by READY once the new configuration is in force. systemd wants CLOCK_MONOTONIC here."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"


def status(text: str) -> str:
    """One line that ``systemctl status`` shows."""
    return f"STATUS={' '.join(text.split())}"


def tell(*states: str) -> None:
    """Send the states as one datagram; never blocks, never raises for systemd's sake, nor for want of descriptors."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if name[:1] not in ("/", "@"):
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
        to.setblocking(False)
        to.sendto("\n".join(states).encode(), "\0" + name[1:] if name[0] == "@" else name)


def watchdog_s() -> float | None:
    """How often systemd wants to hear ALIVE at least, in seconds; None when it does not watch this process."""
    pid, usec = os.environ.get("WATCHDOG_PID", ""), os.environ.get("WATCHDOG_USEC", "")
    if not usec.isdecimal() or pid not in ("", str(os.getpid())):
        return None
    return int(usec) / 1e6 or None
