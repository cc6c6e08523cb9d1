"""Callers of a real Asterisk do not notice that the daemon beside it is stopped, not even in the midst of a snapshot.

Half a minute. The long form, with figures: ``python benchmarks/harm.py``.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest
from lab.agreement import differences, holes_of
from lab.asterisk import Asterisk
from lab.drive import drive
from lab.entering import entering
from lab.stopping import daemon_of, flood, stopped
from lab.truth import fold

GROWS_S = 0.5
USUAL_S, STOP_S = 4.0, 6.0
RATE, SECONDS = 4, 18
MORE_THAN_FITS_KB = 2000

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(180)]


async def test_callers_do_not_notice_a_stopped_daemon_and_it_knows_what_it_missed(
    asterisk22: Asterisk, tmp_path: Path
) -> None:
    lab, older = asterisk22, len(asterisk22.queue_log.read_text().splitlines())
    async with entering(lab.ami_port) as seen, daemon_of(lab, tmp_path, narrow=True) as (daemon, tap):
        calls = asyncio.create_task(drive(lab, f"load:{RATE * SECONDS}:{RATE}:3", seed=2))
        began = time.time()
        await asyncio.sleep(USUAL_S)
        under_load = await stopped(daemon, STOP_S)
        in_a_snapshot = await stopped(daemon, STOP_S, tap, flood(lab, MORE_THAN_FITS_KB), cut=True)
        await calls
        usual = statistics.median(seen.between(began, under_load[0]))
        for since, until in (under_load, in_a_snapshot):
            took = seen.between(since, until)
            assert len(took) >= STOP_S * RATE / 3
            assert took[-1] - usual < GROWS_S
        await asyncio.to_thread(daemon.until, "no call is up", daemon.none_open)
        holes = holes_of(daemon.get("/api/v1/kpis?window=today")["seen"], time.time())
        logged = fold(lab.queue_log.read_text().splitlines()[older:])
        differ = differences(daemon.all("/api/v1/calls"), logged, holes)
    since, until = in_a_snapshot
    cut_off = [hole for hole in holes if hole[0] < until and hole[1] > since]
    assert cut_off and min(hole[0] for hole in cut_off) <= since + 1, "the hole begins when nothing was heard any more"
    assert max(hole[1] for hole in cut_off) >= until
    assert sum(b - a for a, b in cut_off) <= until - since + 10, "what was seen is no hole"
    assert [one for one in differ if not one.touched] == []
