"""verify: equal where the PBX agrees, and every difference named with its calls."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.floor.records import Attempt, CallRecord, Direction, Outcome, Result, Visit
from callcenter.queue_log import LoggedVisit
from callcenter.verify import compare


def visit(queue: str = "sales", outcome: Outcome | None = Outcome.ANSWERED, **more: object) -> Visit:
    base = Visit(
        queue=queue, entered_at=100.0, position=1, left_at=104.5, wait_s=4.5, outcome=outcome, agent="Bob",
        interface="PJSIP/1", talk_s=20.7 if outcome is Outcome.ANSWERED else None, hold_s=0.0, wrap_up_s=None,
        transferred=False, ended_by="caller", attempts=(),
    )  # fmt: skip
    return msgspec.structs.replace(base, **more)


def record(call: str, *visits: Visit) -> CallRecord:
    return CallRecord(
        id=f"main-0-{call}", pbx="main", linkedid=call, direction=Direction.IN, number="", name="", called="",
        started_at=99.0, answered_at=None, ended_at=130.0, visits=visits, conversations=(), transfers=(),
        ended_by="caller", hangup_cause=16, seen="whole",
    )  # fmt: skip


def logged(call: str, queue: str = "sales", outcome: Outcome | None = Outcome.ANSWERED, **more: object) -> LoggedVisit:
    row = LoggedVisit(call, queue, 100.0)
    row.outcome, row.wait_s = outcome, 4.0
    row.talk_s = 20.0 if outcome is Outcome.ANSWERED else 0.0
    for key, value in more.items():
        setattr(row, key, value)
    return row


def differences(records: list[CallRecord], log: list[LoggedVisit]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(d.queue, d.name): d.calls for d in compare(records, log, 0.0, 1000.0).differences}


def test_whole_seconds_against_fractions_are_equal() -> None:
    assert differences([record("c1", visit()), record("c2", visit())], [logged("c1"), logged("c2")]) == {}


def test_nothing_equals_nothing() -> None:
    assert compare([], [], 0.0, 1.0).rows == {}


@pytest.mark.parametrize(("ours", "theirs", "names"), [
    (visit(outcome=Outcome.ABANDONED), logged("c2", outcome=Outcome.TIMED_OUT),
     {"abandoned", "timed_out", "wait_abandoned_s"}),
    (visit(outcome=None), logged("c2"), {"open", "answered", "wait_answered_s", "talk_s"}),
    (visit(transferred=True), logged("c2"), {"transferred"}),
    (visit(), logged("c2", ring_no_answer=1), {"ring_no_answer"}),
])  # fmt: skip
def test_a_different_story_is_named_with_its_call(ours: Visit, theirs: LoggedVisit, names: set[str]) -> None:
    found = differences([record("c1", visit()), record("c2", ours)], [logged("c1"), theirs])
    assert {name for _, name in found} <= names
    assert {call for calls in found.values() for call in calls} == {"c2"}


def test_a_call_that_one_side_lacks_is_named() -> None:
    both = [record("c1", visit()), record("c2", visit())], [logged("c1"), logged("c3", queue="vip")]
    found = differences(*both)
    assert found["sales", "offered"] == ("c2",)
    assert found["vip", "offered"] == ("c3",)


def test_seconds_may_differ_by_one_a_call_and_no_more() -> None:
    ours = [record("c1", visit()), record("c2", visit())]
    log = [logged("c1"), logged("c2")]
    log[0].talk_s = 20.7 + 0.7 - 1.99
    assert differences(ours, log) == {}
    log[0].talk_s -= 0.1
    assert differences(ours, log) == {("sales", "talk_s"): ()}


def test_rings_that_were_no_answers_are_counted_and_others_not() -> None:
    rang = Attempt("Ann", "PJSIP/2", 100.0, 8.0, Result.NO_ANSWER, True)
    attempts = (rang, msgspec.structs.replace(rang, result=Result.CANCELLED, unanswered=False))
    assert differences([record("c1", visit(attempts=attempts))], [logged("c1", ring_no_answer=1)]) == {}


def test_callers_who_were_never_let_in_are_in_no_queue_log() -> None:
    refused = visit(outcome=Outcome.REFUSED_FULL)
    assert differences([record("c1", visit(), refused)], [logged("c1")]) == {}


def test_only_the_time_that_the_queue_log_covers_is_compared() -> None:
    early, late = visit(entered_at=49.0), visit(entered_at=1001.0)
    verdict = compare([record("c0", early), record("c1", visit()), record("c2", late)], [logged("c1")], 50.0, 1000.0)
    assert verdict.differences == ()
    assert verdict.rows["sales"]["offered"] == (1, 1)
