"""The API of now: what the board holds comes out, and wrong questions get a problem."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
import pytest
from memory_source import MemorySource
from sample_boards import AT, board_of, config_of

from callcenter.errors import StoreError
from callcenter.floor.records import AgentState
from callcenter.web import shown
from callcenter.web.models import AgentShape, BoardShape, FigureShape, Kpis, PageOf, QueueShape, Readiness
from kpi.table import COUNTS, FIGURES


async def test_every_queue_of_the_board_is_told(api: httpx.AsyncClient, source: MemorySource) -> None:
    answer = await api.get("/api/v1/queues")
    told = PageOf[QueueShape].model_validate_json(answer.content).items
    assert [q.name for q in told] == [q.name for q in source.board().now.queues]
    for q, truth in zip(told, source.board().now.queues, strict=True):
        assert (q.waiting, q.talking) == (truth.waiting, truth.talking)
        assert q.agents == {state: truth.agents.get(state, 0) for state in AgentState}
        assert (q.oldest_at and q.oldest_at.timestamp()) == pytest.approx(truth.oldest_at, abs=0.001)
        assert q.longest_wait_s == pytest.approx(truth.oldest_at and AT - truth.oldest_at, abs=0.001)


async def test_agents_are_told_by_queue_and_by_state(api: httpx.AsyncClient, source: MemorySource) -> None:
    everybody = source.board().now.agents
    for params, wanted in (
        ({}, everybody),
        ({"queue": "sales"}, [a for a in everybody if "sales" in a.queues]),
        ({"state": "talking"}, [a for a in everybody if a.state == "talking"]),
    ):
        answer = await api.get("/api/v1/agents", params=params)
        told = PageOf[AgentShape].model_validate_json(answer.content).items
        assert [a.interface for a in told] == [a.interface for a in wanted]
    assert {a.name for a in everybody} >= {a.name for a in told} != set()


async def test_times_carry_the_zone_of_the_site() -> None:
    tehran = config_of("Asia/Tehran").site
    told = shown.board(board_of(2, 4), tehran)
    assert told["at"].endswith("+03:30")
    assert datetime.fromisoformat(told["at"]).timestamp() == AT


@pytest.mark.parametrize(("window", "length_s"), [("15m", 900), ("30m", 1800), ("60m", 3600)])
async def test_a_sliding_window_is_as_long_as_its_name(api: httpx.AsyncClient, window: str, length_s: int) -> None:
    told = Kpis.model_validate_json((await api.get("/api/v1/kpis", params={"window": window})).content)
    assert (told.to - told.from_).total_seconds() == length_s


def test_today_begins_with_the_business_day_of_the_site() -> None:
    site = config_of("Asia/Tehran", day_starts="18:00").site
    told = shown.kpis(board_of(2, 4), "today", None, site)
    assert told["from"] == "2026-11-15T18:00:00.000+03:30", "13:52 local is still the day that began yesterday"


async def test_kpis_hold_the_figures_of_each_queue_and_of_all(api: httpx.AsyncClient, source: MemorySource) -> None:
    truth = source.board().figures["today"]
    told = Kpis.model_validate_json((await api.get("/api/v1/kpis")).content)
    assert set(told.queues) == set(truth) - {""}
    assert told.all["answered"] == truth[""]["answered"]
    assert told.queues["sales"]["service_level"] == truth["sales"]["service_level"]
    one = Kpis.model_validate_json((await api.get("/api/v1/kpis", params={"queue": "sales"})).content)
    assert set(one.queues) == {"sales"} and one.all == told.all


def test_a_figure_without_a_value_is_null() -> None:
    told = shown.figures({"a": math.nan, "b": None, "c": math.inf, "d": 0.0})
    assert told == {"a": None, "b": None, "c": None, "d": 0}


def test_what_was_not_seen_is_not_called_seen() -> None:
    zone = ZoneInfo("UTC")
    up, down = board_of(1, 1).now, board_of(1, 1, link=False).now
    assert shown.seen(up, up.link_since + 1, zone)["blind_s"] == 0, "up for longer than the window"
    assert shown.seen(up, up.link_since - 1, zone)["blind_s"] is None, "came up inside the window"
    assert shown.seen(down, down.at - 900, zone)["blind_s"] == 42
    assert shown.seen(down, down.at - 10, zone)["blind_s"] == 10, "no longer than the window"


async def test_every_figure_is_named_in_three_languages(api: httpx.AsyncClient) -> None:
    told = PageOf[FigureShape].model_validate_json((await api.get("/api/v1/figures")).content)
    rows = {row.name: row for row in told.items}
    assert {f.name for f in FIGURES} | set(COUNTS) <= set(rows)
    for f in FIGURES:
        assert all(rows[f.name].label[lang] for lang in ("en", "fa", "ar"))


def test_the_board_has_the_shape_that_is_documented() -> None:
    BoardShape.model_validate(shown.board(board_of(6, 40), config_of("UTC").site))


async def test_readiness_says_why_not(api: httpx.AsyncClient, source: MemorySource) -> None:
    assert (await api.get("/readyz")).status_code == 200
    source.reasons = ["ami: no link"]
    answer = await api.get("/readyz")
    assert answer.status_code == 503
    assert Readiness.model_validate_json(answer.content).reasons == ["ami: no link"]
    assert (await api.get("/healthz")).status_code == 200, "not ready, but alive"


async def test_metrics_are_prometheus_text(api: httpx.AsyncClient, source: MemorySource) -> None:
    answer = await api.get("/metrics")
    assert answer.content == source.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


WRONG = [
    ("/api/v1/kpis?window=5m", 400, "window"),
    ("/api/v1/kpis?queue=nope", 404, "nope"),
    ("/api/v1/agents?queue=nope", 404, "nope"),
    ("/api/v1/agents?state=asleep", 400, "state"),
    ("/api/v1/calls/nope", 404, "nope"),
    ("/api/v1/calls/nope/timeline", 404, "nope"),
    ("/api/v1/calls?cursor=%00x", 400, "cursor"),
    ("/api/v1/calls?limit=0", 400, "limit"),
    ("/api/v1/calls?limit=many", 400, "limit"),
    ("/api/v1/calls?state=lost", 400, "state"),
    ("/api/v1/calls?since=yesterday", 400, "since"),
    ("/api/v1/calls?since=2026-11-01T08:00:00", 400, "since"),
    ("/api/v1/calls?until=9999-99-99T08:00:00Z", 400, "until"),
    ("/api/v1/tickets?kind=wish", 400, "kind"),
    ("/api/v1/tickets?status=lost", 400, "status"),
    ("/api/v1/tickets?cursor=x", 400, "cursor"),
    ("/api/v1/calls?windw=15m", 400, "no such parameter: windw; known here: agent, cursor, limit, number, queue"),
    ("/api/v1/kpis?windw=15m&que=a", 400, "no such parameter: que, windw; known here: queue, window"),
    ("/api/v1/queues?queue=sales", 400, "no such parameter: queue; known here: none"),
    ("/api/v1/events?since=1", 400, "no such parameter: since"),
    ("/api/v1/calls/x/timeline?limit=1", 400, "no such parameter: limit"),
    ("/api/v2/calls", 404, ""),
    ("/static/../app.py", 404, ""),
    ("/static/%2e%2e/app.py", 404, ""),
]


@pytest.mark.parametrize(("path", "status", "says"), WRONG)
async def test_a_wrong_question_gets_a_problem(api: httpx.AsyncClient, path: str, status: int, says: str) -> None:
    answer = await api.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status and says in told["detail"]


@pytest.mark.parametrize("path", [
    "/", "/docs", "/openapi.json", "/static/wallboard.js", "/healthz", "/readyz", "/metrics", "/api/v1/queues",
    "/api/v1/kpis?window=15m", "/api/v1/calls", "/api/v1/calls/nope", "/api/v1/kpis?window=5m",
])
async def test_head_says_what_get_says_without_the_body(api: httpx.AsyncClient, path: str) -> None:
    whole, head = await api.get(path), await api.head(path)
    assert (head.status_code, head.headers, head.content) == (whole.status_code, whole.headers, b"")


async def test_the_stream_that_never_ends_has_no_head(api: httpx.AsyncClient) -> None:
    answer = await api.head("/api/v1/events")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_a_wrong_method_gets_a_problem(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/calls")
    assert (answer.status_code, answer.json()["status"], answer.headers["allow"]) == (405, 405, "GET, HEAD")


async def test_a_store_that_cannot_be_read_is_a_503(api: httpx.AsyncClient, source: MemorySource) -> None:
    async def broken(**asked: object) -> None:
        raise StoreError("disk full")

    source.store.calls = broken  # type: ignore[assignment, method-assign]
    answer = await api.get("/api/v1/calls")
    assert (answer.status_code, answer.json()["detail"]) == (503, "disk full")


async def test_a_bug_is_a_500_that_tells_nothing(api: httpx.AsyncClient, source: MemorySource) -> None:
    async def broken(**asked: object) -> None:
        raise ValueError("secret of the inside")

    source.store.calls = broken  # type: ignore[assignment, method-assign]
    answer = await api.get("/api/v1/calls")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/", "/docs", "/static/wallboard.js", "/api/v1/queues", "/api/v1/calls/x", "/x"])
async def test_every_answer_keeps_foreign_content_out(api: httpx.AsyncClient, path: str) -> None:
    headers = (await api.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] in ("no-store", "no-cache")
