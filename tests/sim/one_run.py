"""One simulation: the whole daemon beside a simulated PBX on virtual time, with faults drawn from a seed."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import random
import shutil
import signal
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import structlog
from checks import live_problems, stored_problems
from daemon_process import Machine, patched, store_path
from exchange import PORT, Exchange
from faults import FAULTS, Scene, heal
from virtual_network import Network
from virtual_time import DEAD, VirtualLoop

from callcenter.ami.simulator.plan import Habits, Plan, make
from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.config import Config, parse


@dataclass
class Run:
    """What a seed came to. ``problems``: what should not be; ``digest``: of everything that happened."""

    seed: int
    problems: list[str] = field(default_factory=list)
    digest: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


class Trace:
    """A digest of everything that happened, and the lines themselves when they are wanted."""

    def __init__(self, loop: VirtualLoop, show: bool) -> None:
        self.loop, self.show = loop, show
        self._hash = hashlib.sha256()
        self.changes: list[tuple[float, Any]] = []
        self.failures: list[str] = []

    def __call__(self, what: str, data: Any) -> None:
        if what == "change":
            self.changes.append((self.loop.time(), data))
            data = json.dumps(msgspec.to_builtins(data), ensure_ascii=False)
        elif what == "daemon failed":
            self.failures.append(data)
        line = f"{self.loop.time():.6f} {what} {data!r}"
        self._hash.update(line.encode())
        if self.show:
            print(line)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


HABITS = Habits(
    direct=0.06, outgoing=0.08, internal=0.03, patience_s=60.0, key_exit=0.05, talk_s=50.0, ring_s=4.0, ring_out=0.1,
    busy=0.05, hold=0.2, blind=0.1, attended=0.08, work_s=500.0, pause_s=60.0, unreachable_every_s=2_000.0,
    meeting_every_s=1_500.0,
)  # fmt: skip
CALLS = 40
CALLS_PER_HOUR = 280.0
FAULTY_S = 600.0
LONGEST_S = 3_000.0
QUIET_S = 100.0
WRITTEN_S = 3
SIGHT_S = 0.2
PATIENCE_S = 90
"""Of processor time: others may use the machine too."""
WAITED_S = 1200
"""Of real time, for a run that waits for something that does not come."""
UNREADABLE = 4
LAST_OF_A_TRACEBACK = 700


class Sight:
    """From when to when the daemon could not have seen (or kept) what happened: the simulation's own knowledge."""

    def __init__(self, scene: Scene, loop: VirtualLoop) -> None:
        self.scene, self.loop = scene, loop
        self.blind: list[tuple[float, float]] = []
        self.since: float | None = 0.0
        self.clean = 0.0
        """When everything seen was last committed: a death of the daemon takes what came after."""
        self._life: object = None

    def whole(self) -> bool:
        made = self.scene.machine.daemon
        if made is None or not self.scene.machine.up or self.scene.exchange.simulation is None:
            return False
        if made.link.events is None or not (made.floor.link and made.floor.synced):
            return False
        near: Any = made.link.events.protocol.transport
        return not (near.closing or near.peer.deaf)

    async def watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(SIGHT_S)

    def look(self) -> None:
        now, made = self.loop.time(), self.scene.machine.daemon
        whole = self.whole()
        if not whole and self.since is None:
            self.since = now - 2 * SIGHT_S
        lost, self.scene.network.lost_since = self.scene.network.lost_since, None
        if lost is not None:
            self.since = lost if self.since is None else min(lost, self.since)
        if self._life is not made and self.since is not None:
            self.since = min(self.since, max(self.clean, self.scene.machine.stopped_at - SIGHT_S))
        if whole and self.since is not None:
            self.blind.append((self.since, now + 1.0))
            self.since, self._life = None, made
        if made is not None and self.scene.machine.up and made.pipeline.pending == 0 and made.consumer.inbox.empty():
            self.clean = now - SIGHT_S


def plan_of(seed: int) -> Plan:
    draw = random.Random(f"plan of {seed}")
    return make(
        draw.randint(6, 12), 3, seed, calls_per_hour=CALLS_PER_HOUR, habits=HABITS,
        queue_status=draw.random() < 0.3, queue_done=draw.random() < 0.8,
    )  # fmt: skip


def reads_queue_log(seed: int) -> bool:
    """Whether the daemon of this seed may read the PBX's queue_log: four in five."""
    return seed % 5 != UNREADABLE


def config_of(folder: Path, plan: Plan, queue_log: Path | None) -> Config:
    pbx = {"name": "sim", "port": PORT, "username": USERNAME, "secret": SECRET, "trunks": ["PJSIP/trunk"]}
    return parse(
        {
            "site": {"name": "sim", "timezone": "Asia/Tehran", "country": "IR"},
            "pbx": [pbx | ({"queue_log": str(queue_log)} if queue_log else {})],
            "queues": {queue.name: {"wrap_up_s": queue.wrap_up_s} for queue in plan.queues},
            "store": {"url": f"sqlite+aiosqlite:///{folder}/callcenter.db"},
        },
        "simulation",
    )


async def _faults(scene: Scene, names: list[str] | None, trace: Trace, drawn: list[str]) -> None:
    """As many as are drawn, at drawn moments; some begin while the last one's wounds are open."""
    draw = scene.draw
    count = draw.choice((1, 2, 2, 3, 4, 6)) if names is None else len(names)
    await scene.last(5, FAULTY_S / (count + 1))
    for nth in range(count):
        name = draw.choice(sorted(FAULTS)) if names is None else names[nth]
        trace("fault", name)
        drawn.append(name)
        await FAULTS[name](scene)
        trace("healed", name)
        heal(scene)
        await scene.last(0, 3) if draw.random() < 0.2 else await scene.last(20, 1.5 * FAULTY_S / (count + 1))


async def _written(machine: Machine) -> None:
    """The agents' time is written each minute: that this is such a moment is no fault; that it takes long is one."""
    for _ in range(WRITTEN_S):
        if machine.daemon is None or not machine.daemon.pipeline.pending:
            return
        await asyncio.sleep(1.0)


async def _story(run: Run, loop: VirtualLoop, folder: Path, trace: Trace, faults: list[str] | None) -> None:
    plan = plan_of(run.seed)
    queue_log = folder / "queue_log"
    readable = reads_queue_log(run.seed)
    config = config_of(folder, plan, queue_log if readable else None)
    draw = random.Random(f"network {run.seed}")
    network = loop.network = Network(loop, draw, trace, lambda client: client.session.events)
    exchange = Exchange(loop, plan, CALLS, queue_log)
    machine = Machine(loop, config, trace)
    scene = Scene(random.Random(f"faults {run.seed}"), network, exchange, machine)
    sight = Sight(scene, loop)
    await exchange.boot()
    machine.start()
    watching = asyncio.create_task(sight.watch())
    await _faults(scene, faults, trace, run.facts.setdefault("faults", []))
    while not exchange.done and loop.time() < LONGEST_S:  # noqa: ASYNC110
        await asyncio.sleep(1.0)
    run.facts["all calls ended"] = exchange.done
    await asyncio.sleep(QUIET_S)
    await _written(machine)
    watching.cancel()
    run.problems += live_problems(scene)
    run.facts["window"] = machine.daemon.window.table(0.0, 1e12, machine.daemon.now()) if machine.daemon else {}
    await machine.stop()
    await exchange.end(goodbye=True)
    await machine.bury()
    if sight.since is not None:
        sight.blind.append((sight.since, loop.time()))
    run.problems += [f"the daemon failed: {failure}" for failure in trace.failures]
    run.facts["lasted_s"] = loop.time()
    run.facts["blind"], run.facts["queue_log"] = sight.blind, readable
    run.problems += stored_problems(store_path(config), exchange, trace, run.facts)


def simulate(seed: int, show: bool = False, faults: list[str] | None = None) -> Run:
    """One seed, from the first call to the last check. ``faults``: these instead of drawn ones."""
    run, loop = Run(seed), VirtualLoop()
    trace = Trace(loop, show)
    gc.freeze()
    gc.disable()
    folder = Path(tempfile.mkdtemp(prefix="callcenter-sim-", dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        with patched(loop, seed), structlog.testing.capture_logs() as said:
            loop.run_until_complete(_story(run, loop, folder, trace, faults))
            gc.collect()  # what dead processes left, while nobody minds
        run.problems += [f"logged: {line['event']} {line}" for line in said if line["log_level"] == "error"
                         and "store failed" not in line["event"] and DEAD not in line["event"]]  # fmt: skip
    finally:
        gc.enable()
        loop.close()
        shutil.rmtree(folder)
    run.digest = trace.hexdigest()
    return run


_MEMORY = Path("/dev/shm")


def tried(seed: int) -> Run:
    """As :func:`simulate`; what it raises is a problem like others."""

    def out_of_patience(number: int, _: object) -> None:
        told = f"{PATIENCE_S} s of processor time" if number == signal.SIGPROF else f"{WAITED_S} s"
        raise TimeoutError(f"no end within {told}")

    signal.signal(signal.SIGPROF, out_of_patience)
    signal.signal(signal.SIGALRM, out_of_patience)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
    signal.alarm(WAITED_S)
    try:
        return simulate(seed)
    except Exception:
        return Run(seed, [traceback.format_exc()[-LAST_OF_A_TRACEBACK:]])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
