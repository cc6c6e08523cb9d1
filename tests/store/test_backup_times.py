"""A backup is made whenever one is due, and its age is told; nothing that goes wrong ends the trying."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callcenter import clock
from callcenter.errors import StoreError
from callcenter.metrics.health import Health, alarms
from callcenter.store import backup_names, backup_times
from callcenter.store.backup_names import found
from callcenter.store.backup_times import Backups, made_apart
from callcenter.store.store import Store

NOW = 1_800_000_000.0


async def looked(times: Backups, often: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What it waits for before each of its next looks."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == often:
            raise asyncio.CancelledError

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await times.run()
    return waits


def making(monkeypatch: pytest.MonkeyPatch, name: Callable[[], str]) -> list[Path]:
    """In place of the process that makes one: a file of that name."""
    made: list[Path] = []

    async def make(url: str, folder: Path, kept: int) -> Path:
        made.append(folder / name())
        made[-1].touch()
        return made[-1]

    monkeypatch.setattr(backup_times, "made_apart", make)
    return made


async def test_a_daemon_makes_one_when_it_is_due_and_says_once_that_it_cannot(
    store: Store, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = Backups(url, folder, every_h=2.0, kept=3)
    os.rmdir(folder)
    assert await looked(times, 3, monkeypatch) == [3600.0] * 3
    assert times.failure == f"backup: no folder {folder}" and times.newest_at is None and times.failures == 3
    os.mkdir(folder)
    assert await looked(times, 3, monkeypatch) == [3600.0] * 3
    assert times.failure == "" and len(found(folder)) == 1


async def test_it_looks_again_just_when_the_next_is_due(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    (folder / backup_names.name()).touch()
    monkeypatch.setattr(clock, "now", lambda: NOW + 7000)
    assert await looked(Backups(url, folder, every_h=2.0, kept=3), 1, monkeypatch) == [200.0]


async def test_whatever_goes_wrong_the_next_is_tried(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[Any] = [RuntimeError("a bug"), OSError(5, "Input/output error")]

    def newest_at(folder: Path) -> float | None:
        if problems:
            raise problems.pop(0)
        return None

    made = making(monkeypatch, backup_names.name)
    monkeypatch.setattr(backup_names, "newest_at", newest_at)
    times = Backups(url, folder, every_h=2.0, kept=3)
    assert await looked(times, 1, monkeypatch) == [3600.0]
    assert (times.failure, times.failures) == ("RuntimeError: a bug", 1)
    assert await looked(times, 1, monkeypatch) == [3600.0]
    assert times.failures == 2 and not made
    await looked(times, 1, monkeypatch)
    assert times.failure == "" and len(made) == 1


@pytest.mark.parametrize("name", ["callcenter-20000101T000000Z.db", "callcenter-20990101T000000Z.db"])
async def test_where_the_clock_of_the_machine_was_set_it_does_not_make_one_after_the_other(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The process that makes one names it by the new clock; ours goes on as it went."""
    made = making(monkeypatch, lambda: name)
    times = Backups(url, folder, every_h=2.0, kept=3)
    await looked(times, 5, monkeypatch)
    assert len(made) == 1
    made[0].unlink()
    await looked(times, 5, monkeypatch)
    assert len(made) == 2, "one that is gone is none"


async def test_one_from_the_future_does_not_hold_up_the_next(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "callcenter-20990101T000000Z.db").touch()
    made = making(monkeypatch, backup_names.name)
    await looked(Backups(url, folder, every_h=2.0, kept=3), 3, monkeypatch)
    assert len(made) == 1


async def test_an_old_one_is_an_alarm_from_the_first_look_of_a_new_process_on(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    (folder / backup_names.name()).touch()
    for age_s, old in ((7100.0, False), (14_300.0, False), (14_500.0, True)):
        monkeypatch.setattr(clock, "now", lambda age_s=age_s: NOW + age_s)
        times = Backups(url, folder, every_h=2.0, kept=3)
        await looked(times, 1, monkeypatch)  # there is no store: none is made
        assert times.age_s == age_s
        told = alarms(Health(backup_age_s=times.age_s, backup_old_s=times.old_s))
        assert [(alarm.kind, alarm.ready) for alarm in told] == [("old_backup", True)] * old


async def test_a_folder_that_does_not_answer_is_told_and_looked_at_once_at_a_time(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, looks = threading.Event(), []

    def newest_at(folder: Path) -> None:
        looks.append(folder)
        answers.wait(30)

    monkeypatch.setattr(backup_times, "LOOKED_S", 0.01)
    monkeypatch.setattr(backup_names, "newest_at", newest_at)
    made = making(monkeypatch, lambda: "made")
    times = Backups(url, folder, every_h=2.0, kept=3)
    try:
        await looked(times, 3, monkeypatch)
        assert (times.failure, times.failures, len(looks)) == (f"backup: {folder} does not answer", 3, 1)
        assert [alarm.kind for alarm in alarms(Health(backup_failure=times.failure))] == ["backup"]
    finally:
        answers.set()
    monkeypatch.setattr(backup_times, "LOOKED_S", 30.0)
    await looked(times, 1, monkeypatch)
    assert (times.failure, len(made)) == ("", 1)


async def test_one_that_hangs_is_killed(
    url: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, pid = tmp_path / "hanging", tmp_path / "pid"
    hanging.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    hanging.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(hanging))
    with pytest.raises(StoreError, match=r"^backup: not done within 0.3 s$"):
        await made_apart(url, folder, 3, within_s=0.3)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
