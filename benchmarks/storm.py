"""Real SIP calls with all behaviours, a link that fails at random, a daemon that is killed now and then: who was right?

    python benchmarks/storm.py [--calls 2000] [--rate 3] [--seed 1] [--every 20] [--version 22] [--no-queue-log]

Prints each fault with its time, then whether all counts equal queue_log, seconds within one a call, nothing is open,
and every call with the outside world has its ticket. What differs is named: the call, its timeline as the daemon has
it, and its lines of queue_log. Exit status 1 when something differs. Needs root and debootstrap.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import the_lab  # noqa: F401
from lab.asterisk import SUITES, Asterisk, running
from lab.debian import last_lines
from lab.storm import Aftermath, storm, weather

SHOWN = 10


def told(after: Aftermath, queue_log: list[str]) -> None:
    """What came of it, with all that is needed to find a bug."""
    visits = sum(len(call["visits"]) for call in after.calls)
    dark = sum(until - since for since, until in after.holes)
    print(f"{after.placed} calls placed, {len(after.calls)} known with {visits} visits, {len(after.open)} open")
    print(f"holes: {len(after.holes)}, {dark:.1f} s")
    repaired = sum(visit.get("repaired", False) for call in after.calls for visit in call["visits"])
    untouched = sum(not one.touched for one in after.found)
    print(f"visits repaired: {repaired}, that differ: {len(after.found)}, of them touched by no hole: {untouched}")
    print(f"open: {after.open[:SHOWN]}\nticket and call do not match: {after.untold[:SHOWN]}")
    print("verify: " + (after.verdict or "equal"))
    for one in after.found[:SHOWN]:
        print(f"\n{one.call} in {one.queue}: {one.what}{' (touched by a hole)' if one.touched else ''}, id {one.id}")
        for row in after.timelines.get(one.id, []):
            print(f"    {row['at'][11:23]} {row['source']:<6} {row['name']} {row['data']}")
        for line in queue_log:
            if f"|{one.call}|" in line:
                print(f"    {line}")


async def run(lab: Asterisk, folder: Path, options: argparse.Namespace) -> Aftermath:
    steps = weather(options.seed, options.calls / options.rate, options.every, options.kills)
    more = "" if options.no_queue_log else f'queue_log = "{lab.queue_log}"'
    return await storm(lab, folder, f"mix:{options.calls}:{options.rate}", options.seed, steps, more, _say)


def _say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--calls", type=int, default=2000)
    words.add_argument("--rate", type=float, default=3.0, help="calls a second")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--every", type=float, default=20.0, help="seconds between faults, about")
    words.add_argument("--kills", type=float, default=0.2, help="share of the faults that kill the daemon")
    words.add_argument("--version", type=int, default=22, choices=sorted(SUITES))
    words.add_argument("--no-queue-log", action="store_true", help="the daemon cannot read queue_log")
    words.add_argument("--keep", type=Path, help="a folder for the store and the daemon's log")
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as passing, running(SUITES[options.version]) as lab:
        folder = options.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            after = asyncio.run(run(lab, folder, options))
        except BaseException:
            print(f"Asterisk: {lab.process.poll()}\n{lab.messages()[-2000:]}\n{last_lines(lab.logs / 'console')}")
            raise
        log = lab.queue_log.read_text(errors="replace").splitlines()
        if options.keep:
            (folder / "queue_log").write_text("\n".join(log) + "\n")
    told(after, log)
    return int(bool(after.found or after.open or after.untold or after.verdict))


if __name__ == "__main__":
    sys.exit(main())
