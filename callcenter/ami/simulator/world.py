"""The whole simulated centre, and how it is driven: to a moment, or through a number of calls at full speed. Pure.

The same plan gives the same bytes, always: the only chance is ``random.Random`` seeded by the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from callcenter.ami.simulator import snapshot, wire
from callcenter.ami.simulator.agents import Staff
from callcenter.ami.simulator.calls import Calls
from callcenter.ami.simulator.life import Life
from callcenter.ami.simulator.originate import Originate
from callcenter.ami.simulator.pbx import Pbx
from callcenter.ami.simulator.phones import Phones
from callcenter.ami.simulator.plan import Plan
from callcenter.ami.simulator.queues import Queues

CHUNK_STEPS = 500


class World:
    """``placed`` counts the calls; no more are placed after ``limit`` (None: for ever)."""

    def __init__(self, plan: Plan, limit: int | None = None) -> None:
        self.plan, self.limit = plan, limit
        self.placed = 0
        self.pbx = Pbx(plan)
        self.staff = Staff(self.pbx)
        self.phones = Phones(self.pbx, self.staff)
        self.queues = Queues(self.pbx, self.staff, self.phones)
        self.calls = Calls(self.pbx, self.staff, self.phones, self.queues)
        self.originate = Originate(self.pbx, self.staff, self.phones, self.calls)
        self.life = Life(self.pbx, self.staff)
        self._busiest = plan.calls_per_hour * max(plan.curve)
        self._next_call()

    @property
    def now(self) -> float:
        return self.pbx.now

    @property
    def done(self) -> bool:
        """All the calls that were to be placed have been, and have ended."""
        return self.limit is not None and self.placed >= self.limit and not self.pbx.channels

    def due(self) -> float | None:
        return self.pbx.due()

    def advance(self, until: float, steps: int = CHUNK_STEPS) -> bool:
        """Takes at most ``steps`` steps that are due by ``until``; whether all of them are taken.

        ``until`` is infinite for "as many as there are".
        """
        for _ in range(steps):
            due = self.pbx.due()
            if due is None or due > until:
                self.pbx.wait(until)
                return True
            if self.done:
                return True
            self.pbx.step()
        return False

    def hang_up_all(self) -> None:
        """``core stop now`` and ``core restart now``: a Hangup for each channel and nothing else (measured)."""
        for chan in list(self.pbx.channels.values()):
            self.pbx.hang_up(chan)

    def take(self) -> tuple[list[tuple[float, bytes]], list[str]]:
        """What was said and logged since the last time."""
        said, log = self.pbx.said, self.pbx.log
        self.pbx.said, self.pbx.log = [], []
        return said, log

    # ---- arrivals: a Poisson process whose rate follows the day, by thinning (Lewis and Shedler, 1979) ------------

    def _next_call(self) -> None:
        if self._busiest > 0 and (self.limit is None or self.placed < self.limit):
            self.pbx.after(self.pbx.rng.expovariate(self._busiest / 3600), self._arrive)

    def _arrive(self) -> None:
        if self.pbx.rng.random() * max(self.plan.curve) <= self.plan.load(self.pbx.now):
            before = self.pbx.numbered
            self.calls.place()
            self.placed += self.pbx.numbered > before
        self._next_call()


def opening(world: World) -> bytes:
    """What a client that logs in and asks for the queues gets first, as at the head of the captures."""
    return b"".join((
        wire.BANNER, wire.reply("Success", "sim-login", ("Message", "Authentication accepted")),
        snapshot.fully_booted(world), snapshot.queue_status(world, "sim-qs"),
    ))


def run(plan: Plan, calls: int, log: Callable[[str], object] | None = None) -> Iterator[tuple[float, bytes]]:
    """The whole stream of ``calls`` calls as (simulated time, message), as fast as it can be made.

    The first item is :func:`opening`. ``log`` gets each line of the queue_log, without its line feed.
    """
    world = World(plan, calls)
    yield world.now, opening(world)
    while not world.done:
        world.advance(float("inf"))
        said, lines = world.take()
        if log is not None:
            for line in lines:
                log(line)
        yield from said
