"""Equal counts are equal whatever the borders; what differs is named with its queue, its interval and its calls."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.holes import CAPTURES, Observer, events_of, lines_of, name_of

from callcenter.floor.records import Outcome
from callcenter.queue_log import LoggedVisit, fold
from callcenter.queue_log.audit import Counted, audit, named

DAY = 1_795_000_500.0  # 1994445 intervals: the border of one
WAITS = st.tuples(
    st.floats(0, 3000), st.floats(0.1, 100), st.sampled_from([Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMED_OUT]),
    st.sampled_from(["sales", "support"]), st.integers(0, 2),
)  # fmt: skip


def both(waits: list[tuple[float, float, Outcome, str, int]]) -> tuple[list[Counted], list[LoggedVisit]]:
    """The same visits as we count them and as the log has them, in whole seconds and a little later."""
    ours, theirs = [], []
    for n, (entered, wait_s, outcome, queue, rings) in enumerate(waits):
        at = DAY + entered
        ours.append(Counted(queue, at, outcome, at + wait_s, rings))
        log = LoggedVisit(f"c{n}", queue, float(math.floor(at + 0.001)))
        log.outcome, log.left_at, log.ring_no_answer = outcome, float(math.floor(at + wait_s + 0.001)), rings
        theirs.append(log)
    return ours, theirs


@given(st.lists(WAITS, max_size=60), st.floats(0, 1000), st.floats(1500, 3000))
def test_the_same_visits_never_differ_if_all_are_decided(waits: list[object], since: float, until: float) -> None:
    ours, theirs = both(waits)  # type: ignore[arg-type]
    decided = [n for n, visit in enumerate(ours) if visit.left_at and not -2 < visit.left_at - DAY - until < 2]
    ours, theirs = [ours[n] for n in decided], [theirs[n] for n in decided]
    assert audit(ours, theirs, DAY + since, DAY + until) == []


@given(st.lists(WAITS, min_size=1, max_size=20), st.data())
def test_one_that_is_missing_on_either_side_is_told(waits: list[object], data: st.DataObject) -> None:
    ours, theirs = both(waits)  # type: ignore[arg-type]
    n = data.draw(st.integers(0, len(waits) - 1))
    if data.draw(st.booleans()):
        gone: Counted = ours.pop(n)
        wrong = -1
    else:
        gone = ours[n]
        del theirs[n]
        wrong = 1
    gaps = audit(ours, theirs, DAY - 70, DAY + 4000)
    assert {(gap.queue, gap.name, gap.ours - gap.theirs) for gap in gaps if gap.name != "ring_no_answer"} == {
        (gone.queue, "offered", wrong), (gone.queue, str(gone.outcome), wrong),
    }  # fmt: skip
    assert all(gap.from_ <= gone.entered_at < gap.to for gap in gaps)


def test_the_calls_that_are_told_differently_are_named() -> None:
    ours, theirs = both([(10.0, 5.0, Outcome.ANSWERED, "sales", 0), (40.0, 5.0, Outcome.ANSWERED, "sales", 0)])
    theirs[1].outcome = Outcome.ABANDONED
    gaps = audit(ours, theirs, DAY, DAY + 900)
    assert [(gap.name, gap.ours, gap.theirs) for gap in gaps] == [("abandoned", 0, 1), ("answered", 2, 1)]
    assert named(gaps[0], zip(["c0", "c1"], ours, strict=True), theirs).calls == ("c1",)


def test_who_waits_is_open_on_both_sides() -> None:
    ours, theirs = both([(10.0, 5.0, Outcome.ANSWERED, "sales", 0), (40.0, 500.0, Outcome.ANSWERED, "sales", 1)])
    assert audit(ours, theirs, DAY, DAY + 200) == []
    theirs[1].outcome, theirs[1].left_at, theirs[1].ring_no_answer = None, None, 0
    assert audit(ours, theirs, DAY, DAY + 200) == []
    assert [gap.name for gap in audit(ours, theirs, DAY, DAY + 700)] == ["answered", "open", "ring_no_answer"]


@pytest.mark.parametrize("path", CAPTURES, ids=name_of)
def test_figures_of_a_real_stream_never_differ_from_the_queue_log_beside_it(path: object) -> None:
    observer = Observer()
    events = events_of(path)  # type: ignore[arg-type]
    observer.play(*events)
    ours = [Counted(*row) for row in observer.window.counted(0.0, math.inf)]
    assert len(ours) >= 25
    logged = fold(lines_of(path))  # type: ignore[arg-type]
    assert audit(ours, logged, events[0].at - 100, events[-1].at + 200) == []
    assert audit(ours[:-1], logged, events[0].at - 100, events[-1].at + 200) != []
