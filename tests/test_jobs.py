"""Work in a process of its own: what becomes of it when it is stopped, killed, or cannot even begin."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from callcenter import worker, worker_processes
from callcenter.config import Config, parse
from callcenter.jobs import KEPT, Failed, Job, Jobs, State

PYTHON = sys.executable
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
    gc.collect()  # a pipe that was left open is told here, not in another test


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 (a process tells it in no other way)
            await asyncio.sleep(0.01)


async def state(job: Job, *wanted: State) -> None:
    await until(lambda: job.state in wanted)


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()}


async def test_the_worker_is_told_no_secret(config: Config) -> None:
    told = worker.order(config, "report", {"since": "today"}, Path("/tmp/result"))
    assert b"s3cret" not in told and b"secret" not in told


async def test_what_is_stopped_leaves_no_process_and_lets_the_next_one_begin(jobs: Jobs) -> None:
    before = children()
    first, second = jobs.begin("report", LONG), jobs.begin("report", {"since": "today"})
    await state(first, State.RUNNING)
    assert second.state is State.WAITING
    await jobs.stop(first)
    assert first.state is State.STOPPED
    await state(second, State.DONE)
    await jobs.close()
    assert children() == before


async def test_who_asks_again_soon_finds_a_process_that_waits(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    before, begun = children(), []

    async def begin(work: str, really: Callable[[str], Awaitable[Process]] = worker_processes.begin) -> Process:
        begun.append(await really(work))
        return begun[-1]

    monkeypatch.setattr(worker_processes, "begin", begin)
    for n in (1, 2, 3):
        job = jobs.begin("report", {"since": "today", "format": "json"})
        await state(job, State.DONE)
        assert job.result is not None and job.result.stat().st_size > 100
        await until(lambda n=n: len(begun) == n + 1)  # type: ignore[misc]
        assert children() - before == {begun[n].pid}
    begun[3].kill()  # one that died is not taken
    await begun[3].wait()
    await state(jobs.begin("report", {"since": "today"}), State.DONE)
    await until(lambda: len(begun) == 6)
    await jobs.close()
    assert children() == before


async def test_nobody_waits_for_ever(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_processes, "WAITS_S", 0.5)
    before = children()
    await state(jobs.begin("report", {"since": "today"}), State.DONE)
    await until(lambda: children() != before)
    await until(lambda: children() == before)


async def test_what_waits_can_be_stopped_before_it_began(jobs: Jobs) -> None:
    running, waiting = jobs.begin("report", LONG), jobs.begin("report", LONG)
    await state(running, State.RUNNING)
    await jobs.forget(waiting)
    assert waiting.state is State.STOPPED and waiting.id not in jobs.all and waiting.result is None


async def test_a_worker_that_is_killed_has_failed(jobs: Jobs) -> None:
    before = children()
    job = jobs.begin("report", LONG)
    await state(job, State.RUNNING)
    async with asyncio.timeout(60):
        while not (own := children() - before):  # noqa: ASYNC110 (until the process is there)
            await asyncio.sleep(0.01)
    os.kill(own.pop(), signal.SIGKILL)
    await state(job, State.FAILED)
    assert job.problem == "the work was killed: was memory short?"


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


def test_it_works_where_the_unit_forbids_even_to_give_way(config: Config, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        assert not os.environ.get("CI"), "strace must be there in CI"
        pytest.skip("strace is not here")
    forbidden = ["strace", "-qq", "-o", "/dev/null", "-e", "inject=setpriority,setrlimit,prlimit64:error=EPERM"]
    order = worker.order(config, "report", {"since": "today", "format": "json"}, tmp_path / "result")
    words = [*forbidden, sys.executable, "-m", worker.__name__, "report"]
    done = subprocess.run(words, input=order, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "result").read_bytes())["ask"]["by"] == "queue"


def test_why_a_result_cannot_be_written_is_told_and_what_else_fails_is_not_taken_for_it(
    config: Config, tmp_path: Path
) -> None:
    order = worker.order(config, "report", {"since": "today"}, tmp_path / "none" / "result")
    words = [sys.executable, "-m", worker.__name__]
    done = subprocess.run(words, input=order, capture_output=True, timeout=120)
    said = json.loads(done.stderr.splitlines()[-1])["error"]
    assert (done.returncode, said) == (2, "cannot write the result: No such file or directory")
    values = {"pbx": [{"secret": "-"}], "store": {"url": f"sqlite+aiosqlite:///{tmp_path}/{'x' * 300}.db"}}
    order = worker.order(parse(values, "test"), "report", {"since": "today"}, tmp_path / "result")
    done = subprocess.run(words, input=order, capture_output=True, timeout=120)
    assert done.returncode and b"cannot write the result" not in done.stderr


async def test_only_so_many_results_are_kept(jobs: Jobs) -> None:
    first = jobs.begin("nonsense", {})
    await state(first, State.FAILED)
    later = [jobs.begin("report", LONG) for _ in range(KEPT)]
    assert first.id not in jobs.all and len(jobs.all) == KEPT
    for job in later[1:]:
        await jobs.stop(job)


async def test_the_houses_own_work_takes_no_place_of_what_users_ask_for(jobs: Jobs) -> None:
    asked = jobs.begin("report", LONG)
    assert await jobs.do("keep", {}) == b""
    with pytest.raises(Failed, match="nonsense"):
        await jobs.do("nonsense", {})
    assert list(jobs.all.values()) == [asked]


async def test_the_houses_work_ends_with_the_house(config: Config) -> None:
    jobs, before = Jobs(lambda: config), children()
    work = asyncio.create_task(jobs.do("past", {}))
    async with asyncio.timeout(60):
        while children() == before:  # noqa: ASYNC110 (until the process is there)
            await asyncio.sleep(0.01)
    await jobs.close()
    with pytest.raises(Failed, match="stopped"):
        await work
    assert children() == before


async def test_a_worker_that_says_too_much_is_heard_to_its_end(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loud = tmp_path / "loud.py"
    loud.write_text("import sys; sys.stderr.write('x' * 300_000 + '\\n{\"error\": \"enough\"}\\n'); sys.exit(2)")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(f"#!/bin/sh\nexec {PYTHON} {loud}\n")
    (tmp_path / "python").chmod(0o755)
    job = jobs.begin("report", {})
    await state(job, State.FAILED)
    assert job.problem == "enough"


async def test_a_folder_that_was_tidied_away_is_made_anew(jobs: Jobs) -> None:
    first = jobs.begin("report", {"since": "today", "format": "json"})
    await state(first, State.DONE)
    assert first.result is not None
    shutil.rmtree(first.result.parent)
    second = jobs.begin("report", {"since": "today", "format": "json"})
    await state(second, State.DONE)


async def test_a_job_that_ours_is_to_blame_for_has_failed_and_the_next_begins(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> bytes:
        raise ValueError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(worker, "order", wrong)
        job = jobs.begin("report", {})
        await state(job, State.FAILED)
    assert job.problem == "ValueError: the daemon's log says more" and job.over_at is not None
    await state(jobs.begin("report", {"since": "today"}), State.DONE)
