"""The judge of live runs, over captures: content with what is right, and not with one wrong word."""

from __future__ import annotations

import math
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from callcenter.floor.records import as_api
from lab.agreement import differences
from lab.holes import CAPTURES, events_of, lines_of, name_of, watch
from lab.truth import Truth, read


def told(path: Path) -> tuple[list[dict[str, Any]], Truth]:
    """The calls as the API has them, and the log."""
    seen = watch(events_of(path), lines_of(path), [])
    calls = [as_api(record, UTC, lambda number: None) for record in seen.stored.values()]
    return calls, read(path.with_name(name_of(path) + ".queue_log"))


@pytest.mark.parametrize("path", [path for path in CAPTURES if "behaviours" in name_of(path)], ids=name_of)
def test_each_wrong_word_of_a_visit_is_told_with_its_call(path: Path) -> None:
    calls, truth = told(path)
    assert differences(calls, truth) == []
    call = next(c for c in calls if any(v["outcome"] == "answered" and v["talk_s"] for v in c["visits"]))
    for wrong in ({"agent": "Nobody"}, {"outcome": "abandoned"}, {"wait_s": math.inf}, {"talk_s": 1e6}):
        visit = next(v for v in call["visits"] if v["outcome"] == "answered")
        kept = dict(visit)
        visit |= wrong
        assert [found.id for found in differences(calls, truth)] == [call["id"]], wrong
        visit |= kept
