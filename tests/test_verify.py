"""verify: equal where the PBX agrees, and every difference named with its calls."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.floor.records import Attempt, CallRecord, Direction, Outcome, Result, Visit
from callcenter.queue_log import Line, LoggedVisit, parse
from callcenter.verify import compare, verdict


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


# ---- the time that both tell of -----------------------------------------------------------------------------


def lines_of(*lines: str) -> list[Line]:
    return [parse(line, "here") for line in lines]


def story(call: str, at: int, wait: int = 2, talk: int = 10, queue: str = "sales") -> list[str]:
    """An answered visit as queue_log has it."""
    return [
        f"{at}|{call}|{queue}|NONE|ENTERQUEUE||0912|1", f"{at + wait}|{call}|{queue}|Bob|CONNECT|{wait}|x|1",
        f"{at + wait + talk}|{call}|{queue}|Bob|COMPLETECALLER|{wait}|{talk}|1",
    ]  # fmt: skip


def answered(call: str, at: float, wait: float = 2.0, talk: float | None = 10.0, **more: object) -> CallRecord:
    return record(call, visit(entered_at=at, left_at=at + wait, wait_s=wait, talk_s=talk, **more))


def told(*lines: str) -> list[Line]:
    return lines_of(*sorted(lines))


BEFORE, DURING, AFTER = story("1.1", 110), story("1.2", 210, talk=15), story("1.3", 310)


def test_a_pbx_older_than_the_daemon_is_compared_from_the_daemons_first_moment() -> None:
    (since, until), found = verdict([answered("1.2", 210.5, talk=15.0)], (200.2, 240.0), told(*BEFORE, *DURING))
    assert 201 <= since < 210
    assert until > 227
    assert found.differences == ()
    assert found.rows["sales"]["offered"] == found.rows["sales"]["answered"] == (1, 1)


def test_a_caller_who_waited_when_the_daemon_began_is_left_out_on_both_sides() -> None:
    """The snapshot knows whole seconds of waiting, so its beginning is not the log's; its end is after ours."""
    straddles = story("1.1", 198, wait=6)
    _, found = verdict(
        [answered("1.1", 198.7, 5.4), answered("1.2", 210.5, talk=15.0)], (200.2, 240.0), told(*straddles, *DURING)
    )
    assert (found.differences, found.rows["sales"]["offered"]) == ((), (1, 1))


def test_inside_the_range_nothing_is_forgiven() -> None:
    """A call that only the log has, in the very middle."""
    _, found = verdict(
        [answered("1.2", 210.5, talk=15.0), answered("1.4", 250.5)], (200.2, 270.0),
        told(*BEFORE, *DURING, *story("1.9", 230, talk=1), *story("1.4", 250)),
    )  # fmt: skip
    assert {(d.name, d.calls) for d in found.differences} >= {("offered", ("1.9",))}


def test_a_visit_that_we_hold_open_and_the_log_ended_long_ago_is_a_difference() -> None:
    hanging = record("1.2", visit(entered_at=210.5, left_at=None, wait_s=None, outcome=None, talk_s=None))
    _, found = verdict([hanging, answered("1.3", 310.5)], (200.2, 400.0), told(*DURING, *AFTER))
    assert {"open", "answered"} <= {d.name for d in found.differences}


def left_by_a_key(at: int) -> list[str]:
    return [f"{at}|1.5|sales|NONE|ENTERQUEUE||0912|1", f"{at + 20}|1.5|sales|NONE|EXITWITHKEY|1|1|1|20"]


def test_a_caller_of_whom_ami_has_not_told_yet_why_he_left_is_no_difference() -> None:
    """A key is known by what the caller does next, seconds later; queue_log has the line at once."""
    left = record("1.5", visit(entered_at=300.5, left_at=None, wait_s=None, outcome=None, talk_s=None))
    log = told(*DURING, *left_by_a_key(300), *story("1.6", 321, talk=1))
    (_, until), found = verdict([answered("1.2", 210.5, talk=15.0), left, answered("1.6", 321.5, talk=1.0)],
                                (200.2, 326.0), log)  # fmt: skip
    assert until == 320
    assert found.differences == ()
    assert found.rows["sales"]["open"] == (1, 1)


def test_a_minute_later_it_is_one() -> None:
    left = record("1.5", visit(entered_at=300.5, left_at=None, wait_s=None, outcome=None, talk_s=None))
    log = told(*DURING, *left_by_a_key(300), *story("1.6", 400))
    _, found = verdict([answered("1.2", 210.5, talk=15.0), left, answered("1.6", 400.5)], (200.2, 440.0), log)
    assert {(d.name, d.calls) for d in found.differences} == {("exited", ("1.5",)), ("open", ("1.5",))}


def test_a_hang_up_is_told_at_once() -> None:
    left = record("1.5", visit(entered_at=300.5, left_at=None, wait_s=None, outcome=None, talk_s=None))
    log = told(*DURING, left_by_a_key(300)[0], "320|1.5|sales|NONE|ABANDON|1|1|20", *story("1.6", 323, talk=1))
    _, found = verdict([answered("1.2", 210.5, talk=15.0), left, answered("1.6", 323.5, talk=1.0)], (200.2, 330.0), log)
    assert {(d.name, d.calls) for d in found.differences} >= {("abandoned", ("1.5",)), ("open", ("1.5",))}


def test_a_log_that_ends_before_us_is_compared_up_to_its_end() -> None:
    """When it was copied 1.2 talked and 1.3 was not there."""
    records = [answered("1.1", 110.5), answered("1.2", 210.5, talk=15.0), answered("1.3", 310.5)]
    (_, until), found = verdict(records, (100.0, 330.0), told(*BEFORE, *DURING[:2]))
    assert until <= 212
    assert found.differences == ()
    assert found.rows["sales"]["offered"] == (2, 2)
    assert found.rows["sales"]["open"] == (1, 1)


def test_a_store_that_ends_before_the_log_is_compared_up_to_its_end() -> None:
    talks = answered("1.2", 210.5, talk=None)
    (_, until), found = verdict([answered("1.1", 110.5), talks], (100.0, 215.0), told(*BEFORE, *DURING, *AFTER))
    assert until == 215
    assert found.differences == ()
    assert found.rows["sales"]["answered"] == (2, 2)
    assert found.rows["sales"]["talk_s"] == (10, 10)


def test_no_border_is_drawn_where_a_millisecond_decides() -> None:
    """Ours entered at 201.001, the log wrote it at 200.999."""
    close = story("1.5", 200)
    (since, _), found = verdict(
        [answered("1.5", 201.001), answered("1.2", 210.5, talk=15.0)], (200.2, 240.0), told(*BEFORE, *close, *DURING)
    )
    assert since == 202
    assert (found.differences, found.rows["sales"]["offered"]) == ((), (1, 1))


def test_a_short_time_of_a_busy_pbx_is_compared_though_no_second_is_quiet() -> None:
    """Half of it repaired from the log: whole seconds, one after the other."""
    ours, lines = [], []
    for n in range(600):  # a minute, ten callers a second
        at = 1000 + n / 10 + 0.037 * (n % 3) if n < 300 else 1000.0 + n // 10
        gave_up = visit(outcome=Outcome.ABANDONED, entered_at=at, left_at=at + 2.0, wait_s=2.0)
        ours.append(record(f"c{n}", gave_up))
        lines += [f"{int(at)}|c{n}|sales|NONE|ENTERQUEUE||0912|1", f"{int(at) + 2}|c{n}|sales|NONE|ABANDON|1|1|2"]
    written = sorted((parse(line, "test") for line in lines), key=lambda line: line.at)
    for told in ((1003.5, 1050.5), (1000.5, 1040.2)):
        (since, until), result = verdict(ours, told, written)
        assert until - since > 20
        assert result.differences == ()


def test_both_whole_are_compared_to_the_last_second() -> None:
    records = [answered("1.1", 110.9), answered("1.2", 210.9)]
    _, found = verdict(records, (110.1, 222.95), told(*BEFORE, *story("1.2", 210)))
    assert (found.differences, found.rows["sales"]["offered"]) == ((), (2, 2))


def test_what_the_pbxs_death_ended_is_open_in_its_log() -> None:
    lost = record("1.2", visit(entered_at=210.5, left_at=215.0, wait_s=4.5, outcome=Outcome.PBX_LOST, talk_s=None))
    _, found = verdict([answered("1.1", 110.5), lost, answered("1.3", 310.5)], (100.0, 400.0),
                       told(*BEFORE, DURING[0], *AFTER))  # fmt: skip
    assert found.differences == ()
    assert found.rows["sales"]["open"] == (1, 1)


def test_two_that_never_met_have_nothing_to_compare() -> None:
    (since, until), found = verdict([answered("1.2", 210.5)], (200.2, 240.0), told(*BEFORE))
    assert since >= until
    assert found.rows == {}


def test_equal_counts_of_other_calls_are_no_agreement() -> None:
    ours = [record("c1", visit()), record("c2", visit())]
    assert differences(ours, [logged("d1"), logged("d2")]) == {("all queues", "calls known"): ("d1", "d2")}
