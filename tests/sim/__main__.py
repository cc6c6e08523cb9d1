"""Simulations by the thousand: ``python tests/sim [--seeds 1000] [--from 0] [--jobs 2]``, or one: ``--seed N --trace``.

Prints each seed that failed, why, and how to see it again. Exit status 1 when one did.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from one_run import simulate, tried


def _many(seeds: range, jobs: int) -> int:
    began, failed = time.monotonic(), 0
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=50) as pool:
        for run in pool.imap_unordered(tried, seeds):
            if run.problems:
                failed += 1
                print(f"seed {run.seed}: {len(run.problems)} problems; python tests/sim --seed {run.seed} --trace")
                print("\n".join(f"    {problem}" for problem in run.problems[:6]), flush=True)
    print(f"{len(seeds)} simulations, {failed} failed, {time.monotonic() - began:.0f} s")
    return int(failed > 0)


def _one(seed: int, trace: bool, faults: list[str] | None) -> int:
    run = simulate(seed, trace, faults)
    print("\n".join(run.problems))
    facts = {name: value for name, value in run.facts.items() if name != "window"}
    print(f"seed {seed}: {len(run.problems)} problems, digest {run.digest[:16]}, {facts}")
    return int(bool(run.problems))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--faults", help="these instead of drawn ones, with commas between")
    given = parser.parse_args()
    named = given.faults.split(",") if given.faults is not None else None
    if given.seed is not None:
        sys.exit(_one(given.seed, given.trace, [] if named == [""] else named))
    sys.exit(_many(range(given.first, given.first + given.seeds), given.jobs))
