"""Scripted acts that need several callers, the manager, or a phone that dials. Shell.

Each act is a coroutine on the :class:`~lab.stage.Stage`; what it placed lands in ``stage.placed``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from .plans import ABANDONED, ANSWERED, IGNORES, TALKS, Plan
from .steps import Step

if TYPE_CHECKING:
    from .stage import Stage

WITHDRAWS_FROM = 18  # QueueWithdrawCaller came with 16.25 and 18.11; the lab has 16.28 without and 22 with it


async def fills_up(stage: Stage, number: str) -> None:
    """tiny takes one waiting caller: the first is answered, the second waits, the third is refused."""
    since = time.time()
    talker = asyncio.create_task(stage.run(Plan("talks while others wait", number, "tiny", 9, (TALKS,), ANSWERED)))
    await stage.until(lambda: stage.talks("1034", since), "1034 to talk")
    waiter = asyncio.create_task(stage.run(Plan("waits alone", number, "tiny", 5, (IGNORES,), ABANDONED)))
    await stage.one_waits("tiny")
    await stage.run(Plan("finds the queue full", number, "tiny", 20, (TALKS,), ("refused_full",)))
    await asyncio.gather(talker, waiter)


async def finds_nobody(stage: Stage, number: str) -> None:
    await stage.run(Plan("finds no agent", number, "closed", 20, (TALKS,), ("refused_empty",)))


async def is_left_alone(stage: Stage, number: str) -> None:
    """The only member is paused while a caller waits, and comes back afterwards."""
    caller = asyncio.create_task(stage.run(Plan("is left alone", number, "leaving", 30, (IGNORES,), ("left_empty",))))
    await stage.one_waits("leaving")
    await stage.pause("PJSIP/1035", "leaving", True, "lunch")
    await caller
    await stage.pause("PJSIP/1035", "leaving", False)


async def loses_last_member(stage: Stage) -> None:
    """The last member that is not paused is removed while a caller waits."""
    await stage.add("PJSIP/1050", "leaving", "Dina Dynamic")
    await stage.pause("PJSIP/1035", "leaving", True, "home")
    plan = Plan("loses the last agent", "805", "leaving", 30, (IGNORES,), ("left_empty",))
    caller = asyncio.create_task(stage.run(plan))
    await stage.one_waits("leaving")
    await stage.ami.act("QueueRemove", Queue="leaving", Interface="PJSIP/1050")
    await caller
    await stage.pause("PJSIP/1035", "leaving", False)


async def is_withdrawn(stage: Stage) -> None:
    if stage.major < WITHDRAWS_FROM:
        return
    caller = asyncio.create_task(stage.run(Plan("is withdrawn", "818", "dynamic", 30, (IGNORES,), ("withdrawn",))))
    channel = await stage.one_waits("dynamic")
    await stage.ami.act("QueueWithdrawCaller", Queue="dynamic", Caller=channel, WithdrawInfo="call us later")
    await caller


async def works_by_manager(stage: Stage) -> None:
    """An agent is added, paused, unpaused, serves a call, gets a penalty, and is removed."""
    await stage.add("PJSIP/1050", "dynamic", "Dina Dynamic")
    await stage.pause("PJSIP/1050", "", True, "coffee")
    caller = asyncio.create_task(stage.run(Plan("waits for a paused agent", "818", "dynamic", 9, (TALKS,), ANSWERED)))
    await stage.one_waits("dynamic")
    await stage.pause("PJSIP/1050", "", False)
    await caller
    await stage.ami.act("QueuePenalty", Queue="dynamic", Interface="PJSIP/1050", Penalty="3")
    await stage.ami.act("QueueRemove", Queue="dynamic", Interface="PJSIP/1050")


async def pauses_while_talking(stage: Stage) -> None:
    """An agent is paused in the middle of its call: the call goes on."""
    since = time.time()
    plan = Plan("agent is paused while talking", "817", "optimised", 8, (TALKS,), ANSWERED)
    caller = asyncio.create_task(stage.run(plan))
    await stage.until(lambda: stage.talks("1039", since), "1039 to talk")
    await stage.pause("Local/1039@agents", "", True, "meeting")
    await caller
    await stage.pause("Local/1039@agents", "", False)


async def dials_out(stage: Stage) -> None:
    """Agents call outside: answered, not answered, busy; and a colleague, who answers or does not."""
    stage.outside.scripts |= OUTSIDE
    stage.agents.scripts["1054"] = [IGNORES]
    for plan in DIALLED:
        await stage.dials(plan)


async def calls_a_queue(stage: Stage) -> None:
    await stage.dials(Plan("agent calls a queue", "812", "locals", 6, (), ANSWERED, caller="1052"))


async def clicks_to_dial(stage: Stage) -> None:
    """The manager rings the agent's phone, then calls outside; through PJSIP, a Local channel, and in vain."""
    stage.outside.scripts |= OUTSIDE
    stage.agents.scripts["1054"] = [IGNORES]
    await stage.clicks("click to dial", "PJSIP/1055", "1055", "02155550004")
    await stage.clicks("click to dial by Local", "Local/1055@agents", "1055", "02155550004")
    await stage.clicks("click to dial, the agent does not answer", "PJSIP/1054", "1054", "02155550004")


async def outgoing(stage: Stage, agent: str) -> None:
    """One call of the mix that an agent places."""
    stage.outside.scripts |= OUTSIDE
    number = stage.dice.choice([*OUTSIDE, "02155550001", "1059", "1060"])
    await stage.dials(Plan("outgoing", number, "", stage.dice.uniform(1, 8), (), (), give_up=5, caller=agent))


async def click(stage: Stage, agent: str) -> None:
    """One click-to-dial of the mix."""
    stage.outside.scripts |= OUTSIDE
    channel = stage.dice.choice([f"PJSIP/{agent}", f"Local/{agent}@agents"])
    await stage.clicks("click to dial", channel, agent, "02155550004")


HANGS_SOON = Step("hangs", ring=1.5, after=4)
OUTSIDE = {"02155550002": [IGNORES], "02155550003": [Step("busy")], "02155550004": [HANGS_SOON]}
DIALLED = (
    Plan("outgoing, answered", "02155550001", "", 5, (), (), caller="1051"),
    Plan("outgoing, the other side hangs up", "02155550004", "", 20, (), (), caller="1051"),
    Plan("outgoing, given up", "02155550002", "", 5, (), (), give_up=4, caller="1051"),
    Plan("outgoing, busy", "02155550003", "", 5, (), (), caller="1051"),
    Plan("internal, answered", "1053", "", 5, (), (), caller="1052"),
    Plan("internal, given up", "1054", "", 5, (), (), give_up=3, caller="1052"),
)
Act = Callable[["Stage"], Awaitable[None]]
LANES: dict[str, tuple[Act, ...]] = {
    "tiny": (partial(fills_up, number="803"), partial(fills_up, number="813")),
    "closed": (partial(finds_nobody, number="804"), partial(finds_nobody, number="814")),
    "leaving": (partial(is_left_alone, number="805"), partial(is_left_alone, number="815"), loses_last_member),
    "dynamic": (is_withdrawn, works_by_manager),
    "optimised": (pauses_while_talking,),
    "locals": (calls_a_queue,),
    "phones": (dials_out, clicks_to_dial),
}
