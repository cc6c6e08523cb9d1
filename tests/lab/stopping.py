"""A daemon that is stopped (SIGSTOP) while calls come in, and what that does to the PBX beside it. Shell.

The worst moment is right after the daemon asked for the QueueStatus of a big queue: Asterisk writes its members while
it holds its lock (manager_queues_status of app_queue.c), and who reads nothing may keep callers out of the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from .ami import session
from .asterisk import LEAST, Asterisk
from .daemon import Running, running
from .tap import Tap, tapped

COMES_BACK_S = 60.0
ARRIVES_S = 0.2
"""A process that goes on finds in its sockets what came meanwhile."""


@asynccontextmanager
async def daemon_of(
    lab: Asterisk, folder: Path, narrow: bool = False, pbx: str = "", at_once: bool = False
) -> AsyncIterator[tuple[Running, Tap | None]]:
    """A daemon with the least rights beside ``lab``, ready; ``narrow``: behind a tap with a poor network's buffers.

    ``at_once``: of all queues behind that tap it can ask at once only.
    """
    async with contextlib.AsyncExitStack() as stack:
        tap = await stack.enter_async_context(tapped(lab.ami_port, narrow, at_once)) if narrow else None
        port = tap.port if tap else lab.ami_port
        process = running(folder, port, LEAST.username, LEAST.secret, pbx=pbx)
        daemon = await asyncio.to_thread(process.__enter__)
        try:
            yield daemon, tap
        finally:
            daemon.process.send_signal(signal.SIGCONT)
            await asyncio.to_thread(process.__exit__, None, None, None)


async def stopped(
    daemon: Running, seconds: float, tap: Tap | None = None, meanwhile: Awaitable[None] | None = None, cut: bool = False
) -> tuple[float, float]:
    """Stops the daemon for so long, with a ``tap`` in the midst of a snapshot; from when to when it was (epoch).

    ``cut``: of the snapshot that follows a cut, not of the next one that comes anyway. ``meanwhile`` is awaited while
    it is stopped. Returns when the daemon is ready again.
    """
    pid, since = daemon.process.pid, time.time()
    if tap is None:
        os.kill(pid, signal.SIGSTOP)
    else:
        since = await _in_a_snapshot(pid, tap, cut)
    if meanwhile is not None:
        await meanwhile
    await asyncio.sleep(since + seconds - ARRIVES_S - time.time())
    if tap is not None:
        tap.go_on()
    await asyncio.sleep(ARRIVES_S)
    os.kill(pid, signal.SIGCONT)
    until = time.time()
    await asyncio.to_thread(daemon.until, "ready again", daemon.ready, COMES_BACK_S)
    return since, until


async def _in_a_snapshot(pid: int, tap: Tap, cut: bool) -> float:
    asked: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def stop() -> None:
        os.kill(pid, signal.SIGSTOP)
        asked.set_result(time.time())

    tap.when(tap.asks, stop)
    if cut:  # whoever comes back asks for a snapshot
        tap.cut()
    return await asyncio.wait_for(asked, COMES_BACK_S)


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def flood(lab: Asterisk, kilobytes: int) -> None:
    """So much that every listener must read, in events that mean nothing to anybody."""
    lines = {f"Filler{n}": "x" * 900 for n in range(50)}
    async with session(lab.ami_port) as ami:
        for _ in range(1 + kilobytes // 45):
            await ami.act("UserEvent", UserEvent="Flood", **lines)
