"""The scenarios by name: what is placed when. Shell; the single calls are in :mod:`lab.plans` and :mod:`lab.acts`."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from .acts import LANES, Act, click, outgoing
from .plans import PLANS, TALKS, Plan, random_plan
from .stage import Stage
from .steps import Step

PACE_S = 1.5  # between two arrivals of "everything"
PAUSES = ("coffee", "lunch", "meeting", "")
# what some agents do in "behaviours", whoever calls; the others talk until the caller hangs up
CHARACTERS = {
    "1002": Step("ignores"),
    "1003": Step("hangs", after=3),
    "1004": Step("holds"),
    "1006": Step("busy"),
    "1007": Step("refers", target="1010"),
    "1008": Step("ignores"),
}


async def behaviours(stage: Stage) -> None:
    """24 callers in the three big queues, whose agents have characters of their own."""
    stage.agents.scripts |= {phone: [step] for phone, step in CHARACTERS.items()}
    async with asyncio.TaskGroup() as group:
        for index in range(24):
            number, queue = (("800", "sales"), ("801", "support"), ("802", "vip"))[index % 3]
            stay = stage.dice.choice([2, 6, 9, 14, 25])
            group.create_task(_run(stage, Plan("characters", number, queue, stay, (), None)))
            await asyncio.sleep(stage.dice.choice([0.2, 1, 3]))


async def load(stage: Stage, calls: str, rate: str, mean_stay: str) -> None:
    """Plain calls at ``rate`` a second, with callers that call again; exponential gaps and stays."""
    dice = stage.dice
    async with asyncio.TaskGroup() as group:
        for _ in range(int(calls)):
            number = dice.choices(["800", "801", "802", "900"], [5, 3, 1, 1])[0]
            stay, caller = dice.expovariate(1 / float(mean_stay)) + 0.3, f"0912{dice.randint(1000000, 1000300)}"
            group.create_task(_run(stage, Plan("load", number, "", stay, (), None, caller=caller)))
            await asyncio.sleep(dice.expovariate(float(rate)))


async def everything(stage: Stage) -> None:
    """Each behaviour once. Queues run side by side; within a small queue one call follows the other."""
    lanes: dict[str, list[Plan]] = defaultdict(list)
    for plan in PLANS:
        lanes[plan.queue].append(plan)
    async with asyncio.TaskGroup() as group:
        group.create_task(_side_by_side(stage, lanes.pop("sales")))
        for queue in {**lanes, **LANES}:
            group.create_task(_in_turn(stage, lanes[queue], LANES.get(queue, ())))


async def mix(stage: Stage, calls: str, rate: str) -> None:
    """Behaviours at random, ``rate`` a second, while agents pause, come and go: what happens is left to chance."""
    dice, idle = stage.dice, [str(number) for number in range(1051, 1056)]
    async with _restless(stage), asyncio.TaskGroup() as group:
        for _ in range(int(calls)):
            kind = dice.choices(["in", "out", "click"], [90, 7, 3])[0] if idle else "in"
            if kind == "in":
                group.create_task(_run(stage, random_plan(dice)))
            else:
                agent = idle.pop(0)
                group.create_task(_by_agent(stage, outgoing if kind == "out" else click, agent, idle))
            await asyncio.sleep(dice.expovariate(float(rate)))


async def handovers(stage: Stage, calls: str, rate: str) -> None:
    """Each agent asks a colleague and hands over while the colleague's phone still rings, ``rate`` a second."""
    dice = stage.dice
    async with asyncio.TaskGroup() as group:
        for _ in range(int(calls)):
            step = Step("consults ringing", ring=dice.uniform(0.2, 1), after=dice.uniform(0.5, 3), target="1057")
            stay = min(0.5 + dice.expovariate(1 / 7), 30)
            group.create_task(_run(stage, Plan("handed over", "800", "sales", stay, (step, TALKS), None)))
            await asyncio.sleep(dice.expovariate(float(rate)))


async def _run(stage: Stage, plan: Plan) -> None:
    await stage.run(plan)


async def _by_agent(stage: Stage, work: Callable[[Stage, str], Awaitable[None]], agent: str, idle: list[str]) -> None:
    await work(stage, agent)
    idle.append(agent)


async def _side_by_side(stage: Stage, plans: list[Plan]) -> None:
    async with asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(_run(stage, plan))
            await asyncio.sleep(PACE_S)


async def _in_turn(stage: Stage, plans: list[Plan], then: tuple[Act, ...]) -> None:
    for plan in plans:
        await stage.run(plan)
    for act in then:
        await act(stage)


@asynccontextmanager
async def _restless(stage: Stage) -> AsyncIterator[None]:
    """Agents that pause, unpause, come and go as long as the scenario runs, and all are back at its end."""
    work = asyncio.create_task(_unrest(stage))
    try:
        yield
    finally:
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        for number in range(1001, 1036):
            await stage.pause(f"PJSIP/{number}", "", False)


async def _unrest(stage: Stage) -> None:
    dice = stage.dice
    while True:
        await asyncio.sleep(dice.uniform(0.5, 2))
        number = dice.choice([*range(1001, 1005), *range(1006, 1036)])
        await stage.pause(f"PJSIP/{number}", "", dice.random() < 0.5, dice.choice(PAUSES))
        if dice.random() < 0.5:
            await stage.add("PJSIP/1050", "dynamic", "Dina Dynamic")
        else:
            await stage.ami.act("QueueRemove", Queue="dynamic", Interface="PJSIP/1050")


SCENARIOS: dict[str, Callable[..., Awaitable[None]]] = {
    "behaviours": behaviours,
    "load": load,
    "everything": everything,
    "mix": mix,
    "handovers": handovers,
}
