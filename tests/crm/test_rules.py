"""Which ticket a call has, told by tables of calls as they go on."""

from __future__ import annotations

import msgspec
import pytest

from callcenter.crm.rules import ticket_of
from callcenter.crm.ticket import Kind, Stage
from callcenter.floor.records import CallRecord, Conversation, Direction, Outcome, Transfer, Visit

RINGING = CallRecord("main-1-7", "main", "1.7", Direction.IN, "09121234567", "Sara", "100", 1000.0)
WAITING = msgspec.structs.replace(RINGING, answered_at=1001.0, visits=(Visit("support", 1002.0, 1),))
ANSWERED = Visit("support", 1002.0, 1, 1010.0, 8.0, Outcome.ANSWERED, "Ali", "PJSIP/1001")
OPEN_TALK = Conversation("PJSIP/1001", "Ali", "09121234567", "support", 1010.0)
TALKING = msgspec.structs.replace(WAITING, visits=(ANSWERED,), conversations=(OPEN_TALK,))
TALK = msgspec.structs.replace(OPEN_TALK, to=1040.0, talk_s=25.0, hold_s=5.0, ended_by="agent")
SECOND = Conversation("PJSIP/1002", "Mina", "09121234567", None, 1045.0, 1065.0, 20.0, 0.0, "caller")
TO_MINA = Transfer("blind", "1001", "1002", 1041.0)
BETWEEN = msgspec.structs.replace(TALKING, conversations=(TALK,), transfers=(TO_MINA,))
ENDED = msgspec.structs.replace(BETWEEN, conversations=(TALK, SECOND), ended_at=1065.5, ended_by="caller")


def gave_up(**more: object) -> CallRecord:
    visit = Visit("support", 1002.0, 1, 1012.0, 10.0, Outcome.ABANDONED)
    return msgspec.structs.replace(WAITING, **({"visits": (visit,), "ended_at": 1012.0} | more))


def test_a_ticket_follows_its_call_through_its_stages() -> None:
    tickets = [ticket_of(record, "IR", False) for record in (RINGING, WAITING, TALKING, BETWEEN, ENDED)]
    assert [(t.stage, t.status, t.outcome, t.updated_at, t.closed_at) for t in tickets if t] == [
        (Stage.RINGING, "open", None, 1000.0, None),
        (Stage.WAITING, "open", None, 1002.0, None),
        (Stage.TALKING, "open", "answered", 1010.0, None),
        (Stage.RINGING, "open", "answered", 1041.0, None),
        (Stage.ENDED, "closed", "answered", 1065.5, 1065.5),
    ]
    assert {t.call for t in tickets if t} == {"main-1-7"}


def test_a_ticket_holds_caller_queue_agents_waits_and_talk() -> None:
    ticket = ticket_of(ENDED, "IR", False)
    assert ticket is not None
    assert (ticket.caller, ticket.e164, ticket.name, ticket.called) == ("09121234567", "+989121234567", "Sara", "100")
    assert (ticket.queue, ticket.agents, ticket.wait_s, ticket.talk_s) == ("support", ("Ali", "Mina"), 8.0, 50.0)
    assert (ticket.kind, ticket.opened_at, ticket.number) == (Kind.CALL, 1000.0, None)


def test_an_overflowing_call_has_one_ticket_with_the_last_queue_and_both_waits() -> None:
    first = Visit("support", 1002.0, 1, 1022.0, 20.0, Outcome.TIMED_OUT)
    second = Visit("sales", 1022.0, 1, 1025.0, 3.0, Outcome.ANSWERED, "Ali", "PJSIP/1001")
    ticket = ticket_of(msgspec.structs.replace(TALKING, visits=(first, second)), "IR", False)
    assert ticket is not None
    assert (ticket.queue, ticket.wait_s, ticket.outcome) == ("sales", 23.0, "answered")


def test_an_agent_who_talked_twice_is_named_once_and_a_party_that_is_no_agent_is_not() -> None:
    nobody = msgspec.structs.replace(SECOND, agent=None)
    ticket = ticket_of(msgspec.structs.replace(ENDED, conversations=(TALK, nobody, TALK)), "IR", False)
    assert ticket is not None and ticket.agents == ("Ali",)


def test_who_gave_up_in_the_queue_is_owed_a_call_after_the_call() -> None:
    ticket = ticket_of(gave_up(), "IR", False)
    assert ticket is not None
    assert (ticket.kind, ticket.stage, ticket.status, ticket.closed_at) == (Kind.CALLBACK, Stage.ENDED, "open", None)


@pytest.mark.parametrize(
    ("why", "record"),
    [
        ("it was spoken to before", gave_up(visits=(ANSWERED, *gave_up().visits), conversations=(TALK,))),
        ("its conversation was not seen but its visit says answered", gave_up(visits=(ANSWERED, *gave_up().visits))),
        ("it was answered after it left the queue", gave_up(conversations=(SECOND,))),
        ("it timed out", gave_up(visits=(Visit("support", 1002.0, 1, 1012.0, 10.0, Outcome.TIMED_OUT),))),
        ("it left by key", gave_up(visits=(Visit("support", 1002.0, 1, 1012.0, 10.0, Outcome.EXITED),))),
        ("it gave up first but the last visit timed out",
         gave_up(visits=(*gave_up().visits, Visit("sales", 1012.0, 1, 1020.0, 8.0, Outcome.TIMED_OUT)))),
    ],
)  # fmt: skip
def test_a_call_is_no_callback_when(why: str, record: CallRecord) -> None:
    ticket = ticket_of(record, "IR", False)
    assert ticket is not None and (ticket.kind, ticket.status) == (Kind.CALL, "closed"), why


def test_a_call_that_only_heard_the_ivr_has_a_ticket() -> None:
    ticket = ticket_of(msgspec.structs.replace(RINGING, answered_at=1000.5, ended_at=1030.0), "IR", False)
    assert ticket is not None
    assert (ticket.kind, ticket.status, ticket.queue, ticket.outcome) == (Kind.CALL, "closed", None, "unanswered")


@pytest.mark.parametrize(("talks", "outcome"), [((TALK,), "answered"), ((), "unanswered")])
def test_an_outgoing_call_is_about_the_number_that_was_called(
    talks: tuple[Conversation, ...], outcome: str
) -> None:
    record = msgspec.structs.replace(
        RINGING, direction=Direction.OUT, number="1001", called="00442079460000", conversations=talks, ended_at=1050.0
    )
    ticket = ticket_of(record, "IR", False)
    assert ticket is not None
    assert (ticket.caller, ticket.e164, ticket.outcome, ticket.direction) == ("1001", "+442079460000", outcome, "out")


def test_an_internal_call_has_a_ticket_only_when_asked_for() -> None:
    record = msgspec.structs.replace(ENDED, direction=Direction.INTERNAL, number="1003")
    assert ticket_of(record, "IR", False) is None
    ticket = ticket_of(record, "IR", True)
    assert ticket is not None and (ticket.direction, ticket.e164) == ("internal", None)


def test_a_withheld_number_is_kept_as_it_came() -> None:
    ticket = ticket_of(msgspec.structs.replace(RINGING, number="anonymous"), "IR", False)
    assert ticket is not None and (ticket.caller, ticket.e164) == ("anonymous", None)
