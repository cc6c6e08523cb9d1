"""How fast a stream is taken in, beside panoramisk's bare dispatch of the same bytes. One run, ratios.

    python benchmarks/ingest.py [--events 200000] [--profile]

Prints events a second of processor time (the machine may be shared; the runs take turns, the median counts) of
(a) panoramisk parsing and dispatching every event to a no-op, (b) the whole path: bytes, Floor, figures, metrics
(figures each second of wall time, as the daemon does; one scrape a second), (c) the same with the store on. Then the
memory of a call that is up, and the time from bytes on the socket to the board on a page at 20 calls/s.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import logging
import pstats
import statistics
import tempfile
import time
from pathlib import Path

from latency import latency
from live import bytes_a_call
from stream import chunks, repeated

from callcenter import clock
from callcenter.ami.framing import Framer
from callcenter.config import parse
from callcenter.daemon import Daemon, opened
from callcenter.floor.translate import WANTED
from callcenter.memory import settle_memory


def panoramisk_alone(data: list[bytes]) -> float:
    """Processor seconds for panoramisk to parse every message and dispatch it to one callback that does nothing."""
    from panoramisk import Manager
    from panoramisk.ami_protocol import AMIProtocol

    logging.disable(logging.CRITICAL)
    manager = Manager(loop=asyncio.new_event_loop())
    manager.register_event("*", lambda _manager, _event: None)
    protocol = AMIProtocol()
    protocol.connection_made(None)
    protocol.factory, protocol.encoding = manager, "utf-8"
    protocol.responses = {}
    began = time.process_time()
    for chunk in data:
        protocol.data_received(chunk)
    return time.process_time() - began


gc_defaults = gc.get_threshold()


async def whole_path(data: list[bytes], store: bool) -> float:
    """Processor seconds for bytes → Floor → figures → metrics; with ``store`` until the last row is committed."""
    with tempfile.TemporaryDirectory() as folder:
        config = parse({"pbx": [{"secret": "-"}], "store": {"url": f"sqlite+aiosqlite:///{folder}/b.db"}}, "benchmark")
        async with opened(config) as daemon:
            if not store:
                daemon.consumer.journal_on = False
                daemon.pipeline.put = lambda *_: None  # type: ignore[method-assign]
            writer = asyncio.create_task(daemon.pipeline.run())
            settle_memory()
            began = time.process_time()
            await _feed(daemon, data, store)
            await daemon.pipeline.drain(600)
            took = time.process_time() - began
            await writer
    gc.unfreeze()
    gc.set_threshold(*gc_defaults)
    return took


async def _feed(daemon: Daemon, data: list[bytes], store: bool) -> None:
    framer = Framer(WANTED)
    # until the first Timestamp: the time of the stream is now, as on a live link
    daemon.link.clock.offset = -clock.now()
    second = time.perf_counter() + 1
    for chunk in data:
        daemon.consumer.take(framer.feed(chunk), clock.now())
        if time.perf_counter() >= second:
            second += 1
            await daemon.boards.refresh()
            await daemon.metrics()
        if store:
            await asyncio.sleep(0)
    await daemon.boards.refresh()
    await daemon.metrics()
    assert daemon.boards.figures["today"][""]["offered"], "the figures saw nothing"


def main() -> None:
    args = argparse.ArgumentParser()
    args.add_argument("--events", type=int, default=200_000)
    args.add_argument("--rounds", type=int, default=3)
    args.add_argument("--profile", action="store_true")
    args.add_argument("--only", choices=["speed", "memory", "latency"])
    wanted = args.parse_args()
    if wanted.only in (None, "speed"):
        speed(wanted.events, wanted.profile, wanted.rounds)
    if wanted.only in (None, "memory"):
        print(f"memory of a call that is up        {bytes_a_call(10_000):8.0f} bytes (aim <= 4096)")
    if wanted.only in (None, "latency"):
        waits = asyncio.run(latency(calls_per_second=20, seconds=20))
        p = statistics.quantiles(waits, n=100)
        print(f"bytes to page at 20 calls/s        p50 {p[49] * 1e3:.1f} ms, p99 {p[98] * 1e3:.1f} ms (aim <= 50)")


def speed(events: int, profile: bool, rounds: int) -> None:
    stream, count = repeated(events)
    data = chunks(stream)
    print(f"{count} events, {len(stream) / 1e6:.1f} MB, {Path(repeated.__defaults__[0]).name}")  # type: ignore[index]
    if profile:
        with cProfile.Profile() as p:
            asyncio.run(whole_path(data, store=False))
        pstats.Stats(p).sort_stats("tottime").print_stats(35)
        return
    runs = {"alone": lambda: panoramisk_alone(data)}
    runs["whole"] = lambda: asyncio.run(whole_path(data, store=False))
    runs["stored"] = lambda: asyncio.run(whole_path(data, store=True))
    took: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            took[name].append(run())
    alone, whole, stored = (statistics.median(took[name]) for name in runs)
    print(f"panoramisk, dispatch to a no-op    {count / alone:8.0f} events/s")
    print(f"bytes, Floor, figures, metrics     {count / whole:8.0f} events/s, {alone / whole:.2f} x (aim >= 4)")
    print(f"the same with the store on         {count / stored:8.0f} events/s, {alone / stored:.2f} x")


if __name__ == "__main__":
    main()
