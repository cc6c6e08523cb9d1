"""Real calls while everything between them and a daemon misbehaves: link faults from a seed, kill -9 now and then.

A shell. ``weather`` draws the faults; ``storm`` drives the calls through them and gives back what came of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .agreement import Difference, differences, holes_of
from .asterisk import LEAST, LISTENS, Asterisk
from .daemon import Running, callcenter, running
from .drive import drive
from .proxy import Proxy, Step, script
from .truth import read

KILL = "kill -9"
SETTLES_S = 90.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Aftermath:
    """What the daemon tells when all is over. ``verdict``: what ``callcenter verify`` printed, '' when it is content.

    ``found``: visits that differ; ``untold``: calls with the outside world without a ticket, or tickets of no call.
    """

    placed: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    holes: list[tuple[float, float]] = field(default_factory=list)
    found: list[Difference] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    verdict: str = ""
    timelines: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def weather(seed: int, seconds: float, every_s: float, kills: float = 0.2) -> list[Step]:
    """Faults for so long; ``kills`` of them end the daemon instead of disturbing its link. The same for a seed."""
    dice, steps = random.Random(seed), []
    for step in script(seed, seconds, every_s):
        steps.append(step)
        if step.words == "clear" and dice.random() < kills / (1 - kills):
            steps.append(Step(dice.uniform(0.5, 1.5) * every_s, KILL))
    return steps


@dataclass(slots=True)
class Keeper:
    """Starts a daemon, kills it, and starts it again over the same store."""

    lab: Asterisk
    folder: Path
    port: int
    more: str
    daemon: Running | None = None
    _process: Any = None

    def start(self, wait: bool = True) -> None:
        self._process = running(
            self.folder, self.port, LEAST.username, LEAST.secret, '["PJSIP/trunk"]', pbx=self.more, wait=wait
        )
        self.daemon = self._process.__enter__()

    def end(self) -> None:
        """kill -9."""
        if self.daemon is not None:
            self.daemon.process.kill()
            self._process.__exit__(None, None, None)
        self.daemon = None


async def storm(
    lab: Asterisk, folder: Path, scenario: str, seed: int, steps: list[Step], more: str = "", say: Say = print
) -> Aftermath:
    """Drives ``scenario`` (see :mod:`lab.drive`) while ``steps`` happen; ``more``: lines for the PBX's table."""
    async with Proxy(LISTENS, lab.ami_port, seed=seed) as proxy:
        keeper = Keeper(lab, folder, proxy.port, more)
        await asyncio.to_thread(keeper.start)
        try:
            over = asyncio.Event()
            blows = asyncio.create_task(_blow(proxy, keeper, steps, over, say))
            placed = await drive(lab, scenario, seed)
            over.set()
            await blows
            await proxy.clear()
            say(f"{_clock()} {len(placed)} calls are over, no fault any more")
            return await asyncio.to_thread(_aftermath, keeper, len(placed))
        finally:
            await asyncio.to_thread(keeper.end)


async def _blow(proxy: Proxy, keeper: Keeper, steps: list[Step], over: asyncio.Event, say: Say) -> None:
    for step in steps:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), step.wait_s)
        if over.is_set():
            return
        say(f"{_clock()} {step.words}")
        if step.words == KILL:
            await asyncio.to_thread(keeper.end)
            await asyncio.to_thread(keeper.start, False)
        else:
            await proxy.do(step.words)


def _clock() -> str:
    return time.strftime("%H:%M:%S") + f"{time.time() % 1:.3f}"[1:]


def _aftermath(keeper: Keeper, placed: int) -> Aftermath:
    daemon, log = keeper.daemon, keeper.lab.queue_log
    assert daemon is not None
    after = Aftermath(placed)
    daemon.until("ready at the end", daemon.ready, SETTLES_S)
    deadline = time.monotonic() + SETTLES_S
    while True:  # what the holes hid may take the daemon a moment to learn
        _look(daemon, keeper, after)
        if not (after.open or after.untold or after.found or after.verdict) or time.monotonic() > deadline:
            break
        time.sleep(3)
    for one in after.found[:20]:
        if one.id:
            after.timelines[one.id] = daemon.get(f"/api/v1/calls/{one.id}/timeline")["items"]
    assert log.exists()
    return after


def _look(daemon: Running, keeper: Keeper, after: Aftermath) -> None:
    log = keeper.lab.queue_log
    after.calls = daemon.all("/api/v1/calls")
    after.open = [call["id"] for call in after.calls if call["ended_at"] is None]
    after.holes = holes_of(daemon.get("/api/v1/kpis?window=today")["seen"], time.time())
    after.found = differences(after.calls, read(log), after.holes)
    tickets = [ticket["call"] for ticket in daemon.all("/api/v1/tickets")]
    outside = {call["id"] for call in after.calls if call["direction"] != "internal"}
    after.untold = sorted(outside ^ set(tickets)) + sorted({one for one in tickets if tickets.count(one) > 1})
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(log))
    after.verdict = verdict.stdout + verdict.stderr if verdict.returncode else ""
