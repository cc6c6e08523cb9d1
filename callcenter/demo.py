"""The demonstration: a simulated PBX and the whole daemon in one process. A shell."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from callcenter import clock, daemon
from callcenter.ami.simulator.plan import make
from callcenter.ami.simulator.server import SECRET, USERNAME, WARM_UP_S, Simulation
from callcenter.config import Config, parse
from callcenter.errors import CallcenterError

HISTORY_S = 3600.0
"""The last hour passes in the first seconds, so that the figures have something to say."""

PAGES = (
    ("/", "wallboard (also /?lang=fa and /?lang=ar)"),
    ("/docs", "the HTTP API"),
    ("/api/v1/kpis?window=today", "the figures"),
    ("/api/v1/tickets", "the tickets"),
    ("/metrics", "for Prometheus"),
)


async def run(
    host: str, port: int, agents: int, queues: int, speed: float, seed: int, say: Callable[[str], None]
) -> None:
    """Run until SIGTERM or SIGINT. Raises CallcenterError, e.g. when the port is in use."""
    centre = make(agents, queues, seed, starts_at=clock.now() - WARM_UP_S - HISTORY_S)
    simulation = Simulation(centre, speed=speed, warm_up_s=WARM_UP_S, wait_for_login=True, catch_up_s=HISTORY_S)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="callcenter-demo-") as folder:
        try:
            async with asyncio.TaskGroup() as tasks:
                pbx = tasks.create_task(simulation.run())
                await simulation.ready.wait()
                config = _config(host, port, simulation, Path(folder))
                await daemon.run(config, lambda bound: _welcome(host, bound, speed, say), stop)
                pbx.cancel()
        except* CallcenterError as problems:
            raise problems.exceptions[0] from None


def _config(host: str, port: int, simulation: Simulation, folder: Path) -> Config:
    queues = {q.name: {"wrap_up_s": q.wrap_up_s} for q in simulation.world.plan.queues}
    return parse(
        {
            "site": {"name": "demo", "timezone": "Asia/Tehran", "country": "IR"},
            "pbx": [{"name": "demo", "port": simulation.port, "username": USERNAME, "secret": SECRET,
                     "trunks": ["PJSIP/trunk"], "clock_step_s": 0}],
            "queues": queues,
            "store": {"url": f"sqlite+aiosqlite:///{folder}/callcenter.db"},
            "web": {"host": host, "port": port},
        },
        "demo",
    )  # fmt: skip


def _welcome(host: str, port: int, speed: float, say: Callable[[str], None]) -> None:
    say(f"A simulated call centre is live; its time runs {speed:g} times as fast. Ctrl-C ends it, nothing is kept.")
    for path, what in PAGES:
        say(f"  http://{host}:{port}{path}  {what}")
