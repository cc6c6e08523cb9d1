"""Work in a process of its own: what becomes of it when it is stopped, killed, or cannot even begin."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from callcenter import worker
from callcenter.config import Config, parse
from callcenter.jobs import KEPT, Job, Jobs, State

LONG = {"since": "2000-01-01", "until": "2199-01-01", "every": "range"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    values = {"pbx": [{"secret": "s3cret"}], "store": {"url": f"sqlite+aiosqlite:///{tmp_path}/calls.db"}}
    return parse(values, "test")


@pytest.fixture
async def jobs(config: Config) -> AsyncIterator[Jobs]:
    made = Jobs(lambda: config)
    yield made
    await made.close()


async def state(job: Job, *wanted: State) -> None:
    async with asyncio.timeout(20):
        while job.state not in wanted:  # noqa: ASYNC110 (a process tells it in no other way)
            await asyncio.sleep(0.01)


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()}


async def test_the_worker_is_told_no_secret(config: Config) -> None:
    told = worker.order(config, "report", {"since": "today"})
    assert b"s3cret" not in told and b"secret" not in told


async def test_what_is_stopped_leaves_no_process_and_lets_the_next_one_begin(jobs: Jobs) -> None:
    before = children()
    first, second = jobs.begin("report", LONG), jobs.begin("report", {"since": "today"})
    await state(first, State.RUNNING)
    assert second.state is State.WAITING
    await jobs.stop(first)
    assert first.state is State.STOPPED
    await state(second, State.DONE)
    assert children() == before


async def test_what_waits_can_be_stopped_before_it_began(jobs: Jobs) -> None:
    running, waiting = jobs.begin("report", LONG), jobs.begin("report", LONG)
    await state(running, State.RUNNING)
    await jobs.forget(waiting)
    assert waiting.state is State.STOPPED and waiting.id not in jobs.all and waiting.result is None


async def test_a_worker_that_is_killed_has_failed(jobs: Jobs) -> None:
    before = children()
    job = jobs.begin("report", LONG)
    await state(job, State.RUNNING)
    async with asyncio.timeout(10):
        while not (own := children() - before):  # noqa: ASYNC110 (until the process is there)
            await asyncio.sleep(0.01)
    os.kill(own.pop(), signal.SIGKILL)
    await state(job, State.FAILED)
    assert job.problem == "the work ended with status -9"


async def test_work_that_nobody_knows_says_so(jobs: Jobs) -> None:
    job = jobs.begin("nonsense", {})
    await state(job, State.FAILED)
    assert "nonsense" in job.problem


async def test_the_end_takes_results_and_processes_along(config: Config) -> None:
    jobs, before = Jobs(lambda: config), children()
    done = jobs.begin("report", {"since": "today", "format": "json"})
    await state(done, State.DONE)
    assert done.result is not None and done.result.stat().st_size > 100
    running = jobs.begin("report", LONG)
    await state(running, State.RUNNING)
    await jobs.close()
    assert not done.result.parent.exists() and children() == before


async def test_only_so_many_results_are_kept(jobs: Jobs) -> None:
    first = jobs.begin("nonsense", {})
    await state(first, State.FAILED)
    later = [jobs.begin("report", LONG) for _ in range(KEPT)]
    assert first.id not in jobs.all and len(jobs.all) == KEPT
    for job in later[1:]:
        await jobs.stop(job)
