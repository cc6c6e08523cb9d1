"""A daemon that has not met its PBX, or whose PBX has no queues: every address answers, the metrics too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from callcenter.config import parse
from callcenter.daemon import opened
from callcenter.web.app import create_app

ENDLESS = "/api/v1/events"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    where = f"sqlite+aiosqlite:///{tmp_path / 'callcenter.db'}"
    async with opened(parse({"pbx": [{"secret": "s"}], "store": {"url": where}}, "test")) as daemon:
        await daemon.boards.refresh()
        transport = httpx.ASGITransport(app=create_app(daemon), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


async def test_every_address_answers_or_says_what_is_not_there(api: httpx.AsyncClient) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    asked = [path for path, methods in paths.items() if "get" in methods and path != ENDLESS]
    assert ENDLESS in paths and {"/metrics", "/api/v1/kpis", "/api/v1/staffing"} <= set(asked)
    answers = {path: await api.get(path) for path in asked}
    unnamed = {path: answer.status_code for path, answer in answers.items() if "{" not in path}
    assert {path for path, status in unnamed.items() if status != 200} == {"/readyz", "/api/v1/forecast"}
    assert (unnamed["/readyz"], unnamed["/api/v1/forecast"]) == (503, 404)
    assert {answer.status_code for path, answer in answers.items() if "{" in path} == {404}


async def test_the_metrics_say_that_there_is_no_link(api: httpx.AsyncClient) -> None:
    page = (await api.get("/metrics")).text
    samples = {s.name: s.value for family in text_string_to_metric_families(page) for s in family.samples}
    assert samples["callcenter_link_up"] == 0
    assert "callcenter_queue_waiting" not in samples
