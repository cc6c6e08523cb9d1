"""Real streams with messages missing, translated into a Floor: every call ends all the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from callcenter.ami.framing import Framer
from callcenter.floor import events as e
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Outcome
from callcenter.floor.translate import WANTED, translate

CAPTURES = Path(__file__).parents[1] / "captures"


def played(name: str, without: bytes) -> tuple[Floor, list[CallRecord]]:
    stream = gzip.decompress((CAPTURES / f"{name}.ami.gz").read_bytes())
    floor = Floor()
    for message in Framer(WANTED).feed(stream):
        event = None if message.name == without else translate(message, 0.0)
        if event is not None:
            floor.apply(event)
    floor.apply(e.Tick(floor.at + 3600))
    return floor, list(floor.take_finished().values())


@pytest.mark.parametrize("name", ["ast16-behaviours", "ast22-behaviours", "ast22-load"])
def test_calls_whose_agent_complete_never_comes_are_finished_and_keep_their_talk(name: str) -> None:
    """An event lost on the way must not keep a call, and its agent, up for ever."""
    whole_floor, whole = played(name, b"")
    floor, records = played(name, b"AgentComplete")
    assert floor.by_id.keys() == whole_floor.by_id.keys()
    assert {r.id for r in records} == {r.id for r in whole}
    truth = {(r.id, n): v for r in whole for n, v in enumerate(r.visits) if v.outcome is Outcome.ANSWERED}
    ours = {(r.id, n): v for r in records for n, v in enumerate(r.visits) if v.outcome is Outcome.ANSWERED}
    assert ours.keys() == truth.keys()
    assert len(ours) > 20
    assert all(v.talk_s is not None for v in ours.values())


@pytest.mark.parametrize("missing", sorted(set(WANTED) - {b"VarSet", b"UserEvent"}))
def test_a_stream_without_one_kind_of_event_raises_nothing(missing: bytes) -> None:
    floor, records = played("ast22-load", missing)
    assert len(records) + len(floor.by_id) > 100
