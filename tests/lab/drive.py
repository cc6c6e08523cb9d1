"""Drives scripted calls over a real Asterisk and returns what the phones themselves measured. Shell.

Scenarios: ``behaviours`` and ``load:CALLS:RATE:MEAN_STAY`` (plain agents and callers), ``everything`` (each behaviour
of :mod:`lab.plans` and :mod:`lab.acts` once) and ``mix:CALLS:RATE`` (a random mix of all of them, by seed).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from . import acts
from .ami import Ami, session
from .asterisk import Asterisk
from .debian import LabError
from .phones import Phones
from .plans import PLANS, Plan
from .sip import Dialog, Leg
from .steps import Step

NAMES = ("Zahra Ahmadi", "رضا کریمی", "Maryam", "Ünï Cödé", "O'Hara", "<b>x</b>", "=cmd|calc", "", "Ali, Reza")
UNTIL_S = 20.0
CONSULTS = ("attended transfer", "consultation")


@dataclass(frozen=True, slots=True)
class Placed:
    """One call as it was driven. Times are seconds since the epoch, measured by the phones.

    ``legs``: every phone that the call rang or reached by a transfer, in order of ringing.
    """

    behaviour: str
    number: str
    caller: str
    name: str
    queue: str
    outcomes: tuple[str, ...]
    status: int
    began_at: float
    answered_at: float | None
    ended_at: float
    ended_by: str
    legs: tuple[Leg, ...]

    def plain(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class Stage:
    """All phones of one lab, a manager session, and what was placed so far."""

    lab: Asterisk
    major: int
    agents: Phones
    outside: Phones
    ami: Ami
    dice: random.Random
    placed: list[Placed] = field(default_factory=list)
    callers: int = 0

    async def run(self, plan: Plan) -> Placed:
        """Plays one plan from its INVITE to its end."""
        self.callers += 1
        caller, name = f"0912555{self.callers:04d}", NAMES[self.callers % len(NAMES)]
        self.agents.scripts[caller] = list(plan.steps)
        dialog = await self.outside.place(caller, plan.number, name, plan.give_up)
        if dialog.leg.result == "answered":
            await self._talk(dialog, plan.stay, plan.keys)
        legs = related(self.agents.legs, caller)
        return self._keep(plan.behaviour, plan.number, caller, name, plan.queue, plan.outcomes, dialog.leg, legs)

    async def dials(
        self,
        behaviour: str,
        agent: str,
        number: str,
        stay: float,
        give_up: float = 60.0,
        outcomes: tuple[str, ...] = (),
        queue: str = "",
    ) -> Placed:
        """An agent's phone places the call."""
        dialog = await self.agents.place(agent, number, f"Agent {agent}", give_up)
        if dialog.leg.result == "answered":
            await self._talk(dialog, stay, "")
        since = dialog.leg.began_at
        legs = [leg for leg in self.agents.legs + self.outside.legs if leg.other == agent and leg.began_at >= since]
        legs = [leg for leg in legs if leg is not dialog.leg]
        return self._keep(behaviour, number, agent, f"Agent {agent}", queue, outcomes, dialog.leg, legs)

    async def clicks(self, behaviour: str, channel: str, agent: str, number: str) -> Placed:
        """Click-to-dial by the manager; waits until the agent's phone is through with it."""
        began = time.time()
        await self.ami.act(
            "Originate",
            Channel=channel,
            Context="internal",
            Exten=number,
            Priority="1",
            Async="true",
            CallerID=f"Click <{agent}>",
            Timeout="6000",
        )

        def legs() -> list[Leg]:
            every = self.agents.legs + self.outside.legs
            return [
                leg
                for leg in every
                if leg.began_at >= began and (leg.phone, leg.other) in {(agent, agent), (number, agent)}
            ]

        await self.until(lambda: bool(legs()) and all(leg.ended_at for leg in legs() if leg.phone == agent), behaviour)
        return self._keep(behaviour, number, agent, "", "", (), legs()[0], legs())

    async def _talk(self, dialog: Dialog, stay: float, keys: str) -> None:
        if keys and not await dialog.stay(2):
            await dialog.press(keys)
        if not await dialog.stay(stay):
            await dialog.bye()

    def _keep(
        self,
        behaviour: str,
        number: str,
        caller: str,
        name: str,
        queue: str,
        outcomes: tuple[str, ...],
        leg: Leg,
        legs: list[Leg],
    ) -> Placed:
        ended = leg.ended_at or time.time()
        placed = Placed(
            behaviour,
            number,
            caller,
            name,
            queue,
            outcomes,
            leg.status,
            leg.began_at,
            leg.answered_at,
            ended,
            leg.ended_by,
            tuple(legs),
        )
        self.placed.append(placed)
        return placed

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Waits for a condition; raises :class:`LabError` when it does not come."""
        limit = time.monotonic() + UNTIL_S
        while not holds():
            if time.monotonic() > limit:
                raise LabError(f"in vain waited for {what}:\n{self.lab.cli('core show channels concise')}")
            await asyncio.sleep(0.05)

    async def one_waits(self, queue: str) -> str:
        """Waits until a caller waits in ``queue``; its channel."""
        limit = time.monotonic() + UNTIL_S
        while time.monotonic() < limit:
            shown = await asyncio.to_thread(self.lab.cli, f"queue show {queue}")
            if channels := acts.waiting_channels(shown):
                return channels[0]
            await asyncio.sleep(0.2)
        raise LabError(f"in vain waited for a caller in {queue}:\n{shown}")

    def talks(self, phone: str, since: float) -> bool:
        return acts.talking(self.agents.legs, phone, since)

    async def pause(self, interface: str, queue: str, paused: bool, reason: str = "") -> None:
        headers = {"Interface": interface, "Paused": str(paused).lower(), "Queue": queue, "Reason": reason}
        await self.ami.act("QueuePause", **{name: value for name, value in headers.items() if value})

    async def add(self, interface: str, queue: str, name: str) -> None:
        await self.ami.act(
            "QueueAdd", Queue=queue, Interface=interface, MemberName=name, Penalty="0", StateInterface=interface
        )


def related(legs: list[Leg], caller: str) -> list[Leg]:
    """The legs that rang for this caller, and those that its agents' consultations reached."""
    own = [leg for leg in legs if leg.other == caller]
    consulted = {(leg.phone, act.target) for leg in own for act in leg.acts if act.what in CONSULTS}
    return own + [leg for leg in legs if (leg.other, leg.phone) in consulted]


def _raise_failures(*phones: Phones) -> None:
    """A broken script must not pass for a quiet call."""
    if failures := [failure for one in phones for failure in one.failures]:
        raise BaseExceptionGroup("a phone's script failed", failures)


async def drive(lab: Asterisk, scenario: str, seed: int = 1) -> list[Placed]:
    """Drives ``scenario`` and returns its calls in the order of their end. No call is up afterwards."""
    dice = random.Random(seed)
    agents = Phones(lab.uas_port, lab.sip_port, Step(ring=dice.uniform(0.5, 1.5)))
    outside = Phones(lab.trunk_port, lab.sip_port, Step(), trunk=True)
    async with agents, outside, session(lab.ami_port) as ami:
        stage = Stage(lab, int(lab.version.split(".")[0]), agents, outside, ami, dice)
        kind, _, rest = scenario.partition(":")
        try:
            await SCENARIOS[kind](stage, *rest.split(":") if rest else ())
        finally:
            _raise_failures(agents, outside)
        await stage.until(lambda: "0 active channels" in lab.cli("core show channels count"), "the last channel's end")
        return stage.placed


async def _everything(stage: Stage) -> None:
    """Each behaviour once. Queues run side by side; within a small queue one call follows the other."""
    lanes: dict[str, list[Plan]] = defaultdict(list)
    for plan in PLANS:
        lanes[plan.queue].append(plan)
    async with asyncio.TaskGroup() as group:
        group.create_task(_side_by_side(stage, lanes.pop("sales")))
        for queue in {**lanes, **acts.LANES}:
            group.create_task(_in_turn(stage, lanes[queue], acts.LANES.get(queue, ())))


async def _in_turn(stage: Stage, plans: list[Plan], then: tuple[acts.Act, ...]) -> None:
    for plan in plans:
        await stage.run(plan)
    for act in then:
        await act(stage)


async def _side_by_side(stage: Stage, plans: list[Plan]) -> None:
    async with asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(stage.run(plan))
            await asyncio.sleep(1.5)  # the pace of arrivals


SCENARIOS: dict[str, Callable[..., object]] = {"everything": _everything}
