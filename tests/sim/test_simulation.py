"""The whole daemon on virtual time beside a simulated PBX, with faults from a seed. Some 75 s on a core of its own;
more by hand:

``python tests/sim --seeds 1000``; one again, with all that happened: ``python tests/sim --seed N --trace``.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from faults import FAULTS
from kept_seeds import KEPT, OPEN
from one_run import Run, simulate

SEEDS = [seed for seed in range(50) if seed not in OPEN]


@functools.cache
def ran(seed: int) -> Run:
    return simulate(seed)


def seen(run: Run) -> None:
    assert not run.problems, f"python tests/sim --seed {run.seed} --trace\n" + "\n".join(run.problems)
    assert run.facts["all calls ended"] and run.facts["told"] > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_fails_every_call_ends_once_and_nothing_false_is_told(seed: int) -> None:
    seen(ran(seed))


@pytest.mark.parametrize("seed", sorted(KEPT))
def test_what_was_a_bug_once_stays_mended(seed: int) -> None:
    seen(ran(seed))


def test_without_a_fault_everything_is_seen_and_equals_queue_log() -> None:
    run = simulate(1, faults=[])
    seen(run)
    assert run.facts["blind"] == [(0.0, pytest.approx(1.1, abs=0.5))]


def test_a_seed_replays_byte_for_byte_in_another_process_with_other_hashes() -> None:
    assert _digest_of(3, "1") == ran(3).digest


def _digest_of(seed: int, hashes: str) -> str:
    code = f"from one_run import simulate; print(simulate({seed}).digest)"
    environment = os.environ | {"PYTHONHASHSEED": hashes, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_other_seeds_take_another_course() -> None:
    assert ran(3).digest != ran(4).digest


def test_these_seeds_draw_every_fault() -> None:
    assert {name for seed in SEEDS for name in ran(seed).facts["faults"]} == set(FAULTS)
