"""Reports over the API: begun, followed, fetched and stopped, each made by a process of its own from a real history."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from memory_source import MemorySource, until

from callcenter.config import Config, parse
from callcenter.history import importing, place
from callcenter.jobs import KEPT

LOG = Path(__file__).parents[1] / "captures" / "ast22-mix.queue_log"
JSON = {"content-type": "application/json"}
DAY = "1405-09-01"  # in Tehran, by its own calendar


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse(
        {"pbx": [{"secret": "-"}], "store": {"url": f"sqlite+aiosqlite:///{tmp_path}/calls.db"},
         "site": {"timezone": "Asia/Tehran"}},
        "test",
    )  # fmt: skip


@pytest.fixture(autouse=True)
async def filled(source: MemorySource, config: Config) -> None:
    source.config = config
    importing.import_file(place.archive_of(config), LOG, lambda what, done, total: None)


@pytest.fixture(autouse=True)
async def closed(source: MemorySource) -> Any:
    yield
    await source.jobs.close()


async def over(api: httpx.AsyncClient, id: str) -> dict[str, Any]:
    async with asyncio.timeout(120):
        while True:
            told: dict[str, Any] = (await api.get(f"/api/v1/reports/{id}")).json()
            if told["state"] not in ("waiting", "running"):
                return told
            await asyncio.sleep(0.05)  # as a page would ask


async def asked(api: httpx.AsyncClient, **words: Any) -> dict[str, Any]:
    answer = await api.post("/api/v1/reports", json=words)
    assert answer.status_code == 202, answer.text
    began: dict[str, Any] = answer.json()
    return await over(api, began["id"])


async def test_a_report_is_begun_followed_and_fetched(api: httpx.AsyncClient) -> None:
    done = await asked(api, since=DAY, every="range", format="csv")
    assert (done["state"], done["problem"]) == ("done", "")
    assert 0 < done["done"] == done["total"]
    answer = await api.get(done["result"])
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    offered = sum("|ENTERQUEUE|" in line for line in LOG.read_text().splitlines())
    assert sum(int(float(row["offered"])) for row in rows) == offered
    listed = (await api.get("/api/v1/reports")).json()["items"]
    assert [one["id"] for one in listed] == [done["id"]]
    assert (await api.delete(f"/api/v1/reports/{done['id']}")).status_code == 204
    assert (await api.get(done["result"])).status_code == 404


async def test_what_is_wrong_with_the_question_is_said(api: httpx.AsyncClient) -> None:
    answer = await api.post("/api/v1/reports", json={"since": "yesterdy"})
    assert answer.status_code == 400 and "'yesterdy' is no date" in answer.json()["detail"]
    failed = await asked(api, since=DAY, names=["nosuch"])
    assert failed["state"] == "failed" and "unknown queue: nosuch" in failed["problem"]
    answer = await api.get(f"/api/v1/reports/{failed['id']}/result")
    assert answer.status_code == 409 and "nosuch" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [{"every": "fortnight"}, {"until": 3}, {"threshold_s": -1}, {"form": "csv"}, {"language": "xx"},
             {"names": ["\ud800"]}, {"figures": ["x" * 300]}],
)
async def test_a_question_that_is_none_is_refused(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await api.post("/api/v1/reports", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400 and next(iter(body)) in answer.json()["detail"]
    assert (await api.get("/api/v1/reports")).json()["items"] == []


async def test_a_report_can_be_stopped(api: httpx.AsyncClient, source: MemorySource) -> None:
    began = (await api.post("/api/v1/reports", json={"since": "2000-01-01", "until": "2030-01-01"})).json()
    job = source.jobs.all[began["id"]]
    await until(lambda: job.state == "running")
    assert (await api.delete(f"/api/v1/reports/{began['id']}")).status_code == 204
    assert job.state == "stopped" and job.over_at is not None
    assert (await api.get(f"/api/v1/reports/{began['id']}")).status_code == 404
    assert (await asked(api, since=DAY))["state"] == "done"  # there is room for the next


async def test_there_are_only_so_many_at_a_time(api: httpx.AsyncClient) -> None:
    body = {"since": "2000-01-01", "until": "2030-01-01"}
    answers = [(await api.post("/api/v1/reports", json=body)).status_code for _ in range(KEPT + 1)]
    assert answers == [202] * KEPT + [429]


async def test_a_result_that_is_taken_away_while_it_is_fetched_arrives_whole(
    api: httpx.AsyncClient, source: MemorySource
) -> None:
    done = await asked(api, since=DAY, format="html")
    job = source.jobs.all[done["id"]]
    assert job.result is not None
    whole = job.result.read_bytes()
    fetched, gone = await asyncio.gather(api.get(done["result"]), api.delete(f"/api/v1/reports/{done['id']}"))
    assert gone.status_code == 204
    assert fetched.status_code == 404 or fetched.content == whole
    again = await asked(api, since=DAY)
    assert source.jobs.all[again["id"]].result.unlink() is None  # type: ignore[union-attr]
    assert (await api.get(again["result"])).status_code == 404


async def test_a_body_without_end_is_refused_and_begins_nothing(server: str, source: MemorySource) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"since": "'
        for _ in range(100):
            yield b"x" * 65_536

    async with httpx.AsyncClient(base_url=server) as client:
        for body in (endless(), b'{"since": "' + b"x" * 70_000 + b'"}'):
            with contextlib.suppress(httpx.WriteError):  # it need not be heard to its end
                answer = await client.post("/api/v1/reports", content=body, headers=JSON)
                assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
                assert answer.json()["detail"] == "the body is longer than 65536 bytes"
        assert (await client.get("/api/v1/reports")).json()["items"] == []
        assert (await client.post("/api/v1/reports", json={"since": DAY})).status_code == 202
    assert len(source.jobs.all) == 1
