"""The day by intervals as the API tells it: the board's queues, the asked figures, wrong questions, one computation."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from memory_source import MemorySource
from sample_boards import AT, board_of

from callcenter import day_kept
from callcenter.floor.records import Hole, Outcome, Visit
from callcenter.web.models import KpiIntervals

PATH = "/api/v1/kpis/intervals"


@pytest.fixture(autouse=True)
def visits(source: MemorySource) -> None:
    """Today at ten in sales one answered; just now in billing one who gave up."""
    ten = AT - AT % 3600
    source.window.restore([
        Visit("sales", ten + 60, 1, ten + 70, 10.0, Outcome.ANSWERED, talk_s=30.0),
        Visit("billing", AT - 60, 1, AT - 30, 30.0, Outcome.ABANDONED),
    ], [])  # fmt: skip


async def told(api: httpx.AsyncClient, **params: Any) -> KpiIntervals:
    answer = await api.get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    return KpiIntervals.model_validate_json(answer.content)


async def test_every_queue_of_the_board_has_a_value_for_each_interval(api: httpx.AsyncClient) -> None:
    day = await told(api, every="30m")
    assert set(day.queues) == {"support", "sales", "billing"}
    assert len(day.intervals) == 21, "from midnight to 10:22"
    assert day.intervals[-1].to == day.to and day.to.timestamp() == pytest.approx(AT, abs=0.001)
    assert all(a.to == b.from_ for a, b in zip(day.intervals, day.intervals[1:], strict=False))
    for columns in (*day.queues.values(), day.all):
        assert {len(column) for column in columns.values()} == {21}
    assert day.queues["sales"]["answered"] == [*[0] * 20, 1]
    assert day.queues["sales"]["service_level"] == [*[None] * 20, 1.0]
    assert day.queues["support"]["offered"] == [0] * 21
    assert day.all["offered"] == [*[0] * 20, 2]


async def test_one_queue_and_some_figures_may_be_asked_for(api: httpx.AsyncClient) -> None:
    day = await told(api, every="60m", queue="billing", figure=["abandoned", "abandon_rate"])
    assert day.queues == {"billing": {"abandoned": [*[0] * 10, 1], "abandon_rate": [*[None] * 10, 1.0]}}
    assert set(day.all) == {"abandoned", "abandon_rate"}


@pytest.mark.parametrize(("params", "status", "said"), [
    ({"every": "7m"}, 400, "every"), ({"every": "0"}, 400, "every"), ({"every": ""}, 400, "every"),
    ({"window": "15m"}, 400, "window"), ({"queue": "nope"}, 404, "no such queue: nope"),
    ({"queue": ""}, 400, "queue"), ({"figure": "occupancy"}, 400, "'occupancy'"), ({"figures": "x"}, 400, "figures"),
])  # fmt: skip
async def test_a_wrong_question_gets_a_problem(
    api: httpx.AsyncClient, params: dict[str, str], status: int, said: str
) -> None:
    answer = await api.get(PATH, params=params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


async def test_many_askers_cost_one_computation_and_news_come_after_some_seconds(
    api: httpx.AsyncClient, source: MemorySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = 0
    picture = source.window.picture

    def counted() -> Any:
        nonlocal pictures
        pictures += 1
        return picture()

    source.day = day_kept.DayKept(counted)
    first = await asyncio.gather(*(told(api) for _ in range(20)))
    assert pictures == 1 and all(day == first[0] for day in first)
    await told(api, every="60m")
    assert pictures == 2, "other intervals are another question"
    source.window.restore([Visit("sales", AT - 5, 1, AT - 1, 4.0, Outcome.ANSWERED, talk_s=1.0)], [])
    assert (await told(api)).all["offered"] == first[0].all["offered"]
    monkeypatch.setattr(day_kept, "KEPT_S", -1.0)
    assert sum(v or 0 for v in (await told(api)).all["offered"]) == 3


async def test_blind_times_are_told_with_their_intervals(api: httpx.AsyncClient, source: MemorySource) -> None:
    hole = Hole("main", AT - 2 * 3600, AT - 3600, "link lost")
    source.publish(msgspec.structs.replace(board_of(3, 12, seq=2), holes=(hole,)))
    day = await told(api, every="15m")
    states = [i.seen for i in day.intervals]
    assert states.count("nothing") == 3 and states.count("partial") == 2
    assert sum(i.blind_s for i in day.intervals) == pytest.approx(3600, abs=0.01)
    assert [v for v, state in zip(day.all["offered"], states, strict=True) if state == "nothing"] == [None] * 3
