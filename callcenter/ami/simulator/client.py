"""One connection to the simulated PBX. A shell.

Each client has a buffer of its own: one that does not read is cut off, as Asterisk's ``writetimeout`` does, and never
holds up the others or the centre.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from callcenter.ami.simulator import wire
from callcenter.ami.simulator.requests import Requests, TooLong

if TYPE_CHECKING:
    from callcenter.ami.simulator.server import Simulation


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._requests = Requests()
        self.session = simulation.session()
        self._transport: asyncio.Transport | None = None
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._held: list[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._simulation.clients.add(self)
        self.write(wire.BANNER)

    def data_received(self, data: bytes) -> None:
        try:
            asked = self._requests.feed(data)
        except TooLong:
            self.close()
            return
        for action in asked:
            if self.session.closing:
                return
            self.write(self._simulation.handle(self.session, action))
            self.catch_up()
            self._simulation.publish()
            if self.session.closing:
                self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._may_write.set()
        self._simulation.gone(self)

    def write(self, data: bytes) -> None:
        """Never waits: a client whose buffer is full loses its connection in the middle of a message."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() + len(data) > self._simulation.write_limit:
            self._transport.abort()
            return
        self._transport.write(data)

    def tell(self, events: bytes) -> None:
        if self._held is not None:
            self._held.append(events)
        elif self.session.events:
            self.write(events)

    def oversleep(self) -> None:
        """Asterisk's lost wake-up: events wait until this client's next action has been answered."""
        self._held = self._held or []

    def catch_up(self) -> None:
        held, self._held = self._held, None
        for events in held or ():
            self.tell(events)

    async def drained(self) -> None:
        """Returns when the client has read what it was sent, or is gone."""
        await self._may_write.wait()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
