"""Calls of all behaviours on a real Asterisk, a link that fails, a daemon that is killed: all equals queue_log.

Under a minute. The long form, with faults from a seed: ``python benchmarks/storm.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.asterisk import running
from lab.fixtures import suite_or_skip
from lab.proxy import Step
from lab.storm import KILL, storm

CALLS, RATE = 60, 3
FAULTS = (Step(4, "half_open down"), Step(10, "clear"), Step(2, KILL), Step(3, "reset"))

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(240)]


async def test_after_faults_and_a_kill_all_equals_queue_log(tmp_path: Path) -> None:
    with running(suite_or_skip(22)) as lab:
        more = f'queue_log = "{lab.queue_log}"'
        after = await storm(lab, tmp_path, f"mix:{CALLS}:{RATE}", 4, list(FAULTS), more)
    assert after.placed >= CALLS
    assert sum(until - since for since, until in after.holes if until - since < 60) > 8, "it was blind for a while"
    assert any(visit["repaired"] for call in after.calls for visit in call["visits"])
    assert (after.found, after.open, after.untold, after.verdict) == ([], [], [], "")
