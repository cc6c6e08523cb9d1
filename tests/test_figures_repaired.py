"""Figures of repaired visits equal those of a window that saw everything."""

from __future__ import annotations

import math
from datetime import UTC

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.figures import Targets, Window
from callcenter.floor.changes import TimeShifted, VisitEnded, VisitEntered, VisitRepaired
from callcenter.floor.records import Attempt, Outcome, Result, Visit

DAY = 1_700_006_400.0
RINGS = st.lists(st.sampled_from([
    Attempt("A", "A", DAY, 1.0, Result.NO_ANSWER, True), Attempt("A", "A", DAY, 1.0, Result.CANCELLED),
]), max_size=2).map(tuple)  # fmt: skip
TRUE = st.builds(
    Visit, queue=st.sampled_from(["sales", "support"]), entered_at=st.integers(0, 5).map(lambda s: DAY + s),
    wait_s=st.integers(0, 30).map(float), outcome=st.sampled_from([o for o in Outcome if not o.startswith("refused")]),
    attempts=RINGS,
)  # fmt: skip
HOW = st.sampled_from(["seen", "unknown", "undecided", "cut short", "missing", "restored", "waiting here"])


def talking(visit: Visit) -> Visit:
    if visit.outcome is not Outcome.ANSWERED:
        return visit
    return msgspec.structs.replace(visit, talk_s=visit.wait_s, hold_s=1.0, transferred=True, agent="A", interface="A")


def window() -> Window:
    return Window(lambda queue: Targets(), UTC, "00:00")


def kept(visit: Visit, how: str) -> Visit | None:
    """As it was seen through a hole."""
    blank = {"outcome": None, "wait_s": None, "talk_s": None, "hold_s": None, "transferred": False, "attempts": ()}
    if how == "unknown":
        return msgspec.structs.replace(visit, **blank | {"outcome": Outcome.UNKNOWN, "wait_s": 3.0})
    if how in ("undecided", "waiting here"):
        return msgspec.structs.replace(visit, **blank)
    if how == "cut short":
        return msgspec.structs.replace(visit, talk_s=None if visit.talk_s is None else 0.5, attempts=())
    return None if how == "missing" else visit


@given(st.lists(st.tuples(TRUE.map(talking), HOW), max_size=12))
def test_a_window_whose_visits_are_repaired_shows_what_one_that_saw_them_shows(visits: list[tuple[Visit, str]]) -> None:
    whole, mended = window(), window()
    whole.restore([visit for visit, _ in visits], [])
    before = [kept(visit, how) for visit, how in visits]
    mended.restore([v for v, (_, how) in zip(before, visits, strict=True) if v and how != "waiting here"], [])
    for key, (visit, how) in enumerate(visits, 1):
        if how == "waiting here":
            mended.apply(VisitEntered(visit.entered_at, "c", key, visit.queue, 1))
    for key, ((visit, how), old) in enumerate(zip(visits, before, strict=True), 1):
        if how not in ("seen", "restored"):
            after = msgspec.structs.replace(visit, repaired=True)
            mended.apply(VisitRepaired(DAY, "c", old, after, key if how == "waiting here" else 0))
    ours, theirs = mended.table(0.0, math.inf, DAY + 100), whole.table(0.0, math.inf, DAY + 100)
    for name in theirs:
        shown = {k: v for k, v in ours[name].items() if k != "repaired"}
        assert shown == {k: v for k, v in theirs[name].items() if k != "repaired"}, name
    assert ours[""]["repaired"] == sum(how not in ("seen", "restored") for _, how in visits)


@pytest.mark.parametrize("key", [0, 7])
def test_a_visit_that_was_over_before_the_clock_was_set_keeps_its_row_when_it_is_repaired(key: int) -> None:
    """``key``: of a visit that this process saw itself."""
    before = Visit("sales", DAY + 10.3, left_at=DAY + 12.0, wait_s=1.7, outcome=Outcome.UNKNOWN)
    after = msgspec.structs.replace(before, outcome=Outcome.ABANDONED, repaired=True)
    figures = window()
    if key:
        figures.apply(VisitEntered(DAY + 10.3, "call", key, "sales", 1))
        figures.apply(VisitEnded(DAY + 12.0, "call", key, before))
    else:
        figures.restore([before], [])
    for by_s in (3600.1, -7200.3):
        figures.apply(TimeShifted(DAY, "", by_s))
    figures.apply(VisitRepaired(DAY, "call", before, after, key))
    assert [row[:3] for row in figures.counted(0.0, math.inf)] == [
        ("sales", pytest.approx(DAY + 10.3 - 3600.2), Outcome.ABANDONED),
    ]  # fmt: skip
