"""kill -9 of the daemon at any moment: what was acknowledged is there, each outside call has one ticket, none is twice.

The long form, 200 kills in some ten minutes: ``pytest -m long -s tests/crash``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import kill_again_and_again


@pytest.mark.parametrize(
    ("kills", "seed"),
    [(8, 1), pytest.param(200, 2, marks=[pytest.mark.long, pytest.mark.timeout(3600)])],
    ids=["8 kills", "200 kills"],
)
def test_kill_9_at_named_points_loses_nothing_that_was_acknowledged(tmp_path: Path, kills: int, seed: int) -> None:
    left = kill_again_and_again(tmp_path, kills, seed)
    print(left)
    assert left.calls > 10 * kills
    assert (left.missing, left.twice, left.open) == ([], [], [])
    assert (left.without_ticket, left.stray_tickets) == ([], [])
    assert left.journal >= left.journal_acknowledged > 0
