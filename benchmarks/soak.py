"""A daemon beside a busy PBX for a long time, with a fault of the link a minute: does it grow, does it keep up?

    python benchmarks/soak.py [--minutes 30] [--rate 10] [--every 60] [--seed 1] [--warm-up MINUTES] [--bound MB]

The PBX is the simulated one at real speed, a process of its own, and so is the daemon; the link goes through the lab's
relay. Prints a line a minute, then the slope of the memory by least squares after the warm-up, open files, threads,
lag while nothing disturbs the link, and the store's size. Memory grows by right with the day's calls, whose rows the
figures need, and for an hour and a quarter with what queue_log told of them: the bound is what these take (see
``KEPT_BYTES``) with the gaps between them, and the slope is told for each call too. It needs a warm-up: what a first
snapshot told of is replaced by what was seen whole. Exit status 1: memory grows faster than the bound, or files grow.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import the_lab  # noqa: F401
from lab.daemon import Running, running
from lab.proxy import Proxy, script

USER, SECRET = "callcenter", "demo"
EVERY_S = 2.0
UNDISTURBED_S = 20.0
FILES_MORE = 5

KEPT_BYTES = 330 + 750
"""Of a call that visits a queue: the figures' rows of it and of the agents' time (tracemalloc; kept for the business
day), and the visit as queue_log tells it (at most, see tests/test_queue_log.py; kept for an hour and a quarter)."""

GAPS = 1.5
"""The kernel counts pages, and Python's allocator fills its pages with what stays and what goes side by side."""


@dataclass(frozen=True, slots=True)
class Sample:
    """``at``: seconds since the start. ``disturbed``: a fault was there, or a moment ago."""

    at: float
    rss_mb: float
    files: int
    threads: int
    store_mb: float
    lag_s: float
    pending: float
    up: float
    begun: float
    disturbed: bool


@contextlib.contextmanager
def simulating(options: argparse.Namespace, folder: Path, agents: int = 0, queues: int = 30) -> Iterator[int]:
    """The port of a simulated PBX, which lives as long as somebody is connected; ``agents``: 0 for as many as it
    takes."""
    command = [
        sys.executable, "-m", "callcenter", "simulate", "--port", "0", "--agents",
        str(agents or int(options.rate * 150)), "--queues", str(queues),
        "--rate", str(options.rate * 3600), "--seed", str(options.seed),
        "--queue-log", str(folder / "queue_log"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pbx:
        assert pbx.stdout
        try:
            port = int(pbx.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0])
            with socket.create_connection(("127.0.0.1", port)):
                yield port
        finally:
            pbx.kill()


def sample(daemon: Running, folder: Path, at: float, disturbed: bool) -> Sample:
    process = Path(f"/proc/{daemon.process.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    told = metrics(daemon)
    return Sample(
        at, int(status["VmRSS"].split()[0]) / 1024, len(list((process / "fd").iterdir())),
        int(status["Threads"]), sum(path.stat().st_size for path in folder.glob("callcenter.db*")) / 1e6,
        told.get("callcenter_ami_lag_seconds", 0.0), told["callcenter_store_pending"], told["callcenter_calls_up"],
        told["callcenter_calls_started_total"], disturbed,
    )  # fmt: skip


def metrics(daemon: Running, *names: str) -> dict[str, float]:
    """Those without labels: all, or these."""
    lines = daemon.http.get("/metrics", params={"name[]": names}).text.splitlines()
    pairs = (line.split(" ") for line in lines if not line.startswith("#") and "{" not in line)
    return {name: float(value) for name, value in pairs}


class Weather:
    """Faults a minute; ``quiet_since``: the moment from which on there was none, None while there is one."""

    def __init__(self, proxy: Proxy, options: argparse.Namespace) -> None:
        self.proxy, self.count = proxy, 0
        self.steps = script(options.seed, options.minutes * 60 - min(60, options.minutes * 30), options.every)
        self.quiet_since: float | None = 0.0

    async def play(self) -> None:
        for step in self.steps:
            await asyncio.sleep(step.wait_s)
            self.count += step.words != "clear"
            self.quiet_since = None
            await self.proxy.do(step.words)
            if step.words == "clear":
                self.quiet_since = time.monotonic()

    def disturbed(self) -> bool:
        return self.quiet_since is None or time.monotonic() - self.quiet_since < UNDISTURBED_S


async def soak(options: argparse.Namespace, folder: Path) -> tuple[list[Sample], int]:
    """Samples until the end, and how many faults there were."""
    samples: list[Sample] = []
    with simulating(options, folder) as port:
        async with Proxy("127.0.0.1", port, seed=options.seed) as proxy:
            more = f'queue_log = "{folder / "queue_log"}"'
            process = running(folder, proxy.port, USER, SECRET, '["PJSIP/trunk"]', pbx=more)
            daemon = await asyncio.to_thread(process.__enter__)
            weather = Weather(proxy, options)
            playing = asyncio.create_task(weather.play())
            began = time.monotonic()
            try:
                while (at := time.monotonic() - began) < options.minutes * 60:
                    samples.append(await asyncio.to_thread(sample, daemon, folder, at, weather.disturbed()))
                    if len(samples) % int(60 / EVERY_S) == 1:
                        print(line(samples[-1]), flush=True)
                    await asyncio.sleep(EVERY_S)
            finally:
                playing.cancel()
                await asyncio.to_thread(process.__exit__, None, None, None)
    return samples, weather.count


def line(s: Sample) -> str:
    return (
        f"{s.at / 60:6.1f}{s.rss_mb:9.1f}{s.files:7}{s.threads:9}{s.store_mb:10.1f}"
        f"{s.pending:9.0f}{s.up:7.0f}{s.begun:8.0f}{s.lag_s * 1e3:9.1f}"
    )


def verdict(samples: list[Sample], faults: int, options: argparse.Namespace) -> bool:
    """Prints it; whether all is well."""
    settled = [s for s in samples if s.at >= options.warm_up * 60]
    times = [s.at / 3600 for s in settled]
    slope = statistics.linear_regression(times, [s.rss_mb for s in settled]).slope
    calls_an_hour = statistics.linear_regression(times, [s.begun for s in settled]).slope
    files = settled[0].files, max(s.files for s in settled), settled[-1].files
    lags = sorted(s.lag_s for s in settled if not s.disturbed)
    print(f"{faults} faults, {samples[-1].begun:.0f} calls, {len(settled)} samples after {options.warm_up:g} min")
    print(f"memory {slope:+.1f} MB/h (bound {options.bound:g}), {1e6 * slope / calls_an_hour:.0f} bytes a call")
    print(f"open files {files[0]} at first, {files[1]} at most, {files[2]} at last; threads {settled[-1].threads}")
    if lags:
        p50, p99 = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
        print(f"lag while undisturbed p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms ({len(lags)} samples)")
    print(f"store {samples[-1].store_mb:.1f} MB; unwritten at most {max(s.pending for s in samples):.0f} changes")
    return slope <= options.bound and files[2] <= files[0] + FILES_MORE


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=30.0)
    words.add_argument("--rate", type=float, default=10.0, help="calls a second")
    words.add_argument("--every", type=float, default=60.0, help="seconds between faults, about")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--warm-up", type=float, help="minutes that do not count; default a third")
    words.add_argument("--bound", type=float, help="MB an hour that memory may grow; default what is kept by right")
    options = words.parse_args()
    options.warm_up = options.minutes / 3 if options.warm_up is None else options.warm_up
    options.bound = options.rate * 3600 * KEPT_BYTES * GAPS / 1e6 if options.bound is None else options.bound
    print("   min      MB  files  threads  store MB  pending     up   calls   lag ms")
    with tempfile.TemporaryDirectory() as folder:
        samples, faults = asyncio.run(soak(options, Path(folder)))
    return int(not verdict(samples, faults, options))


if __name__ == "__main__":
    sys.exit(main())
