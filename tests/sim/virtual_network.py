"""Connections in memory between the daemon and its PBX, with the faults of a real network. Shell of virtual time only.

"up" is from the daemon to the PBX, "down" the other way. What a fault swallowed is gone, and a way that lost bytes
stays dead until its connection ends: no byte stream goes on with a gap.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from virtual_time import JUST_AFTER_S, PROCESS, Process, VirtualLoop

HIGH_WATER = 65_536
WAYS = ("up", "down")


@dataclass
class Way:
    """What happens to the bytes of one direction of all connections."""

    latency_s: float = 0.0005
    jitter_s: float = 0.0
    slice_bytes: int = 0
    stalled: bool = False
    swallow: bool = False


class End(asyncio.Transport):
    """One end of a connection. ``held``: written but not taken by the other side, which reads nothing now."""

    def __init__(self, network: Network, way: str, protocol: Any, owner: Process | None) -> None:
        super().__init__({"peername": ("127.0.0.1", 5038)})
        self.network, self.way, self.protocol, self.owner = network, way, protocol, owner
        self.peer: End | None = None
        self.held = bytearray()
        self.held_since = self.due = 0.0
        self.closed_at = math.inf
        self.ended = self.deaf = self.paused = self.said_end = False

    @property
    def closing(self) -> bool:
        return self.closed_at < math.inf

    def _closes(self) -> None:
        self.closed_at = min(self.closed_at, self.network.loop.time())

    # ---- what protocols ask ---------------------------------------------------------------------------------

    def write(self, data: Any) -> None:
        if not self.closing and data:
            self.held_since = self.held_since if self.held else self.network.loop.time()
            self.held += data
            self.flush()
            if len(self.held) > HIGH_WATER and not self.paused:
                self.paused = True
                self.protocol.pause_writing()

    def close(self) -> None:
        """The end is told when everything that was written is on its way."""
        self._closes()
        if not self.held:
            self._say_end()
            self.network.loop.call_soon(self.lose, None)

    def abort(self) -> None:
        if not self.ended:
            self._closes()
            self._drop()
            self._say_end()
            self.network.loop.call_soon(self.lose, None)

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def get_protocol(self) -> Any:
        return self.protocol

    # ---- what the network does ------------------------------------------------------------------------------

    def flush(self) -> None:
        """What was written goes on its way, unless the way is stalled."""
        if self.network.ways[self.way].stalled or not self.held:
            return
        data = bytes(self.held)
        self.held.clear()
        for piece in self.network.pieces(self.way, data):
            self._send(piece)
        if self.paused:
            self.paused = False
            self.network.loop.call_soon(self.protocol.resume_writing)
        if self.closing:
            self.close()

    def _send(self, piece: bytes) -> None:
        """b"" is the end."""
        network = self.network
        if self.deaf or network.ways[self.way].swallow:
            self._swallowed(network.loop.time())
            return
        self.due = max(self.due + JUST_AFTER_S, network.loop.time() + network.delay(self.way))
        network.loop.call_at(self.due, self._arrive, piece, network.loop.time())

    def _swallowed(self, at: float) -> None:
        self.deaf = True
        self._lost(at)

    def _lost(self, since: float) -> None:
        """Of what the PBX said of itself; what it never heard made nobody blind, nor what it went on to say to a
        connection that the daemon had given up before."""
        given_up = self.peer is not None and self.peer.closed_at < since
        if self.way == "down" and not given_up and self.network.matters(self.protocol):
            self.network.lost(since)

    def _arrive(self, piece: bytes, sent: float) -> None:
        """At the other end. A fault that began meanwhile takes also what was on its way."""
        peer = self.peer
        if self.deaf or self.network.ways[self.way].swallow:
            self._swallowed(sent)
        elif peer is not None and not peer.ended and not peer.closing and peer.lives():
            if piece:
                self.network.tell(self.way, piece)
                peer.protocol.data_received(piece)
            else:
                peer.end()
        elif piece:
            self._lost(sent)

    def _say_end(self) -> None:
        if not self.said_end:
            self.said_end = True
            self._send(b"")

    def end(self) -> None:
        """The other side said it sends no more."""
        self._closes()
        self._drop()
        self._say_end()
        self.lose(None)

    def _drop(self) -> None:
        if self.held:
            self._lost(self.held_since)
            self.held.clear()

    def lose(self, problem: Exception | None) -> None:
        if not self.ended and (not self.held or self.owner is None or not self.owner.alive):
            self.ended = True
            self._closes()
            self.network.ends.pop(self, None)
            if self.lives():
                self.protocol.connection_lost(problem)

    def lives(self) -> bool:
        return self.owner is None or self.owner.alive


class Listener:
    """What ``create_server`` gives: as much of ``asyncio.Server`` as the simulated PBX uses."""

    def __init__(self, network: Network, port: int) -> None:
        self.network, self.port = network, port
        self.sockets = (self,)

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    def close(self) -> None:
        self.network.listening.pop(self.port, None)

    async def __aenter__(self) -> Listener:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Network:
    """``tell`` hears of each piece that arrives. ``draw`` decides latencies and slices. ``matters``: whether what this
    end of the PBX's says is missed when it is lost; ``lost_since``: since when something of it was."""

    def __init__(
        self, loop: VirtualLoop, draw: random.Random, tell: Callable[[str, bytes], None],
        matters: Callable[[Any], bool],
    ) -> None:  # fmt: skip
        self.loop, self.draw, self.tell, self.matters = loop, draw, tell, matters
        self.ways = {name: Way() for name in WAYS}
        self.listening: dict[int, Callable[[], Any]] = {}
        self.ends: dict[End, None] = {}
        self.refusing = False
        self.lost_since: float | None = None

    def lost(self, since: float) -> None:
        """Bytes that were sent then never arrived."""
        self.lost_since = since if self.lost_since is None else min(since, self.lost_since)

    def listen(self, factory: Callable[[], Any], port: int) -> Listener:
        self.listening[port] = factory
        return Listener(self, port)

    async def connect(self, factory: Callable[[], Any], port: int) -> tuple[End, Any]:
        """As a TCP connect: refused where nobody listens, waiting for ever where packets get lost."""
        await asyncio.sleep(self.delay("up") + self.delay("down"))
        if self.ways["up"].swallow or self.ways["down"].swallow:
            await self.loop.create_future()
        if self.refusing or port not in self.listening:
            raise ConnectionRefusedError(111, "Connection refused")
        near = End(self, "up", factory(), PROCESS.get())
        far = End(self, "down", self.listening[port](), None)
        near.peer, far.peer = far, near
        self.ends |= {near: None, far: None}
        near.protocol.connection_made(near)
        far.protocol.connection_made(far)
        return near, near.protocol

    # ---- faults ---------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Every connection ends, both sides are told."""
        for end in list(self.ends):
            end.abort()

    def changed(self) -> None:
        for end in list(self.ends):
            end.flush()

    def clear(self) -> None:
        self.ways = {name: Way() for name in WAYS}
        self.refusing = False
        self.changed()

    def process_died(self, process: Process) -> None:
        """The kernel closes its sockets."""
        for end in list(self.ends):
            if end.owner is process:
                end.abort()

    def delay(self, way: str) -> float:
        faults = self.ways[way]
        return faults.latency_s + (self.draw.uniform(0, faults.jitter_s) if faults.jitter_s else 0.0)

    def pieces(self, way: str, data: bytes) -> list[bytes]:
        most = self.ways[way].slice_bytes
        if not most:
            return [data]
        pieces, at = [], 0
        while at < len(data):
            pieces.append(data[at : at + self.draw.randint(1, most)])
            at += len(pieces[-1])
        return pieces
