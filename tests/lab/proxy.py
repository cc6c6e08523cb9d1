"""A relay between the daemon and its PBX whose network misbehaves on demand. Shell.

In a test::

    async with Proxy("127.0.0.1", asterisk.port) as proxy:      # the daemon connects to proxy.port
        await proxy.do("latency 0.2 0.05")                 # words of FAULTS; both ways unless `up` or `down` follows
        await proxy.do("stop_reading down")                    # up: daemon to PBX; down: PBX to daemon
        await proxy.do("clear")
        await proxy.play(script(seed=7, seconds=600))          # faults drawn from a seed

As a process of its own, told what to do line by line on its standard input (``quit`` ends it)::

    PYTHONPATH=tests python -m lab.proxy --listen 15038 --to 127.0.0.1:5038 [--seed 7 --seconds 600 --every 60]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

READ_BYTES = 65_536
HELD_BYTES = 1 << 18
"""What one way holds before it stops reading: more would hide from the sender that its peer is slow."""
WAYS = ("up", "down")


@dataclass
class Way:
    """What happens to the bytes of one direction."""

    latency_s: float = 0.0
    jitter_s: float = 0.0
    slice_bytes: int = 0
    bytes_per_s: float = 0.0
    stop_reading: bool = False
    swallow: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """After ``wait_s`` do ``words``."""

    wait_s: float
    words: str


class Proxy:
    """``port`` is where it listens; ``accepted`` counts connections. ``seed`` draws jitter and slices."""

    def __init__(self, host: str, port: int, listen: int = 0, seed: int = 0, buffer_bytes: int = 0) -> None:
        """``buffer_bytes``: of the sockets (0: as the system likes); small ones let a stalled reader be felt soon."""
        self.host, self.upstream, self.port = host, port, listen
        self.random = random.Random(seed)
        self.buffer_bytes = buffer_bytes
        self.ways = {name: Way() for name in WAYS}
        self.changed = asyncio.Event()
        self.accepted = 0
        self.refusing = False
        self._relays: set[_Relay] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Proxy:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open(self) -> int:
        """Connections that it carries now."""
        return len(self._relays)

    # ---- faults ---------------------------------------------------------------------------------------------

    async def do(self, words: str) -> None:
        """One fault by its words: ``latency 0.2 0.05 down``. Raises ValueError that says what is wrong."""
        name, *rest = words.split()
        ways = (rest.pop(),) if rest and rest[-1] in WAYS else WAYS
        if name not in FAULTS:
            raise ValueError(f"no such fault: {name!r}; known are {', '.join(FAULTS)}")
        await FAULTS[name](self, ways, [float(word) for word in rest])

    async def play(self, steps: list[Step]) -> None:
        """Do these, each after its wait."""
        for step in steps:
            await asyncio.sleep(step.wait_s)
            await self.do(step.words)

    def change(self, ways: tuple[str, ...], **values: float | bool) -> None:
        for way in ways:
            for name, value in values.items():
                setattr(self.ways[way], name, value)
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    async def cut(self) -> None:
        """End every connection properly (FIN), both ways."""
        for relay in list(self._relays):
            relay.end(reset=False)

    async def reset(self) -> None:
        """End every connection with RST, both ways."""
        for relay in list(self._relays):
            relay.end(reset=True)

    async def refuse(self) -> None:
        """Nobody listens any more; what is connected stays."""
        self.refusing = True
        await self._refuse()

    async def clear(self) -> None:
        """No fault any more. A connection that lost bytes stays dead: its peers must notice."""
        for way in WAYS:
            self.ways[way] = Way()
        self.change(WAYS)
        if self.refusing:
            self.refusing = False
            await self._listen()

    # ---- connections ----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.accepted += 1
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._carry(reader, writer)
        writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self.host, self.upstream)
        relay = _Relay(self, writer, far_writer)
        self._relays.add(relay)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(relay.pump("up", reader, far_writer))
                pumps.create_task(relay.pump("down", far_reader, writer))
        except* OSError:
            pass
        finally:
            self._relays.discard(relay)
            far_writer.transport.abort()


class _Relay:
    """One connection: two pumps. ``deaf``: bytes of that way were lost, nothing of it may come through again."""

    def __init__(self, proxy: Proxy, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.proxy, self.writers = proxy, (near, far)
        self.deaf: set[str] = set()
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if proxy.buffer_bytes:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, proxy.buffer_bytes)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, proxy.buffer_bytes)

    def end(self, reset: bool) -> None:
        for writer in self.writers:
            if reset:
                linger = struct.pack("ii", 1, 0)  # close() then sends RST
                with contextlib.suppress(OSError):  # its end was seen already
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort() if reset else writer.close()

    async def pump(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one way until its end, which is told to the other side unless it was swallowed."""
        held = _Held()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(way, reader, held))
            tasks.create_task(self._write(way, writer, held))

    async def _read(self, way: str, reader: asyncio.StreamReader, held: _Held) -> None:
        loop, faults = asyncio.get_running_loop(), self.proxy.ways
        while not held.ended:
            while faults[way].stop_reading or held.bytes > HELD_BYTES:
                await _first(self.proxy.changed.wait(), held.taken.wait())
                held.taken.clear()
            data = await reader.read(READ_BYTES)
            if faults[way].swallow or way in self.deaf:
                self.deaf.add(way)
                if not data:  # the far side is gone and the near one never hears of it
                    await asyncio.get_running_loop().create_future()
                continue
            late = faults[way].latency_s + self.proxy.random.uniform(0, faults[way].jitter_s)
            held.put(loop.time() + late, data)

    async def _write(self, way: str, writer: asyncio.StreamWriter, held: _Held) -> None:
        while True:
            due, data = await held.get()
            await _until(due)
            if way in self.deaf or self.proxy.ways[way].swallow:
                self.deaf.add(way)
                continue
            if not data:
                writer.close()
                return
            for piece in self._pieces(way, data):
                writer.write(piece)
                await writer.drain()
                await self._paced(way, len(piece))

    def _pieces(self, way: str, data: bytes) -> list[bytes]:
        most = self.proxy.ways[way].slice_bytes
        if not most:
            rate = self.proxy.ways[way].bytes_per_s
            most = step = max(1, int(rate / 20)) if rate else len(data)
            return [data[at : at + step] for at in range(0, len(data), step)]
        pieces, at = [], 0
        while at < len(data):
            pieces.append(data[at : at + self.proxy.random.randint(1, most)])
            at += len(pieces[-1])
        return pieces

    async def _paced(self, way: str, written: int) -> None:
        rate = self.proxy.ways[way].bytes_per_s
        await asyncio.sleep(written / rate if rate else 0)


class _Held:
    """Bytes on their way, each piece with the moment at which it arrives. Never overtaking."""

    def __init__(self) -> None:
        self.pieces: deque[tuple[float, bytes]] = deque()
        self.bytes = 0
        self.ended = False
        self.taken = asyncio.Event()
        self._there = asyncio.Event()

    def put(self, due: float, data: bytes) -> None:
        self.pieces.append((max(due, self.pieces[-1][0]) if self.pieces else due, data))
        self.bytes += len(data)
        self.ended = not data
        self._there.set()

    async def get(self) -> tuple[float, bytes]:
        while not self.pieces:
            self._there.clear()
            await self._there.wait()
        due, data = self.pieces.popleft()
        self.bytes -= len(data)
        self.taken.set()
        return due, data


async def _until(moment: float) -> None:
    left = moment - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)


async def _first(*waits: Awaitable[object]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _latency(proxy: Proxy, ways: tuple[str, ...], numbers: list[float]) -> None:
    seconds, jitter = [*numbers, 0.0][:2]
    proxy.change(ways, latency_s=seconds, jitter_s=jitter)


async def _slice(proxy: Proxy, ways: tuple[str, ...], numbers: list[float]) -> None:
    proxy.change(ways, slice_bytes=int(numbers[0]))


async def _rate(proxy: Proxy, ways: tuple[str, ...], numbers: list[float]) -> None:
    proxy.change(ways, bytes_per_s=numbers[0])


async def _half_open(proxy: Proxy, ways: tuple[str, ...], _: list[float]) -> None:
    proxy.change(ways, swallow=True)


async def _stop_reading(proxy: Proxy, ways: tuple[str, ...], _: list[float]) -> None:
    proxy.change(ways, stop_reading=True)


Fault = Callable[[Proxy, tuple[str, ...], list[float]], Awaitable[None]]

FAULTS: dict[str, Fault] = {
    "latency": _latency,  # seconds [jitter]
    "slice": _slice,  # segments of 1 to n bytes
    "rate": _rate,  # bytes a second
    "half_open": _half_open,  # everything is swallowed, nothing is closed
    "stop_reading": _stop_reading,  # what the sender writes backs up
    "cut": lambda proxy, *_: proxy.cut(),
    "reset": lambda proxy, *_: proxy.reset(),
    "refuse": lambda proxy, *_: proxy.refuse(),
    "clear": lambda proxy, *_: proxy.clear(),
}

_DRAWN: tuple[tuple[str, tuple[float, float]], ...] = (
    ("latency 0.3 0.2", (5, 20)), ("slice 7", (5, 20)), ("rate 20000 down", (3, 10)), ("half_open", (10, 40)),
    ("half_open down", (10, 40)), ("stop_reading down", (3, 25)), ("cut", (0, 1)), ("reset", (0, 1)),
    ("refuse", (1, 10)),
)  # fmt: skip


def script(seed: int, seconds: float, every_s: float = 30.0) -> list[Step]:
    """Faults for so long, about one ``every_s`` seconds, each followed by ``clear``: the same for the same seed."""
    draw = random.Random(seed)
    steps, at = [], 0.0
    while at < seconds:
        words, lasts = draw.choice(_DRAWN)
        pause, last = draw.uniform(0.5, 1.5) * every_s, draw.uniform(*lasts)
        steps += [Step(pause, words), Step(last, "cut" if words == "refuse" else "clear")]
        steps += [Step(last, "clear")] if words == "refuse" else []
        at += pause + last
    return steps


async def _obey(proxy: Proxy) -> None:
    """Lines of standard input, each answered with ``ok`` or what was wrong; until ``quit``."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "quit":
            return
        try:
            if line.strip():
                await proxy.do(line)
            print("ok", flush=True)
        except (ValueError, IndexError) as problem:
            print(f"error {problem}", flush=True)
    await loop.create_future()  # no more orders: stay as it is


async def _main(options: argparse.Namespace) -> None:
    host, _, port = options.to.rpartition(":")
    async with Proxy(host, int(port), options.listen, options.seed or 0) as proxy:
        print(f"listening {proxy.port}", flush=True)
        steps = script(options.seed, options.seconds, options.every) if options.seed is not None else []
        playing = asyncio.create_task(proxy.play(steps))
        await _obey(proxy)
        playing.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every", type=float, default=30.0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_main(parser.parse_args()))
