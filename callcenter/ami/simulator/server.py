"""The AMI server: the shell around the simulated centre. The pace of time, the queue_log file, who is connected."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal, TextIO

from callcenter import clock
from callcenter.ami.simulator import actions
from callcenter.ami.simulator.client import Client
from callcenter.ami.simulator.plan import Plan, make
from callcenter.ami.simulator.world import World
from callcenter.errors import ConfigError

USERNAME = "callcenter"
SECRET = "demo"
WRITE_LIMIT = 4 * 1024 * 1024
"""Bytes that a client may leave unread beside the kernel's buffers before it is cut off."""
SHORTEST_NAP_S, LONGEST_NAP_S = 0.0005, 0.02
WARM_UP_S = 1200.0
CATCH_UP_STEP_S = 10.0


class Simulation:
    """A simulated PBX: ``run`` it as a task and cancel it to stop. ``port`` is known when ``ready`` is set.

    ``speed``: simulated seconds a second. ``calls``: how many are placed; when the last has ended the queue_log is
    complete and ``done`` is set, while the clients stay connected. ``warm_up_s``: simulated seconds that have passed
    before anybody looks. ``wait_for_login``: time stands still until the first client has logged in, so that it sees
    every call whole. ``catch_up_s``: simulated seconds that then pass as fast as the clients read. ``appends``: the
    queue_log goes on where an earlier PBX left it. ``on_time``: its clock is the real one's, however long the warm-up
    took.
    """

    def __init__(
        self, plan: Plan, *, speed: float = 1.0, calls: int | None = None, queue_log: Path | None = None,
        username: str = USERNAME, secret: str = SECRET, warm_up_s: float = 0.0, wait_for_login: bool = False,
        write_limit: int = WRITE_LIMIT, catch_up_s: float = 0.0, appends: bool = False, on_time: bool = False,
    ) -> None:
        self.world = World(plan, calls)
        self.speed, self.username, self.secret, self.write_limit = speed, username, secret, write_limit
        self.clients: set[Client] = set()
        self.port = 0
        self.ready, self.done, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.left.set()
        self._logged_in = asyncio.Event()
        self._warm_up_s, self._wait_for_login, self._catch_up_s = warm_up_s, wait_for_login, catch_up_s
        self._path = queue_log
        self._on_time = on_time
        self._mode: Literal["a", "w"] = "a" if appends else "w"
        self._killed = False
        self._log: TextIO | None = None
        self._unwritten: ConfigError | None = None
        self._began: tuple[float, float] | None = None

    # ---- what clients do --------------------------------------------------------------------------------------

    def session(self) -> actions.Session:
        self.left.clear()
        return actions.Session(self.username, self.secret, f"{secrets.randbelow(10**9):09d}")

    def gone(self, client: Client) -> None:
        self.clients.discard(client)
        if not self.clients:
            self.left.set()

    def handle(self, session: actions.Session, action: actions.Action) -> bytes:
        """The centre is brought up to the moment, then asked."""
        self._advance()
        self.publish()
        answer = actions.handle(self.world, session, action)
        if session.logged_in:
            self._logged_in.set()
        return answer

    def publish(self) -> None:
        """What was said goes to all that listen, what was logged to the file."""
        said, log = self.world.take()
        if self._log is not None and log:
            self._write(self._log, "\n".join(log) + "\n")
        if said:
            data = b"".join(message for _, message in said)
            for client in tuple(self.clients):
                client.tell(data)

    def _write(self, file: TextIO, lines: str) -> None:
        """A client's question may be what brings it here: that it failed is told by :meth:`run`."""
        try:
            file.write(lines)
            file.flush()
        except OSError as e:
            self._unwritten = ConfigError(f"cannot write {self._path}: {e.strerror or e}")
            self._log = None
            with suppress(OSError):  # it would try once more
                file.close()

    # ---- time -------------------------------------------------------------------------------------------------

    def _advance(self) -> bool:
        """Takes the steps that are due; whether the centre is up to date (else there is more to do at once)."""
        if self._began is None:
            return True
        wall, simulated = self._began
        now = simulated + (clock.monotonic() - wall) * self.speed
        if self.done.is_set():
            self.world.pbx.wait(now)  # its clock goes on
            return True
        return self.world.advance(now)

    async def _pace(self) -> None:
        if self._wait_for_login:
            await self._logged_in.wait()
        await self._catch_up()
        behind = max(0.0, clock.now() - self.world.now) if self._on_time else 0.0
        self._began = clock.monotonic() - behind / self.speed, self.world.now
        while not self.world.done:
            if self._unwritten is not None:
                raise self._unwritten
            up_to_date = self._advance()
            self.publish()
            due = self.world.due()
            # A step that is due while others still speak (their words take time) would be waited for without end.
            nap = LONGEST_NAP_S if due is None else max((due - self.world.now) / self.speed, SHORTEST_NAP_S)
            await asyncio.sleep(min(nap, LONGEST_NAP_S) if up_to_date else 0.0)
        self.done.set()

    async def _catch_up(self) -> None:
        """A step of some simulated seconds at a time, each when the one before has been read."""
        until = self.world.now + self._catch_up_s
        while self.world.now < until and not self.world.done:
            step = min(until, self.world.now + CATCH_UP_STEP_S)
            while not self.world.advance(step):
                pass
            self.publish()
            for client in tuple(self.clients):
                await client.drained()
            await asyncio.sleep(0)

    def _warm_up(self) -> None:
        until = self.world.now + self._warm_up_s
        while not self.world.advance(until):
            pass
        self.publish()

    # ---- the shell's life -------------------------------------------------------------------------------------

    async def run(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Serves until it is cancelled. Raises ConfigError when the address or the queue_log cannot be used."""
        self._open_log()
        try:
            server = await self._listen(host, port)
            async with server:
                self.port = server.sockets[0].getsockname()[1]
                self._warm_up()
                self.ready.set()
                try:
                    await self._pace()
                    await asyncio.Event().wait()
                finally:
                    self._shut_down()
        finally:
            if self._log is not None:
                self._log.close()

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        try:
            return await asyncio.get_running_loop().create_server(lambda: Client(self), host, port)
        except OSError as e:
            # asyncio's words repeat the address; of a name that is not found the number is another table's
            why = os.strerror(e.errno) if e.errno and e.errno > 0 else e.strerror or e
            raise ConfigError(f"cannot listen on {host}:{port}: {why}") from e

    def _open_log(self) -> None:
        if self._path is not None:
            try:
                self._log = self._path.open(self._mode, encoding="utf-8")
            except OSError as e:
                raise ConfigError(f"cannot write {self._path}: {e.strerror}") from e

    def kill(self) -> None:
        """As ``kill -9`` does: nothing more is said or logged. Cancel :meth:`run` next."""
        self._killed = True
        for client in tuple(self.clients):
            client.abort()

    def _shut_down(self) -> None:
        if self._killed:
            return
        self.publish()
        self.world.hang_up_all()
        self.world.pbx.say("Shutdown", "Shutdown: Cleanly\r\nRestart: False\r\n")
        self.publish()
        for client in tuple(self.clients):
            client.close()


async def serve(
    plan: Plan, host: str, port: int, speed: float, queue_log: Path | None, calls: int | None = None,
) -> None:
    """A simulation of ``plan`` on ``host:port`` until it is cancelled. See :class:`Simulation` for more control."""
    await Simulation(plan, speed=speed, calls=calls, queue_log=queue_log).run(host, port)


async def simulate(
    agents: int, queues: int, speed: float, calls: int | None, rate: float | None, seed: int, host: str, port: int,
    queue_log: Path | None, on_ready: Callable[[int], None],
) -> None:
    """The command ``callcenter simulate``. ``rate``: calls a simulated hour (None: as many as the agents take well).

    With ``calls`` time begins with the first login, and the command ends when all calls have ended and the last client
    has left. Without, the centre has been busy for a while and goes on until it is stopped.
    """
    forever = calls is None
    warm_up = WARM_UP_S if forever else 0.0
    centre = make(agents, queues, seed, calls_per_hour=rate, starts_at=clock.now() - warm_up)
    simulation = Simulation(centre, speed=speed, calls=calls, queue_log=queue_log, warm_up_s=warm_up,
                            wait_for_login=not forever, on_time=forever and speed == 1.0)
    task = asyncio.ensure_future(simulation.run(host, port))
    try:
        await _either(task, simulation.ready)
        on_ready(simulation.port)
        await _either(task, simulation.done)
        await _either(task, simulation.left)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _either(task: asyncio.Future[None], event: asyncio.Event) -> None:
    """Waits for the event; the task's own end (which is its failure) is raised."""
    waiting = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if task.done():
        task.result()
