"""The tracker on recorded streams of two real Asterisk versions, against the queue_log that each PBX wrote beside."""

from __future__ import annotations

import gzip
import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from lab.truth import Truth
from lab.truth import read as read_truth

from callcenter.ami.replay import Replay
from callcenter.figures import Targets, Window
from callcenter.floor.changes import AgentChanged, Change
from callcenter.floor.floor import Floor
from callcenter.metrics.counters import Counters

CAPTURES = sorted((Path(__file__).parent.parent / "captures").glob("*.ami.gz"))
COUNTS = (
    "offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "ring_no_answer",
    "transferred",
)  # fmt: skip
SUMS = {"wait_answered_s": "answered", "wait_abandoned_s": "abandoned", "talk_s": "answered"}


class Played:
    def __init__(self, data: Iterator[bytes] | list[bytes]) -> None:
        self.floor = Floor()
        self.window = Window(lambda queue: Targets(), UTC, "00:00")
        self.replay = Replay(self.floor)
        self.changes: list[Change] = []
        for _, changes in self.replay.play(data):
            self.changes += changes
            for change in changes:
                self.window.apply(change)
        self.records = list(self.floor.take_finished().values())
        self.queues = self.window.table(0.0, math.inf, self.replay.at)


def stream(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def truth(path: Path) -> Truth:
    return read_truth(path.with_name(path.name.removesuffix(".ami.gz") + ".queue_log"))


def assert_equal(played: Played, truth: Truth) -> None:
    logged = truth.queues()
    ours = {name: row for name, row in played.queues.items() if name and row["offered"]}
    assert ours.keys() == {name for name, row in logged.items() if row["offered"]}
    for name, row in logged.items():
        assert {k: played.queues[name][k] for k in COUNTS} == {k: row[k] for k in COUNTS}, name
        for key, over in SUMS.items():
            assert played.queues[name][key] == pytest.approx(row[key], abs=max(1, row[over])), (name, key)


@pytest.fixture(params=CAPTURES, ids=lambda path: path.name.removesuffix(".ami.gz"))
def capture(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_counts_equal_queue_log_and_nothing_drifts(capture: Path) -> None:
    played = Played([stream(capture)])
    assert_equal(played, truth(capture))
    assert played.floor.drifts == {}


def test_counters_for_prometheus_equal_queue_log(capture: Path) -> None:
    counters = Counters()
    for change in Played([stream(capture)]).changes:
        counters.apply(change)
    logged = {name: row for name, row in truth(capture).queues().items() if row["answered"]}
    assert counters.transferred == Counter({name: int(row["transferred"]) for name, row in logged.items()})
    for name, row in logged.items():
        assert counters.visits[name, "answered"] == row["answered"]
        assert counters.talk_s[name] == pytest.approx(row["talk_s"], abs=row["answered"]), name


def test_nothing_is_left_open_at_the_end(capture: Path) -> None:
    floor = Played([stream(capture)]).floor
    left = [floor.by_id, floor.calls, floor.aliases, floor.legs, floor.bridges, floor.tries, floor.connected]
    assert [len(x) for x in (*left, floor.loose, floor.lingering)] == [0] * 9


def test_every_visit_is_within_a_second_of_its_line_in_queue_log(capture: Path) -> None:
    played = Played([stream(capture)])
    logged: Counter[tuple[str, str]] = Counter()
    waits: dict[tuple[str, str, int], tuple[float, float, str]] = {}
    for visit in truth(capture).visits:
        logged[visit.call, visit.queue] += 1
        waits[visit.call, visit.queue, logged[visit.call, visit.queue]] = (visit.wait_s, visit.talk_s, visit.outcome)
    seen: Counter[tuple[str, str]] = Counter()
    compared = 0
    for record in played.records:
        for v in record.visits:
            if v.outcome is None or v.outcome.startswith("refused"):
                continue
            seen[record.linkedid, v.queue] += 1
            wait, talk, outcome = waits[record.linkedid, v.queue, seen[record.linkedid, v.queue]]
            assert v.outcome == outcome
            if outcome in ("answered", "abandoned"):
                assert v.wait_s == pytest.approx(wait, abs=1.1), record.id
            if outcome == "answered":
                assert v.talk_s == pytest.approx(talk, abs=1.1), record.id
            compared += 1
    assert compared == logged.total()


@pytest.mark.parametrize("slices", ["bytes", "random"])
def test_slices_of_the_stream_change_nothing(capture: Path, slices: str) -> None:
    data = stream(capture)
    whole = Played([data])
    sliced = Played(_bytes(data) if slices == "bytes" else _random(data))
    assert sliced.records == whole.records
    assert_equal(sliced, truth(capture))


def _bytes(data: bytes) -> Iterator[bytes]:
    return (data[i : i + 1] for i in range(len(data)))


def _random(data: bytes) -> Iterator[bytes]:
    rng, at = random.Random(7), 0
    while at < len(data):
        step = rng.choice((1, 2, 3, 17, 200, 1448, 9000, 70_000))
        yield data[at : at + step]
        at += step


UNTOLD = (b"Event: UserEvent", b"Event: Newexten")


@pytest.mark.parametrize("unwanted", [(), UNTOLD], ids=["told by the dialplan", "untold"])
def test_without_varset_the_counts_are_the_same(capture: Path, unwanted: tuple[bytes, ...]) -> None:
    """A user with least rights gets no VarSet: a timeout that ends in Hangup is told from an abandon by HangupRequest.

    A withdrawn caller only VarSet (or the dialplan's UserEvent) can tell: without them it counts as timed out. That a
    queue was left empty is told from its members.
    """
    kept = [m for m in stream(capture).split(b"\r\n\r\n") if not m.startswith((b"Event: VarSet", *unwanted))]
    assert len(kept) < stream(capture).count(b"\r\n\r\n")
    played = Played([b"\r\n\r\n".join(kept)])
    assert played.floor.drifts == {}
    ours, logged = played.queues, truth(capture).queues()
    unsaid = ("timed_out", "withdrawn")
    for name, row in logged.items():
        for key in set(COUNTS) - set(unsaid):
            assert ours[name][key] == row[key], (name, key)
        assert sum(ours[name][key] or 0 for key in unsaid) == sum(row[key] for key in unsaid), name


def test_agents_spans_never_overlap_and_have_no_holes(capture: Path) -> None:
    ends: dict[str, float] = {}
    spans = 0
    for change in Played([stream(capture)]).changes:
        if isinstance(change, AgentChanged) and change.ended:
            span = change.ended
            assert span.to > span.from_
            if span.agent in ends:
                assert span.from_ == ends[span.agent]
            ends[span.agent] = span.to
            spans += 1
    assert spans > 50
