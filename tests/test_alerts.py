"""What the ticker tells of the queues: each rule at its limit, and the worst first."""

from __future__ import annotations

from typing import Any

import pytest

from callcenter.alerts import alerts
from callcenter.floor.records import AgentState
from callcenter.floor.wallboard import FloorNow, QueueNow, Wallboard

AT = 1_794_824_531.0
TARGETS = {"threshold_s": 20.0, "service_level": 0.8, "short_abandon_s": 5.0, "figures": {}}
WELL = {"offered": 100, "service_level": 0.9, "abandon_rate": 0.02}


def queue(name: str, waited_s: float | None = None, **agents: int) -> QueueNow:
    since = () if waited_s is None else (AT - waited_s,)
    states = {AgentState(state): n for state, n in agents.items()} or {AgentState.AVAILABLE: 1}
    return QueueNow(name, len(since), since[0] if since else None, since, 0, states)


def board(*queues: QueueNow, link: bool = True, targets: Any = TARGETS, **figures: Any) -> Wallboard:
    now = FloorNow(AT, "main", link, AT, 0, {}, queues, ())
    of = {"30m": {q.name: figures.get(q.name, WELL) for q in queues}}
    return Wallboard(1, now, of, {q.name: targets for q in queues})


def told(made: Wallboard) -> list[tuple[str, str, float, float]]:
    return [(a.kind, a.queue, a.value, a.limit) for a in alerts(made)]


@pytest.mark.parametrize(("agents", "alone"), [
    ({}, False), ({"logged_out": 3}, True), ({"logged_out": 1, "unreachable": 2}, True),
    ({"logged_out": 3, "paused": 1}, False), ({"logged_out": 3, "talking": 1}, False),
    ({"logged_out": 3, "available": 0}, True),
])  # fmt: skip
def test_callers_wait_where_nobody_is_logged_in(agents: dict[str, int], alone: bool) -> None:
    expected = [("nobody_logged_in", "sales", 1, 0)] if alone else []
    assert told(board(queue("sales", 1.0, **agents))) == expected
    assert told(board(queue("sales", None, **agents))) == [], "nobody waits"


@pytest.mark.parametrize(("waited_s", "late"), [(59.9, False), (60.0, False), (60.1, True), (3600.0, True)])
def test_a_caller_waits_longer_than_three_thresholds(waited_s: float, late: bool) -> None:
    assert told(board(queue("sales", waited_s))) == ([("waits_too_long", "sales", waited_s, 60.0)] if late else [])


@pytest.mark.parametrize(("figures", "kinds"), [
    ({"offered": 10, "service_level": 0.79, "abandon_rate": 0.0}, ["service_level_low"]),
    ({"offered": 10, "service_level": 0.8, "abandon_rate": 0.0}, []),
    ({"offered": 9, "service_level": 0.1, "abandon_rate": 0.5}, []),
    ({"offered": 20, "service_level": 0.9, "abandon_rate": 0.081}, ["abandon_rate_high"]),
    ({"offered": 20, "service_level": 0.9, "abandon_rate": 0.08}, []),
    ({"offered": 19, "service_level": 0.9, "abandon_rate": 0.5}, []),
    ({"offered": 20, "service_level": 0.1, "abandon_rate": 0.5}, ["service_level_low", "abandon_rate_high"]),
    ({"offered": 0, "service_level": None, "abandon_rate": None}, []),
    ({}, []),
])  # fmt: skip
def test_ratios_count_where_enough_calls_came(figures: dict[str, float | None], kinds: list[str]) -> None:
    assert [kind for kind, *_ in told(board(queue("sales"), sales=figures))] == kinds


def test_a_queues_own_targets_are_its_limits() -> None:
    own = {**TARGETS, "threshold_s": 5.0, "service_level": 0.95, "figures": {"abandon_rate": (0.01, 0.015)}}
    made = board(queue("vip", 15.1), targets=own)
    assert [(kind, limit) for kind, _, _, limit in told(made)] == [
        ("waits_too_long", 15.0), ("service_level_low", 0.95), ("abandon_rate_high", 0.015),
    ]  # fmt: skip


def test_the_worst_is_first() -> None:
    made = board(
        queue("a", 61.0), queue("b", 200.0), queue("c", 1.0, logged_out=1), queue("d"), queue("e"),
        d={**WELL, "service_level": 0.7}, e={**WELL, "service_level": 0.2, "abandon_rate": 0.3},
    )  # fmt: skip
    assert [(kind, name) for kind, name, _, _ in told(made)] == [
        ("nobody_logged_in", "c"), ("waits_too_long", "b"), ("waits_too_long", "a"), ("service_level_low", "e"),
        ("service_level_low", "d"), ("abandon_rate_high", "e"),
    ]  # fmt: skip


def test_nothing_is_told_of_now_while_nothing_is_seen() -> None:
    assert told(board(queue("sales", 500.0, logged_out=1), link=False)) == []
