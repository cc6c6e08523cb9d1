"""What the scenarios stand on: all phones of one lab, a manager session, and what was placed so far. Shell."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from .ami import Ami
from .asterisk import Asterisk
from .debian import LabError
from .phones import Phones
from .plans import Plan
from .sip import Leg

NAMES = ("Zahra Ahmadi", "رضا کریمی", "Maryam", "Ünï Cödé", "O'Hara", "<b>x</b>", "=cmd|calc", "", "Ali, Reza")
UNTIL_S = 20.0
CONSULTS = ("attended transfer", "consultation")


@dataclass(frozen=True, slots=True)
class Placed:
    """One call as it was driven. Times are seconds since the epoch, measured by the phones.

    ``outcomes``: what its queue visits must come to, None where chance decided. ``legs``: every phone that the call
    rang or reached by a transfer, in order of ringing; complete when the scenario is over.
    """

    behaviour: str
    number: str
    caller: str
    name: str
    queue: str
    outcomes: tuple[str, ...] | None
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
    """``agents`` are all phones inside, ``outside`` the world behind the trunk; see :class:`~lab.phones.Phones`."""

    lab: Asterisk
    major: int
    agents: Phones
    outside: Phones
    ami: Ami
    dice: random.Random
    placed: list[Placed] = field(default_factory=list)
    callers: int = 0

    async def run(self, plan: Plan) -> Placed:
        """Plays one call from outside from its INVITE to its end."""
        self.callers += 1
        caller = plan.caller or f"0912555{self.callers:04d}"
        if plan.steps:
            self.agents.scripts[caller] = list(plan.steps)
        return await self._play(self.outside, plan, caller, NAMES[self.callers % len(NAMES)])

    async def dials(self, plan: Plan) -> Placed:
        """Plays a call that the phone of agent ``plan.caller`` places."""
        return await self._play(self.agents, plan, plan.caller, f"Agent {plan.caller}")

    async def _play(self, phones: Phones, plan: Plan, caller: str, name: str) -> Placed:
        dialog = await phones.place(caller, plan.number, name, plan.give_up)
        if dialog.leg.result == "answered":
            if plan.keys and not await dialog.stay(2):
                await dialog.press(plan.keys)
            if not await dialog.stay(plan.stay):
                await dialog.bye()
        return self._keep(plan, caller, name, dialog.leg, self._reached(caller, dialog.leg.began_at))

    async def clicks(self, behaviour: str, channel: str, agent: str, number: str) -> Placed:
        """Click-to-dial by the manager: rings the agent, then the number. Waits until the agent's phone is through."""
        began = time.time()
        await self.ami.act(
            "Originate", Channel=channel, Context="internal", Exten=number, Priority="1", Async="true",
            CallerID=f"Click <{agent}>", Timeout="6000",
        )  # fmt: skip

        def own() -> list[Leg]:
            return [leg for leg in self._reached(agent, began) if leg.phone in (agent, number)]

        await self.until(lambda: any(leg.phone == agent and leg.ended_at for leg in own()), behaviour)
        return self._keep(Plan(behaviour, number, "", 0, (), ()), agent, "", own()[0], own())

    def _reached(self, caller: str, since: float) -> list[Leg]:
        """The legs that rang for this caller, and those that its agents' consultations reached."""
        legs = [leg for leg in self.agents.legs + self.outside.legs if leg.began_at >= since]
        own = [leg for leg in legs if leg.other == caller]
        consulted = {(leg.phone, act.target) for leg in own for act in leg.acts if act.what in CONSULTS}
        further = [leg for leg in legs if (leg.other, leg.phone) in consulted and leg not in own]
        return sorted(own + further, key=lambda leg: leg.began_at)

    def _keep(self, plan: Plan, caller: str, name: str, leg: Leg, legs: list[Leg]) -> Placed:
        placed = Placed(
            plan.behaviour, plan.number, caller, name, plan.queue, plan.outcomes, leg.status, leg.began_at,
            leg.answered_at, leg.ended_at or time.time(), leg.ended_by, tuple(legs),
        )  # fmt: skip
        self.placed.append(placed)
        return placed

    async def until(self, holds: Callable[[], bool], what: str, limit: float = UNTIL_S) -> None:
        """Waits for a condition; raises :class:`LabError` when it does not come."""
        end = time.monotonic() + limit
        while not holds():
            if time.monotonic() > end:
                raise LabError(f"in vain waited for {what}:\n{self.lab.cli('core show channels concise')}")
            await asyncio.sleep(0.05)

    async def silence(self) -> None:
        """Waits until no channel is left.

        Who has been alone on a line for a while hangs up, as people do: when a caller leaves in the moment in which a
        transfer is completed, Asterisk lets the other side stand there.
        """
        alone, end = time.monotonic() + UNTIL_S, time.monotonic() + 3 * UNTIL_S
        while "0 active channels" not in (shown := await self.shell("core show channels")):
            if time.monotonic() > end:
                raise LabError(f"channels are left:\n{shown}")
            if time.monotonic() > alone:
                await asyncio.gather(self.agents.leave(), self.outside.leave())
            await asyncio.sleep(0.2)

    async def one_waits(self, queue: str) -> str:
        """Waits until a caller waits in ``queue``; its channel."""
        end = time.monotonic() + UNTIL_S
        while not (channels := waiting_channels(shown := await self.shell(f"queue show {queue}"))):
            if time.monotonic() > end:
                raise LabError(f"in vain waited for a caller in {queue}:\n{shown}")
            await asyncio.sleep(0.2)
        return channels[0]

    async def shell(self, command: str) -> str:
        return await asyncio.to_thread(self.lab.cli, command)

    def talks(self, phone: str, since: float) -> bool:
        """Whether this phone speaks in a call that began after ``since``."""
        mine = (leg for leg in self.agents.legs if leg.phone == phone and leg.began_at >= since)
        return any(leg.answered_at and leg.ended_at is None for leg in mine)

    async def pause(self, interface: str, queue: str, paused: bool, reason: str = "") -> None:
        """``queue`` '' means all queues of this member."""
        headers = {"Interface": interface, "Paused": str(paused).lower(), "Queue": queue, "Reason": reason}
        await self.ami.act("QueuePause", **{name: value for name, value in headers.items() if value})

    async def add(self, interface: str, queue: str, name: str) -> None:
        await self.ami.act(
            "QueueAdd", Queue=queue, Interface=interface, MemberName=name, Penalty="0", StateInterface=interface
        )


def waiting_channels(queue_show: str) -> list[str]:
    """Channels of the callers in what ``queue show NAME`` printed, first in line first."""
    return re.findall(r"^\s+\d+\. (\S+) \(wait:", queue_show, re.MULTILINE)
