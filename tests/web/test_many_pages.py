"""Two hundred open pages, fifty of which never read, beside lists of all calls: the reading of the PBX does not wait.

The daemon is a process of its own; the simulated PBX places twenty calls a second and, beside them, says now and then
something that nothing else says, so that the way from its bytes to the board of a page can be measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from lab.daemon import Running, running

from callcenter.ami.simulator.plan import make
from callcenter.ami.simulator.server import SECRET, USERNAME, Simulation

PAGES, DEAF = 200, 50
CALLS_A_SECOND = 20.0
SECONDS = 5.0
EVERY_S = 0.05
FOR_EVER_S = 10.0
"""Whoever waited for a page that does not read would wait for ever. How soon all others are told is printed, and
depends on who else uses the processors."""
ASK = b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
PROBE = (
    "Event: QueueMemberPause\r\nPrivilege: agent,all\r\nTimestamp: {at:.6f}\r\nQueue: {queue}\r\nMemberName: probe\r\n"
    "Interface: Local/9@probe\r\nStateInterface: Local/9@probe\r\nMembership: dynamic\r\nPenalty: 0\r\n"
    "CallsTaken: 0\r\nLastCall: 0\r\nLastPause: 0\r\nInCall: 0\r\nStatus: 1\r\nPaused: 1\r\nPausedReason: {name}{n}\r\n"
    "Ringinuse: 0\r\nWrapuptime: 0\r\n\r\n"
)


class Probes:
    """``late_s``: how long after its bytes left the PBX each probe was on a board, itself or a newer one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[float] = []
        self.seen = 0
        self.late_s: list[float] = []

    async def send(self, pbx: Simulation, seconds: float) -> None:
        queue, until = pbx.world.plan.queues[0].name, time.monotonic() + seconds
        while time.monotonic() < until:
            self.sent.append(time.monotonic())
            said = PROBE.format(at=pbx.world.now, queue=queue, name=self.name, n=len(self.sent)).encode()
            for client in tuple(pbx.clients):
                client.tell(said)
            await asyncio.sleep(EVERY_S)

    async def watch(self, url: str) -> None:
        reader, writer = await asyncio.open_connection(*_address(url), limit=1 << 22)
        writer.write(ASK)
        await reader.readuntil(b"\r\n\r\n")
        undo, text = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
        with contextlib.closing(writer):
            while size := int(await reader.readline(), 16):
                text = text[-100:] + undo.decompress((await reader.readexactly(size + 2))[:-2])
                for told in re.findall(rb'"reason":"%s(\d+)"' % self.name.encode(), text):
                    now = time.monotonic()
                    self.late_s += [now - sent for sent in self.sent[self.seen : int(told)]]
                    self.seen = max(self.seen, int(told))

    async def all_seen(self) -> None:
        """Waits for what is still on its way, for as long as anybody would."""
        until = time.monotonic() + FOR_EVER_S
        while self.seen < len(self.sent) and time.monotonic() < until:  # noqa: ASYNC110 - the far end has no event
            await asyncio.sleep(EVERY_S)

    @property
    def slow_s(self) -> float:
        """What one in a hundred is slower than."""
        return sorted(self.late_s)[int(0.99 * len(self.late_s))]


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


@contextlib.asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[tuple[Simulation, Running]]:
    """A PBX under load, and a ready daemon beside it."""
    centre = make(200, 20, seed=5, calls_per_hour=CALLS_A_SECOND * 3600, starts_at=time.time())
    pbx = Simulation(centre, speed=1.0, wait_for_login=True)
    playing = asyncio.create_task(pbx.run())
    await pbx.ready.wait()
    daemon = running(folder, pbx.port, USERNAME, SECRET, pbx="clock_step_s = 0", wait=False)
    try:
        here = await asyncio.to_thread(daemon.__enter__)
        try:
            await asyncio.to_thread(here.until, "ready", here.ready)
            yield pbx, here
        finally:
            await asyncio.to_thread(daemon.__exit__, None, None, None)
    finally:
        playing.cancel()
        await asyncio.wait({playing})


async def one_page(url: str) -> None:
    """Reads and forgets."""
    reader, writer = await asyncio.open_connection(*_address(url))
    writer.write(ASK)
    with contextlib.closing(writer):
        while await reader.read(1 << 18):
            pass


def deaf_page(url: str) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(_address(url))
    one.sendall(ASK.replace(b"gzip", b"identity"))
    return one


async def curious(url: str) -> None:
    """Reads all calls, all tickets and the metrics, again and again."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        while True:
            for path in ("/api/v1/calls?limit=500", "/api/v1/tickets?limit=500", "/metrics"):
                (await client.get(path)).raise_for_status()


def resident(daemon: Running) -> int:
    """Bytes of memory the daemon holds."""
    return int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(120)
async def test_pages_that_do_not_read_and_long_lists_hold_the_reading_up_for_nobody(tmp_path: Path) -> None:
    alone, probes = Probes("alone "), Probes("crowded ")
    async with watched(tmp_path) as (pbx, daemon):
        url = str(daemon.http.base_url)
        async with httpx.AsyncClient(base_url=url) as client:
            watching = asyncio.create_task(alone.watch(url))
            await alone.send(pbx, SECONDS)
            watching.cancel()

            deaf = [deaf_page(url) for _ in range(DEAF)]
            crowd = [asyncio.create_task(one_page(url)) for _ in range(PAGES - DEAF - 1)]
            crowd += [asyncio.create_task(curious(url))]
            await asyncio.sleep(1)
            before = resident(daemon)
            crowd.append(asyncio.create_task(probes.watch(url)))
            await probes.send(pbx, SECONDS)
            await probes.all_seen()
            grown = resident(daemon) - before
            lag_s = re.search(r"callcenter_ami_lag_seconds (\d\S*)", (await client.get("/metrics")).text)
            assert not [task for task in crowd if task.done()], "all of them were there until the end"
            for task in crowd:
                task.cancel()
            for one in deaf:
                one.close()
    said = f"99 of 100 within {alone.slow_s:.3f} s alone, {probes.slow_s:.3f} s crowded; {grown >> 20} MB more"
    print(said)
    assert len(probes.late_s) > 0.9 * len(probes.sent) > 0.4 * SECONDS / EVERY_S
    assert probes.slow_s < FOR_EVER_S, said
    assert lag_s and float(lag_s[1]) < FOR_EVER_S
    assert grown < 100e6
