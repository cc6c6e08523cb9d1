"""What a daemon does to its PBX when it is off, on, stopped, and stopped in the midst of a snapshot. Real Asterisk.

    python benchmarks/harm.py [--version 22] [--rate 3] [--seconds 60] [--stop 30] [--stops 10] [--only WORDS]
                              [--without WORDS]

Measured beside the daemon: the time from the dialplan's Queue() to QueueCallerJoin (by a manager session of its own),
processor time of the asterisk process, load of the machine. Each line is an Asterisk of its own with the same calls.
The last lines say what decides when the reader of a big snapshot stops: the manager user's writetimeout, for each
member of one queue that does not fit into the socket's buffers any more. Exit status 1: somebody was kept waiting
longer than promised (GROWS_S) where it is promised, nobody came while the daemon was stopped, or it differs from
queue_log. Needs root and debootstrap.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import the_lab  # noqa: F401
from lab.agreement import epoch
from lab.asterisk import SUITES, Asterisk, running
from lab.daemon import Running, callcenter
from lab.drive import drive
from lab.entering import Entering, crowd, entering
from lab.stopping import daemon_of, processor_s, stopped
from lab.tap import Tap

GROWS_S = 0.5
REST_S = 5.0
SNAPSHOTS_S = 36.0
"""No longer than this between two snapshots."""
BACK_S = 10.0
"""A daemon that goes on is ready again within this time, mostly."""
STAY_S = 6
FILLED_S = 60.0
CROWDED = ("sales", "support", "vip")
"""The queues of the calls; more are made when they are to be more."""


AT_ONCE, ONE_BY_ONE = "asked for at once", "asked for by queue"
CROWDS = (
    (1000, 1, ONE_BY_ONE, False), (2000, 1, ONE_BY_ONE, False), (1000, 3, AT_ONCE, False),
    (1000, 3, ONE_BY_ONE, True), (5000, 20, AT_ONCE, False), (5000, 20, ONE_BY_ONE, True),
)  # fmt: skip
"""Members, queues, how their lists are asked for, and whether callers must not notice. They come to three queues."""


@dataclass(frozen=True, slots=True)
class Phase:
    """``stops``: how often the daemon is stopped. ``narrow``: in the midst of a snapshot, buffers of a poor network.

    ``crowd``: so many members more, in ``queues``, and a session that was just opened: the PBX's buffers have not grown
    yet with what was read. ``at_once``: asked for as by a daemon that cannot ask queue by queue. ``promised``: whether
    callers must not notice.
    """

    name: str
    daemon: bool = True
    stops: int = 0
    narrow: bool = False
    crowd: int = 0
    queues: int = 1
    writetimeout: int = 100
    at_once: bool = False
    promised: bool = True


@dataclass(slots=True)
class Measured:
    """``stops``: from when to when, and what those needed who came to Queue() meanwhile."""

    took: list[float] = field(default_factory=list)
    processor: float = 0.0
    load: float = 0.0
    stops: list[tuple[float, float, list[float]]] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    agrees: str = "-"


def phases(stops: int) -> list[Phase]:
    few = max(1, stops // 5)
    return [
        Phase("daemon off", daemon=False),
        Phase("daemon on"),
        Phase("stopped", stops=stops),
        Phase("stopped in a snapshot", stops=stops, narrow=True),
        *(
            Phase(f"{n} in {queues}, {how}, {ms} ms", True, few, True, n, queues, ms, how == AT_ONCE, promised)
            for n, queues, how, promised in CROWDS
            for ms in (100, 500)
        ),
    ]


async def measure(phase: Phase, lab: Asterisk, options: argparse.Namespace) -> Measured:
    """One phase: the calls, and what the daemon suffers meanwhile."""
    told = lab.etc / "callcenter/manager_callcenter.conf"
    told.write_text(re.sub(r"(?m)^writetimeout = \d+", f"writetimeout = {phase.writetimeout}", told.read_text()))
    lab.cli("manager reload")
    for queue in crowded(lab, phase.queues):
        await crowd(lab.ami_port, queue, phase.crowd // phase.queues)
    measured = Measured()
    with tempfile.TemporaryDirectory() as folder:
        async with entering(lab.ami_port) as seen:
            if not phase.daemon:
                await _calls(lab, options.seconds, options.rate, measured)
            else:
                readable = f'queue_log = "{lab.queue_log}"'
                async with daemon_of(lab, Path(folder), phase.narrow, readable, phase.at_once) as (daemon, tap):
                    between = REST_S + BACK_S + (SNAPSHOTS_S if phase.narrow and not phase.crowd else 0.0)
                    seconds = phase.stops * (options.stop + between) if phase.stops else options.seconds
                    suffering = asyncio.create_task(_suffer(phase, daemon, tap, options.stop, seen, measured))
                    await _calls(lab, seconds, options.rate, measured)
                    await suffering
                    await asyncio.to_thread(_look_back, daemon, lab, measured)
            measured.took = seen.between(0, math.inf)
    return measured


def crowded(lab: Asterisk, queues: int) -> list[str]:
    """The names of so many queues; they are made where there are none yet."""
    more = [f"crowd{n}" for n in range(queues - len(CROWDED))]
    with (lab.etc / "queues.conf").open("a") as conf:
        conf.writelines(f"\n[{name}](callcenter)\nstrategy = rrmemory\n" for name in more)
    lab.cli("queue reload all")
    return [*CROWDED[:queues], *more]


async def _calls(lab: Asterisk, seconds: float, rate: float, measured: Measured) -> None:
    began, used = time.monotonic(), processor_s(lab.process.pid)
    await drive(lab, f"load:{int(seconds * rate)}:{rate}:{STAY_S}", seed=1)
    measured.processor = (processor_s(lab.process.pid) - used) / (time.monotonic() - began)
    measured.load = os.getloadavg()[0]


async def _suffer(
    phase: Phase, daemon: Running, tap: Tap | None, seconds: float, seen: Entering, measured: Measured
) -> None:
    for _ in range(phase.stops):
        await asyncio.sleep(REST_S)
        since, until = await stopped(daemon, seconds, tap, cut=phase.crowd > 0)
        measured.stops.append((since, until, seen.between(since, until)))


def _look_back(daemon: Running, lab: Asterisk, measured: Measured) -> None:
    """The holes that the daemon knows of, and whether it agrees with queue_log."""
    daemon.until("no call is up", daemon.none_open)
    daemon.until("the holes are filled", lambda: all(hole["repaired"] for hole in _holes(daemon)), FILLED_S)
    holes = _holes(daemon)
    measured.holes = [
        f"{_moment(epoch(hole['from']))} to {_moment(epoch(hole['to'])) if hole['to'] else 'now'} ({hole['reason']})"
        for hole in holes
    ]
    daemon.stop()
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(lab.queue_log))
    measured.agrees = "yes" if verdict.returncode == 0 else "no"


def _holes(daemon: Running) -> list[dict[str, Any]]:
    holes: list[dict[str, Any]] = daemon.get("/api/v1/kpis?window=today")["seen"]["holes"]
    return holes


def line(phase: Phase, m: Measured) -> str:
    n = len(m.took)
    p50, p95, most = (m.took[min(n - 1, int(n * q))] for q in (0.5, 0.95, 1.0))
    return (
        f"{phase.name:<44}{n:>6}{p50 * 1e3:>8.1f}{p95 * 1e3:>8.1f}{most * 1e3:>10.1f}"
        f"{100 * m.processor:>7.1f}{m.load:>7.2f}  {m.agrees}"
    )


def wrong(phase: Phase, m: Measured, usual: float) -> list[str]:
    """What was promised and is not so. ``usual``: how long it takes to enter a queue without a daemon."""
    found = {
        "callers were kept out of a queue": phase.promised and m.took[-1] - usual > GROWS_S,
        "nobody came while it was stopped": any(not took for _, _, took in m.stops),
        "it differs from queue_log": m.agrees == "no",
    }
    return [problem for problem, so in found.items() if so]


def _moment(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at)) + f"{at % 1:.3f}"[1:]


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--version", type=int, default=22, choices=sorted(SUITES))
    words.add_argument("--rate", type=float, default=3.0, help="calls a second")
    words.add_argument("--seconds", type=float, default=60.0, help="of the phases in which nothing is stopped")
    words.add_argument("--stop", type=float, default=30.0, help="seconds of each stop")
    words.add_argument("--stops", type=int, default=10)
    words.add_argument("--only", default="", help="phases whose name has these words; daemon off is always measured")
    words.add_argument("--without", help="no phases whose name has these words")
    options = words.parse_args()
    print(f"Queue() to QueueCallerJoin in ms; processor of asterisk in %{'':<9}", f"Asterisk {options.version}")
    print(f"{'':<44}{'calls':>6}{'p50':>8}{'p95':>8}{'max':>10}{'cpu':>7}{'load':>7}  equals queue_log")
    usual, failed = 0.0, False
    for phase in phases(options.stops):
        if phase.daemon and (options.only not in phase.name or (options.without or "?") in phase.name):
            continue
        with running(SUITES[options.version]) as lab:
            m = asyncio.run(measure(phase, lab, options))
        print(line(phase, m), flush=True)
        for since, until, took in m.stops:
            longest = f"the longest {took[-1] * 1e3:.1f} ms" if took else "nothing is measured by that"
            print(f"    stopped {_moment(since)} to {_moment(until)}: {len(took)} callers came, {longest}")
        for hole in m.holes:
            print(f"    hole    {hole}")
        usual = usual or m.took[int(len(m.took) * 0.95)]
        for problem in wrong(phase, m, usual):
            print(f"    WRONG   {problem}")
            failed = True
    if not failed:
        print(f"nobody waited {GROWS_S:g} s longer where it is promised, and the daemon equals queue_log")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
