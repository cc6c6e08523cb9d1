"""The folding of queue_log: small cases, and the captures against what the phones measured themselves."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from lab.truth import Visit, fold, read

CAPTURES = Path(__file__).parents[1] / "captures"
STORIES = sorted(CAPTURES.glob("*.story.json"))
LOGS = sorted(CAPTURES.glob("*.queue_log"))
ENTER = "100|c1|sales|NONE|ENTERQUEUE||0912|1"
REFUSED = ("refused_full", "refused_empty")  # never let in: no line in the log

CASES = [  # lines after the caller entered at 100, outcome, wait, talk, transfer
    (["103|c1|sales|Ann|CONNECT|3|c2|2", "110|c1|sales|Ann|COMPLETEAGENT|3|7|1"], ("answered", 3, 7, "")),
    (["103|c1|sales|Ann|CONNECT|3|c2|2", "110|c1|sales|Ann|COMPLETECALLER|3|6|1"], ("answered", 3, 6, "")),
    (["101|c1|sales|Ann|CONNECT|1|c2|1", "106|c1|sales|Ann|BLINDTRANSFER|1041|internal|1|5|1"],
     ("answered", 1, 5, "blind")),
    (["101|c1|sales|Ann|CONNECT|1|c2|1", "106|c1|sales|Ann|ATTENDEDTRANSFER|BRIDGE|b1|1|5|1"],
     ("answered", 1, 5, "attended")),
    (["101|c1|sales|Ann|CONNECT|1|c2|1", "106|c1|sales|Ann|ATTENDEDTRANSFER|APP|Dial|1|5|1"],
     ("answered", 1, 5, "attended")),
    (["107|c1|sales|NONE|ABANDON|1|1|7"], ("abandoned", 7, 0, "")),
    (["107|c1|sales|Ann|ABANDON|1|1|7"], ("abandoned", 7, 0, "")),  # in the announcement: the agent is named
    (["105|c1|sales|NONE|EXITWITHTIMEOUT|1|1|5"], ("timed_out", 5, 0, "")),
    (["104|c1|sales|NONE|EXITWITHKEY|1|1|1|4"], ("exited", 4, 0, "")),
    (["104|c1|sales|NONE|EXITEMPTY|1|1|4"], ("left_empty", 4, 0, "")),
    (["102|c1|sales|NONE|WITHDRAW|1|1|2|call us later"], ("withdrawn", 2, 0, "")),
    (["102|c1|sales|Ann|AGENTDUMP|", "106|c1|sales|NONE|ABANDON|1|1|6"], ("abandoned", 6, 0, "")),
    ([], ("", 0, 0, "")),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), CASES)
def test_each_way_out_of_a_queue_in_any_order_of_the_lines(lines: list[str], expected: tuple[Any, ...]) -> None:
    for order in permutations([ENTER, *lines]):
        (visit,) = fold(order).visits
        assert (visit.outcome, visit.wait_s, visit.talk_s, visit.transfer) == expected


def test_a_call_that_enters_the_same_queue_twice_makes_two_visits() -> None:
    lines = [ENTER, "104|c1|sales|NONE|EXITWITHTIMEOUT|1|1|4", "104|c1|sales|NONE|ENTERQUEUE||0912|1"]
    lines += ["106|c1|sales|Ann|CONNECT|2|c2|2", "116|c1|sales|Ann|COMPLETECALLER|2|10|1"]
    first, second = fold(lines).visits
    assert (first.outcome, first.wait_s, first.talk_s) == ("timed_out", 4, 0)
    assert (second.outcome, second.wait_s, second.talk_s) == ("answered", 2, 10)


def test_lines_of_members_and_broken_lines_are_no_visits() -> None:
    lines = ["100|NONE|sales|Ann|PAUSE|coffee", "100|MANAGER|sales|Ann|ADDMEMBER|", "x|y", "", "nonsense"]
    assert fold(lines).queues() == {}


def test_ring_no_answer_is_counted_where_no_call_ever_entered() -> None:
    assert fold(["100|c1|sales|Ann|RINGNOANSWER|4000"]).queues()["sales"]["ring_no_answer"] == 1


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.stem)
def test_every_visit_of_a_capture_ends_exactly_once(log: Path) -> None:
    truth = read(log)
    entered = sum("|ENTERQUEUE|" in line for line in log.read_text().splitlines())
    assert len(truth.visits) == entered
    assert [visit for visit in truth.visits if not visit.outcome] == []
    for counts in truth.queues().values():
        ends = ("answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn")
        assert counts["offered"] == sum(counts[end] for end in ends)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_queue_log_says_what_was_planned(story: Path) -> None:
    by_caller = _visits_by_caller(story)
    for call in json.loads(story.read_text())["calls"]:
        if call["outcomes"] is not None and call["caller"].startswith("0912"):
            planned = [outcome for outcome in call["outcomes"] if outcome not in REFUSED]
            got = [visit.outcome for visit in by_caller.get(call["caller"], [])]
            assert got == planned, call["behaviour"]


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_queue_log_talks_as_long_as_the_agents_phone_did(story: Path) -> None:
    compared = 0
    by_caller = _visits_by_caller(story)
    for call in json.loads(story.read_text())["calls"]:
        legs = [leg for leg in call["legs"] if leg["answered_at"]]
        visits = [visit for visit in by_caller.get(call["caller"], []) if visit.outcome == "answered"]
        # an announcement comes before the talk, and a transferer's phone stays until the transfer is through
        if len(legs) == len(visits) == 1 and visits[0].queue != "announced" and not visits[0].transfer:
            measured = legs[0]["ended_at"] - legs[0]["answered_at"]
            assert visits[0].talk_s == pytest.approx(measured, abs=1.1), call
            compared += 1
    assert compared > 15


def _visits_by_caller(story: Path) -> dict[str, list[Visit]]:
    found: dict[str, list[Visit]] = {}
    for visit in read(story.with_name(story.name.replace(".story.json", ".queue_log"))).visits:
        found.setdefault(visit.caller, []).append(visit)
    return found


def test_an_agent_on_a_local_channel_may_talk_to_several_at_once() -> None:
    log = """\
100|c1|sales|NONE|ENTERQUEUE||0911|1
101|c1|sales|Eve|CONNECT|1|x|1
102|c2|sales|NONE|ENTERQUEUE||0912|1
103|c2|sales|Eve|CONNECT|1|y|1
110|c1|sales|Eve|COMPLETECALLER|1|9|1
120|c2|sales|Eve|COMPLETEAGENT|1|17|1
"""
    told = {visit.call: (visit.talk_s, visit.ended_by) for visit in fold(log.splitlines()).visits}
    assert told == {"c1": (9, "caller"), "c2": (17, "agent")}
