"""The API of now: what the board holds comes out, and wrong questions get a problem."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, get_args

import httpx
import msgspec
import pytest
from memory_source import MemorySource
from sample_boards import AT, board_of, config_of

from callcenter import shown
from callcenter.errors import StoreError
from callcenter.floor.records import AgentState, Hole
from callcenter.floor.wallboard import Wallboard
from callcenter.metrics.health import RULES, STUCK_S, Health, alarms
from callcenter.report.past import Past
from callcenter.web.models import (
    AgentShape,
    AlarmShape,
    BoardShape,
    FigureShape,
    Kpis,
    Liveness,
    PageOf,
    QueueShape,
    Readiness,
    SeenShape,
)
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


HOLES = (
    Hole("main", AT - 2000, AT - 1900, "link lost", True),
    Hole("main", AT - 920, AT - 890, "nothing heard", False),
    Hole("main", AT - 42, None, "connection refused", False),
)


async def test_each_window_says_how_much_of_it_was_seen(api: httpx.AsyncClient, source: MemorySource) -> None:
    counted = {"": {"repaired": 7, "unknown": 2}, "sales": {"repaired": 3, "unknown": 1}}
    source.publish(with_holes(HOLES, figures=dict.fromkeys(shown.WINDOW_SECONDS, counted)))
    for window, blind_s, holes in (("15m", 10 + 42, 2), ("30m", 30 + 42, 2), ("60m", 100 + 30 + 42, 3)):
        seen = Kpis.model_validate_json((await api.get("/api/v1/kpis", params={"window": window})).content).seen
        assert (seen.blind_s, len(seen.holes)) == (blind_s, holes), window
        assert (seen.repaired, seen.unknown) == (7, 2)
    assert [(h.from_.timestamp(), h.to and h.to.timestamp(), h.reason, h.repaired) for h in seen.holes] == [
        (h.from_, h.to, h.reason, h.repaired) for h in HOLES
    ]


@pytest.mark.parametrize(("holes", "state", "blind_s", "count", "since", "until"), [
    ((), "whole", 0, 0, None, None),
    (HOLES[:1], "repaired", 100, 1, AT - 2000, AT - 1900),
    (HOLES[:2], "partial", 30, 1, AT - 920, AT - 890),
    (HOLES, "partial", 72, 2, AT - 920, None),
    ((Hole("main", AT - 4000, AT - 3500, "", False),), "partial", 100, 1, AT - 3600, AT - 3500),
    ((Hole("main", AT - 4000, AT - 3600, "", False),), "whole", 0, 0, None, None),
])
def test_a_window_with_a_hole_is_never_called_whole(
    holes: tuple[Hole, ...], state: str, blind_s: float, count: int, since: float | None, until: float | None
) -> None:
    told = SeenShape.model_validate(shown.seen_in_short(with_holes(holes), "60m", config_of("UTC").site))
    assert (told.state, told.blind_s, told.holes) == (state, blind_s, count)
    assert (told.since and told.since.timestamp(), told.until and told.until.timestamp()) == (since, until)


def with_holes(holes: tuple[Hole, ...], **changed: Any) -> Wallboard:
    return msgspec.structs.replace(board_of(3, 12, seq=2), holes=holes, **changed)


async def test_every_figure_is_named_in_three_languages(api: httpx.AsyncClient) -> None:
    told = PageOf[FigureShape].model_validate_json((await api.get("/api/v1/figures")).content)
    rows = {row.name: row for row in told.items}
    assert {f.name for f in FIGURES} | set(COUNTS) <= set(rows)
    for f in FIGURES:
        assert all(rows[f.name].label[lang] for lang in ("en", "fa", "ar"))


def test_the_board_has_the_shape_that_is_documented() -> None:
    board = with_holes(HOLES, alarms=tuple(alarms(Health(link=False, link_since=AT, store_failure="disk is full"))))
    told = BoardShape.model_validate(shown.board(board, config_of("UTC").site))
    assert [alarm.kind for alarm in told.alarms] == ["link", "disk_full"]
    assert told.seen["15m"].state == "partial"


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"link": False, "link_failure": "10.0.0.1:5038: nothing heard for 12 s", "link_since": AT},
     "ami: 10.0.0.1:5038: nothing heard for 12 s (since 2026-11-16T10:22:11.250+00:00)"),
    ({"link": False}, "ami: no link"),
    ({"synced": False}, "ami: the snapshot is not applied yet"),
    ({"store_failure": "database is locked", "store_pending": 17, "store_failed_since": AT},
     "store: database is locked; 17 changes wait in memory (since 2026-11-16T10:22:11.250+00:00)"),
    ({"store_failure": "database or disk is full", "store_pending": 1},
     "store: database or disk is full; 1 changes wait in memory"),
    ({"store_damaged": "malformed"}, "store: malformed"),
    ({"refused": "pbx:5038: CoreShowChannels: Permission denied"},
     "ami: not allowed: pbx:5038: CoreShowChannels: Permission denied; "
     "a call that ends while the link is down stays open for ever"),
]


@pytest.mark.parametrize(("health", "reason"), REASONS)
async def test_readiness_says_why_not(
    api: httpx.AsyncClient, source: MemorySource, health: dict[str, Any], reason: str
) -> None:
    assert (await api.get("/readyz")).status_code == 200
    source.is_so = Health(**health)
    answer = await api.get("/readyz")
    assert answer.status_code == 503
    assert Readiness.model_validate_json(answer.content) == Readiness(ready=False, reasons=[reason], warnings=[])
    assert (await api.get("/healthz")).status_code == 200, "not ready, but alive"


@pytest.mark.parametrize(("health", "warning"), [
    ({"queue_log_failure": "/q: permission denied"}, "queue_log: /q: permission denied"),
    ({"queue_log_differences": {"sales": 2, "vip": 0, "billing": -1}}, "queue_log: differs in billing (-1), sales (2)"),
    ({"backup_failure": "no space left"}, "backup: no space left"),
    ({"backup_age_s": 180_000.0, "backup_old_s": 172_800.0}, "backup: the last good one is 50.0 h old"),
])
async def test_what_does_not_keep_the_daemon_from_its_work_is_a_warning(
    api: httpx.AsyncClient, source: MemorySource, health: dict[str, Any], warning: str
) -> None:
    source.is_so = Health(**health)
    answer = await api.get("/readyz")
    assert answer.status_code == 200
    assert Readiness.model_validate_json(answer.content) == Readiness(ready=True, reasons=[], warnings=[warning])


@pytest.mark.parametrize(("health", "status"), [
    ({"consumer_at_s": STUCK_S - 1, "inbox": 9000}, 200),
    ({"consumer_at_s": STUCK_S + 1, "inbox": 3}, 503),
    ({"board_age_s": STUCK_S + 1}, 503),
    ({"link": False, "store_failure": "gone"}, 200),
])
async def test_a_process_whose_consumer_is_stuck_does_not_live(
    api: httpx.AsyncClient, source: MemorySource, health: dict[str, Any], status: int
) -> None:
    source.is_so = Health(**health)
    answer = await api.get("/healthz")
    assert answer.status_code == status
    assert (Liveness.model_validate_json(answer.content).status == "alive") is (status == 200)


def test_each_alarm_has_a_name_that_is_documented() -> None:
    assert [rule.kind for rule in RULES] == list(get_args(AlarmShape.model_fields["kind"].annotation))


async def test_metrics_are_prometheus_text(api: httpx.AsyncClient, source: MemorySource) -> None:
    answer = await api.get("/metrics")
    assert answer.content == source.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


WRONG = [
    ("/metrics?name[]=callcenter_nope", 400, "callcenter_nope"),
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
    ("/api/v1/kpis?queue=sales&queue=support", 400, "given more than once: queue"),
    ("/api/v1/kpis?window=today&queue=sales&window=15m&queue=vip", 400, "given more than once: queue, window"),
    ("/api/v1/calls?limit=5&limit=5", 400, "given more than once: limit"),
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


async def test_windows_of_past_days_are_there_once_they_are_computed(
    api: httpx.AsyncClient, source: MemorySource
) -> None:
    answer = await api.get("/api/v1/kpis?window=28d")
    assert answer.status_code == 503 and "not computed yet" in answer.json()["detail"]
    figures = {"sales": {"first_call_resolution": 0.75, "offered": 8.0}, "": {"first_call_resolution": None}}
    source.past = {"28d": Past((AT - 28 * 86_400, AT), 120.0, 1, 2, 3, figures)}
    told = Kpis.model_validate_json((await api.get("/api/v1/kpis?window=28d&queue=sales")).content)
    assert told.queues == {"sales": {"first_call_resolution": 0.75, "offered": 8.0}}
    assert told.all == {"first_call_resolution": None}
    assert (told.seen.blind_s, told.seen.repaired, told.seen.imported, told.seen.unknown) == (120.0, 1, 2, 3)
    assert told.to.timestamp() == AT
    assert (await api.get("/api/v1/kpis?window=28d&queue=nosuch")).status_code == 404
    assert (await api.get("/api/v1/kpis?window=7d")).status_code == 503
