"""What a repair takes from queue_log, and what it leaves as it was seen."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.floor.records import Attempt, CallRecord, Conversation, Direction, Hole, Outcome, Result, Visit
from callcenter.queue_log import Book, LoggedVisit, fold, parse
from callcenter.queue_log.pairing import pair
from callcenter.queue_log.repair import House, Looks, repair, touched, unseen_in

HOLE = Hole("main", 1000.0, 1100.0, "cut")
HOUSE = House(
    "main", lambda call, at: f"main-7-{call}", lambda queue, name: f"PJSIP/{name}",
    lambda number: len(number) == 4 or number == "7001002",
)  # fmt: skip


def log(*lines: str) -> list[LoggedVisit]:
    """``at event agent data…`` of one call in sales."""
    found = []
    for line in lines:
        at, event, agent, *data = line.split()
        call = "NONE" if event == "QUEUESTART" else "900.1"
        found.append(parse("|".join([at, call, "sales", agent, event, *data]), "test"))
    return fold(found)


ENTERS, CONNECTS = "990 ENTERQUEUE NONE - 09120000001 2", "1010 CONNECT Anna 20 900.7 6"
COMPLETES = "1040 COMPLETEAGENT Anna 20 30 2"


def visit(**fields: object) -> Visit:
    return msgspec.structs.replace(Visit("sales", 990.3, 2), **fields)


def record(*visits: Visit, **fields: object) -> CallRecord:
    made = CallRecord("main-7-900.1", "main", "900.1", Direction.IN, "09120000001", "", "800", 985.0, visits=visits)
    return msgspec.structs.replace(made, **{"seen": "partial"} | fields)


def mended(kept: CallRecord | None, logged: list[LoggedVisit], *holes: Hole) -> CallRecord | None:
    (told,) = pair([kept] if kept else [], logged)
    result = repair(told, unseen_in(holes or (HOLE,)), HOUSE)
    return result[0] if result else None


def test_a_call_that_nobody_saw_gets_a_record() -> None:
    made = mended(None, log(ENTERS, "1000 RINGNOANSWER Ben 8000", CONNECTS, COMPLETES))
    assert made is not None
    (told,) = made.visits
    assert (made.id, made.direction, made.number, made.started_at, made.seen) == (
        "main-7-900.1", Direction.IN, "09120000001", 990.0, "repaired",
    )  # fmt: skip
    assert (made.ended_at, made.ended_by, made.answered_at) == (1040.0, "agent", 1010.0)
    assert (told.outcome, told.wait_s, told.talk_s, told.ended_by) == ("answered", 20.0, 30.0, "agent")
    assert [(a.agent, a.interface, a.at, a.rang_s, a.result, a.unanswered) for a in told.attempts] == [
        ("Ben", "PJSIP/Ben", 992.0, 8.0, Result.NO_ANSWER, True),
        ("Anna", "PJSIP/Anna", 1004.0, 6.0, Result.ANSWERED, False),
    ]
    (talk,) = made.conversations
    assert (talk.interface, talk.from_, talk.to, talk.talk_s) == ("PJSIP/Anna", 1010.0, 1040.0, 30.0)


@pytest.mark.parametrize("number", ["1005", "7001002"])
def test_a_call_of_a_phone_of_the_house_is_internal(number: str) -> None:
    made = mended(None, log(f"990 ENTERQUEUE NONE - {number} 1", "1010 ABANDON NONE 1 1 20"))
    assert made is not None
    assert (made.direction, made.ended_by) == (Direction.INTERNAL, "caller")


def test_what_was_seen_keeps_its_fractions() -> None:
    seen = visit(outcome=Outcome.ANSWERED, left_at=1010.6, wait_s=20.3, agent="Anna", interface="PJSIP/1", attempts=(
        Attempt("Anna", "PJSIP/1", 1004.4, 6.2, Result.ANSWERED),))  # fmt: skip
    made = mended(record(seen), log(ENTERS, CONNECTS, COMPLETES), Hole("main", 1030.0, 1100.0, "cut"))
    assert made is not None
    (told,) = made.visits
    assert told == msgspec.structs.replace(seen, talk_s=30.0, hold_s=0.0, ended_by="agent", repaired=True)


def test_what_a_hole_cut_short_is_as_long_as_the_log_says() -> None:
    seen = visit(outcome=Outcome.ANSWERED, left_at=1010.5, wait_s=20.2, agent="Anna", interface="PJSIP/1", talk_s=1.5,
                 hold_s=0.5)  # fmt: skip
    talk = Conversation("PJSIP/1", "Anna", "09120000001", "sales", 1010.5, 1012.0, 1.0, 0.5, None)
    made = mended(record(seen, conversations=(talk,)), log(ENTERS, CONNECTS, COMPLETES))
    assert made is not None
    assert (made.visits[0].talk_s, made.visits[0].hold_s) == (30.0, 0.5)
    assert made.conversations == (msgspec.structs.replace(talk, to=1040.5, talk_s=29.5, ended_by="agent"),)


@pytest.mark.parametrize(("end", "outcome", "wait_s"), [
    ("1010 ABANDON NONE 1 2 20", "abandoned", 20.0), ("1010 EXITWITHTIMEOUT NONE 1 2 20", "timed_out", 20.0),
    ("1010 EXITWITHKEY NONE 1 1 2 20", "exited", 20.0), ("1010 EXITEMPTY NONE 1 2 20", "left_empty", 20.0),
    ("1010 WITHDRAW NONE 1 2 20 why", "withdrawn", 20.0),
])  # fmt: skip
def test_an_unknown_outcome_becomes_the_true_one(end: str, outcome: str, wait_s: float) -> None:
    unknown = visit(outcome=Outcome.UNKNOWN, left_at=1100.0, wait_s=109.7)
    made = mended(record(unknown, ended_at=1100.0, ended_by="unknown"), log(ENTERS, end))
    assert made is not None
    assert (made.visits[0].outcome, made.visits[0].wait_s) == (outcome, wait_s)
    assert made.ended_by == ("caller" if outcome == "abandoned" else "unknown")


def test_outside_of_holes_nothing_is_mended() -> None:
    wrong = visit(outcome=Outcome.TIMED_OUT, left_at=1010.2, wait_s=19.9)
    logged = log(ENTERS, "1010 ABANDON NONE 1 2 20")
    assert mended(record(wrong, seen="whole"), logged, Hole("main", 2000.0, 2100.0, "cut")) is None
    assert mended(None, logged, Hole("main", 2000.0, 2100.0, "cut")) is None


def test_a_call_that_is_still_going_on_in_the_log_gets_no_record_yet() -> None:
    assert mended(None, log(ENTERS)) is None
    assert mended(None, log(ENTERS, CONNECTS)) is None


def test_who_waited_when_the_pbx_died_was_lost_with_it() -> None:
    made = mended(None, [*log(ENTERS, "1050 QUEUESTART NONE")])
    assert made is not None
    assert (made.visits[0].outcome, made.ended_by, made.ended_at) == ("pbx_lost", "pbx_lost", 1050.0)


def test_to_repair_again_changes_nothing() -> None:
    logged = log(ENTERS, "1000 RINGNOANSWER Ben 8000", CONNECTS, "1040 BLINDTRANSFER Anna 802 internal 20 30 2")
    for kept in (None, record(visit()), record(visit(outcome=Outcome.UNKNOWN, left_at=1100.0, wait_s=109.7))):
        once = mended(kept, logged)
        assert once is not None and once.visits[0].transferred
        assert [(t.kind, t.from_, t.to) for t in once.transfers] == [("blind", "PJSIP/Anna", "802")]
        assert mended(once, logged) is None


def test_a_visit_logged_under_another_channel_is_known_by_its_moment_and_number() -> None:
    ours = record(visit(), linkedid="800.1")
    assert mended(ours, log(ENTERS, "1010 ABANDON NONE 1 2 20")) is not None
    (told,) = pair([ours], log(ENTERS))
    assert told.record is ours
    (told,) = pair([msgspec.structs.replace(ours, number="0935")], log(ENTERS))
    assert told.record is None


HIDDEN = log("1010 ENTERQUEUE NONE - 09120000001 1", "1030 ABANDON NONE 1 1 20")
"""As the channel 900.1, all of it in the hole."""


def test_a_visit_of_a_channel_that_nobody_saw_is_a_call_of_its_own_whoever_was_up_with_that_number() -> None:
    """Two of one company call by one number; of the two none must be lost."""
    ours = record(linkedid="800.1", id="main-7-800.1", started_at=950.0)
    (told,) = pair([ours], HIDDEN)
    assert told.record is None


def test_a_call_is_looked_at_until_its_visits_and_itself_are_over() -> None:
    up = True
    logged, looks = log(ENTERS), Looks()
    looks.begin(touched(logged, HOLE))
    assert looks.due(logged, lambda call: up, 2000.0) == ["900.1"]
    assert looks.due(logged, lambda call: up, 2000.0) == []
    logged = log(ENTERS, CONNECTS, COMPLETES)
    assert looks.due(logged, lambda call: up, 1030.0) == []
    assert looks.due(logged, lambda call: up, 2000.0) == ["900.1"]
    up = False
    assert looks.due(logged, lambda call: up, 2000.0) == ["900.1"]
    assert looks.due(logged, lambda call: up, 2000.0) == []


def test_a_record_of_another_clock_gets_what_lasted_and_keeps_its_moments() -> None:
    """The PBX's clock was set an hour ahead while the caller was connected: his call moved along, the log did not."""
    cut_short = visit(
        entered_at=4590.3, left_at=4610.2, wait_s=19.9, outcome=Outcome.ANSWERED, agent="Anna", interface="PJSIP/Anna"
    )
    logged = log(ENTERS, CONNECTS, "4640 COMPLETEAGENT Anna 20 30 2")
    assert [v.completed_at for v in logged] == [1040.0]
    made = mended(record(cut_short, started_at=4585.0), logged)
    assert made is not None
    (told,) = made.visits
    assert (told.entered_at, told.left_at, told.talk_s, told.ended_by) == (4590.3, 4610.2, 30.0, "agent")
    assert made.started_at == 4585.0


@pytest.mark.parametrize("late_s", [2.0, 5.0, 9.0, 13.0])
def test_a_caller_of_whom_a_late_row_told_entered_when_the_log_says(late_s: float) -> None:
    """The rows of the first list behind a hole came late: no other clock, and no second conversation."""
    kept = record(
        visit(entered_at=990.3 + late_s, left_at=1010.4, wait_s=20.1 - late_s, outcome=Outcome.ANSWERED, agent="Anna",
              interface="PJSIP/Anna", talk_s=30.0, hold_s=0.0, ended_by="agent"),
        conversations=(
            Conversation("PJSIP/Anna", "Anna", "09120000001", "sales", 1010.4, 1040.4, 30.0, 0.0, "agent"),
        ), ended_at=1040.5, ended_by="agent",
    )  # fmt: skip
    made = mended(kept, log(ENTERS, CONNECTS, COMPLETES), Hole("main", 980.0, 1000.0, "cut"))
    assert made is not None
    (told,), (talk,) = made.visits, made.conversations
    assert (told.entered_at, told.left_at, told.talk_s) == (990.0, 1010.4, 30.0)
    assert (talk.from_, talk.to) == (1010.4, 1040.4)


def test_a_visit_that_was_over_before_the_clock_was_set_tells_nothing_of_the_end_of_its_call() -> None:
    """Transferred at 1040, the clock an hour back at 1200: the call moved along, its first visit and talk did not."""
    over = visit(
        entered_at=4590.3, left_at=4610.2, wait_s=19.9, outcome=Outcome.ANSWERED, agent="Anna", interface="PJSIP/Anna",
        talk_s=30.0, ended_by="transfer", transferred=True,
    )  # fmt: skip
    talks = (
        Conversation("PJSIP/Anna", "Anna", "09120000001", "sales", 4610.2, 4640.2, 30.0, 0.0, "transfer"),
        Conversation("PJSIP/Bob", "Bob", "09120000001", None, 1050.0, 1205.0, 155.0, 0.0, None),
    )
    logged = log(ENTERS, "1010 CONNECT Anna 20 900.7 6", "1040 BLINDTRANSFER Anna 1004 phones 20 30 2")
    kept = record(over, conversations=talks, ended_at=1205.0, ended_by="unknown")
    made = mended(kept, logged, Hole("main", 4580.0, 4600.0, "cut"))
    assert made is not None
    assert (made.started_at, made.ended_at, made.ended_by) == (985.0, 1205.0, "unknown")


def test_the_book_moves_along_when_the_clock_is_set_but_for_what_was_logged_since() -> None:
    book = Book()
    for at, now in (("1000", 1000.5), ("1010", 1011.0), ("4611", 1012.0)):
        book.take(parse(f"{at}|{at}.1|sales|NONE|ENTERQUEUE||0912|1", "test"), now)
    book.shift(3600.0)
    book.take(parse("4620|1010.1|sales|NONE|ABANDON|1|1|10", "test"))
    assert [v.entered_at for v in book.visits] == [4600.0, 4610.0, 4611.0]
    assert [v.left_at for v in book.visits] == [None, 4620.0, None]
