"""The machine with the PBX: simulated centres that follow one another as it is killed and restarted; their truth."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from pathlib import Path

import virtual_time
from virtual_time import VirtualLoop

from callcenter.ami.simulator.plan import TRUNK, Plan
from callcenter.ami.simulator.server import Simulation
from callcenter.ami.simulator.world import World

PORT = 5038
WRITE_LIMIT = 60_000
"""A reader that stops is cut off in the midst of a message, as by Asterisk's writetimeout."""


OVER_THE_TRUNK = re.compile(
    rb"Event: Newchannel\r\n(?:.+\r\n)*?Channel: %s-.*\r\n(?:.+\r\n)*?Uniqueid: (\S+)" % TRUNK.encode()
)


class Exchange:
    """``lines`` are all of its queue_log with the loop's moment at which each was written, boot by boot; ``outside``:
    the Uniqueids of the channels that came or went over the trunk."""

    def __init__(self, loop: VirtualLoop, plan: Plan, calls: int, queue_log: Path) -> None:
        self.loop, self.plan, self.calls, self.queue_log = loop, plan, calls, queue_log
        self.ahead_s = 0.0
        self.steps: list[tuple[float, float]] = []
        self.boots: list[float] = []
        self.deaths: list[float] = []
        self.placed_before = 0
        self.lines: list[tuple[float, int, str]] = []
        self.outside: set[str] = set()
        self.simulation: Simulation | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def world(self) -> World:
        assert self.simulation is not None
        return self.simulation.world

    @property
    def placed(self) -> int:
        return self.placed_before + (self.world.placed if self.simulation else 0)

    @property
    def done(self) -> bool:
        return self.simulation is not None and self.world.done

    async def boot(self) -> None:
        starts_at = virtual_time.EPOCH + self.loop.time() + self.ahead_s
        nth = len(self.boots)
        plan = dataclasses.replace(self.plan, seed=self.plan.seed * 100 + nth, starts_at=starts_at)
        self.boots.append(self.loop.time())
        self.simulation = Simulation(
            plan, calls=max(0, self.calls - self.placed_before), queue_log=self.queue_log, write_limit=WRITE_LIMIT,
            appends=nth > 0,
        )  # fmt: skip
        self._listen_to(self.simulation, nth)
        self._task = asyncio.create_task(self.simulation.run(port=PORT))
        await self.simulation.ready.wait()

    def _listen_to(self, simulation: Simulation, nth: int) -> None:
        take = simulation.world.take

        def taken() -> tuple[list[tuple[float, bytes]], list[str]]:
            said, log = take()
            self.lines += [(self.loop.time(), nth, line) for line in log]
            self.outside.update(uid.decode() for _, message in said for uid in OVER_THE_TRUNK.findall(message))
            return said, log

        simulation.world.take = taken  # type: ignore[method-assign]

    async def end(self, goodbye: bool) -> None:
        """``core restart now`` or ``kill -9``; :meth:`boot` follows."""
        assert self.simulation is not None and self._task is not None
        self.placed_before += self.world.placed
        if not goodbye:
            self.simulation.kill()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.deaths.append(self.loop.time())
        self.simulation = None

    def step_clock(self, by_s: float) -> None:
        self.ahead_s += by_s
        self.steps.append((self.loop.time(), self.ahead_s))
        self.world.pbx.ahead_s += by_s

    def swap_member(self) -> bool:
        """A silent reload: in some queue an agent that sits there goes, another one comes. False when none can."""
        staff = self.world.staff
        for queue in self.world.plan.queues:
            idle = [seat.agent for seat in staff.seats(queue.name) if seat.agent.idle and not seat.dynamic]
            others = [agent for agent in staff.agents if queue.name not in agent.seats]
            if len(idle) > 1 and others:
                staff.reload(queue.name, idle[0], others[0])
                return True
        return False
