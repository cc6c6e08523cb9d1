"""Who talked to whom, when and by which transfer: recorded streams against what the phones themselves measured.

Each ``*.story.json`` was written by the scripted phones while the stream was recorded: when each phone answered, what
it did (hold, blind or attended transfer …), when its call ended and which side ended it.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcenter.ami.replay import Replay
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Conversation, Direction

STORIES = sorted((Path(__file__).parent.parent / "captures").glob("*-everything.story.json"))
NEAR_S = 0.3


@dataclass(frozen=True)
class Told:
    """``calls``: what the phones say; ``records``: what the tracker made of the stream."""

    calls: list[dict[str, Any]]
    records: list[CallRecord]

    def story(self, behaviour: str) -> list[dict[str, Any]]:
        found = [c for c in self.calls if c["behaviour"] == behaviour]
        assert found, f"no call {behaviour!r} in the story"
        return found

    def of(self, call: dict[str, Any]) -> CallRecord:
        """The record of a call that a phone placed."""
        same = [r for r in self.records if r.number == call["caller"] and abs(r.started_at - call["began_at"]) < 1]
        assert len(same) == 1, (call["behaviour"], same)
        return same[0]


@pytest.fixture(scope="module", params=STORIES, ids=lambda path: path.name.removesuffix(".story.json"))
def told(request: pytest.FixtureRequest) -> Told:
    path: Path = request.param
    floor = Floor()
    stream = gzip.decompress(path.with_name(path.name.replace(".story.json", ".ami.gz")).read_bytes())
    for _ in Replay(floor).play([stream]):
        pass
    return Told(json.loads(path.read_text())["calls"], list(floor.take_finished().values()))


def extension(conversation: Conversation) -> str:
    return conversation.interface.partition("/")[2].partition("@")[0]


def near(value: float | None) -> Any:
    return pytest.approx(value, abs=NEAR_S)


ONE_TALK = (
    "talks until the caller hangs up", "agent hangs up", "Local member", "optimised Local member",
    "Local member hangs up", "direct call, answered", "direct call, agent hangs up", "agent holds and takes back",
    "caller hangs up while on hold", "all ring, one answers", "second agent answers, the first is busy",
    "second agent answers, the first declines", "second agent answers, the first does not", "internal, answered",
)  # fmt: skip


@pytest.mark.parametrize("behaviour", ONE_TALK)
def test_a_conversation_is_as_long_as_the_phone_says_and_ended_by_whom_it_says(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        leg = next(leg for leg in call["legs"] if leg["answered_at"])
        (talk,) = [c for c in record.conversations if extension(c) == leg["phone"]]
        assert talk.from_ == near(leg["answered_at"])
        assert talk.to == near(leg["ended_at"])
        assert talk.ended_by == ("agent" if leg["ended_by"] == "phone" else "caller")
        assert talk.peer == call["caller"]
        assert record.ended_by == talk.ended_by
        assert record.direction is (Direction.INTERNAL if behaviour.startswith("internal") else Direction.IN)


def test_hold_is_taken_out_of_the_talk(told: Told) -> None:
    for call in told.story("agent holds and takes back"):
        (leg,) = [leg for leg in call["legs"] if leg["answered_at"]]
        hold, unhold = (act["at"] for act in leg["acts"])
        record = told.of(call)
        (talk,) = record.conversations
        assert talk.hold_s == near(unhold - hold)
        assert talk.talk_s == near(leg["ended_at"] - leg["answered_at"] - (unhold - hold))
        assert record.visits[0].talk_s == near(leg["ended_at"] - leg["answered_at"])


BLIND = (
    "blind transfer to an extension", "blind transfer, target hangs up", "blind transfer to an agent of other queues",
    "Local member transfers blindly", "optimised Local member transfers blindly", "direct call, transferred blindly",
)  # fmt: skip


@pytest.mark.parametrize("behaviour", BLIND)
def test_after_a_blind_transfer_the_second_conversation_belongs_to_the_right_agent(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        first, second = (leg for leg in call["legs"] if leg["answered_at"])
        act = next(act for act in first["acts"] if act["what"] == "blind transfer")
        talks = {extension(c): c for c in record.conversations}
        assert set(talks) == {first["phone"], second["phone"]}
        assert talks[first["phone"]].to == near(act["at"])
        assert talks[first["phone"]].ended_by == "transfer"
        assert talks[second["phone"]].from_ == near(second["answered_at"])
        assert talks[second["phone"]].to == near(second["ended_at"])
        assert [(t.kind, t.to) for t in record.transfers] == [("blind", act["target"])]


ATTENDED = (
    "attended transfer", "attended transfer, caller of other queues' agent",
    "Local member transfers attended", "direct call, transferred attended",
)  # fmt: skip


@pytest.mark.parametrize("behaviour", ATTENDED)
def test_after_an_attended_transfer_the_second_conversation_has_its_true_length(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        first, second = (leg for leg in call["legs"] if leg["answered_at"])
        at = next(act["at"] for act in first["acts"] if act["what"] == "attended transfer")
        ours = {extension(c): c for c in record.conversations}
        assert ours[first["phone"]].to == near(at)
        assert ours[first["phone"]].ended_by == "transfer"
        assert ours[second["phone"]].from_ == near(at)
        assert ours[second["phone"]].to == near(second["ended_at"])
        assert ours[second["phone"]].peer == call["caller"]
        consultation = [
            c for r in told.records if r is not record for c in r.conversations
            if extension(c) == second["phone"] and abs(c.from_ - second["answered_at"]) < NEAR_S
        ]  # fmt: skip
        assert [c.to for c in consultation] == [near(at)]
        assert [t.kind for t in record.transfers] == ["attended"]


def test_a_transfer_to_a_phone_that_still_rings_becomes_a_conversation_when_it_answers(told: Told) -> None:
    for call in told.story("semi-attended transfer"):
        record = told.of(call)
        first, second = (leg for leg in call["legs"] if leg["answered_at"])
        at = next(act["at"] for act in first["acts"] if act["what"] == "attended transfer")
        ours = {extension(c): c for c in record.conversations}
        assert (ours[first["phone"]].to, ours[first["phone"]].ended_by) == (near(at), "transfer")
        assert ours[second["phone"]].from_ == near(second["answered_at"])
        assert ours[second["phone"]].to == near(second["ended_at"])
        assert [(t.kind, t.to) for t in record.transfers] == [("attended", second["phone"])]


@pytest.mark.parametrize("behaviour", ["outgoing, answered", "outgoing, the other side hangs up"])
def test_an_outgoing_call_is_a_call_without_queue(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        (leg,) = call["legs"]
        (talk,) = record.conversations
        assert (record.direction, record.called, record.visits) == (Direction.OUT, call["number"], ())
        assert extension(talk) == call["caller"]
        assert talk.from_ == near(leg["answered_at"])
        assert talk.to == near(leg["ended_at"])


@pytest.mark.parametrize("behaviour", ["click to dial", "click to dial by Local"])
def test_click_to_dial_is_an_outgoing_call_of_the_one_who_clicked(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        _, outside = call["legs"]
        (talk,) = record.conversations
        assert (record.direction, record.called) == (Direction.OUT, call["number"])
        assert extension(talk) == call["caller"]
        assert talk.from_ == near(outside["answered_at"])
        assert talk.to == near(outside["ended_at"])


UNANSWERED = (
    "direct call, the caller gives up", "direct call, nobody answers", "direct call, busy", "outgoing, given up",
    "outgoing, busy", "click to dial, the agent does not answer",
)  # fmt: skip


@pytest.mark.parametrize("behaviour", UNANSWERED)
def test_a_call_that_nobody_answered_has_no_conversation(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        record = told.of(call)
        assert (record.conversations, record.answered_at) == ((), None)
        assert record.ended_at == near(call["ended_at"])


RESULTS = {
    "second agent answers, the first is busy": "busy",
    "second agent answers, the first declines": "declined",
    "second agent answers, the first does not": "no_answer",
}


@pytest.mark.parametrize("behaviour", RESULTS)
def test_an_attempt_has_its_cause(told: Told, behaviour: str) -> None:
    for call in told.story(behaviour):
        attempts = told.of(call).visits[0].attempts
        assert RESULTS[behaviour] in [a.result for a in attempts[:-1]]
        assert attempts[-1].result == "answered"


def test_every_call_has_the_outcomes_that_its_phone_was_told_to_bring_about(told: Told) -> None:
    compared = 0
    for call in told.calls:
        if call["outcomes"]:
            assert [v.outcome for v in told.of(call).visits] == call["outcomes"], call["behaviour"]
            compared += 1
    assert compared > 40


def test_ringing_all_leaves_one_answer_and_cancelled_attempts(told: Told) -> None:
    for call in told.story("all ring, one answers"):
        results = [a.result for a in told.of(call).visits[0].attempts]
        assert results.count("answered") == 1
        assert set(results) == {"answered", "cancelled"}
