"""What the daemon shows of a kept forecast: the one that counts for today, looked for again when the folder changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import logs
import numpy as np
import pytest
from structlog.testing import capture_logs
from synthetic import TEHRAN

from callcenter import clock, planning
from callcenter.config import Config
from callcenter.errors import CallcenterError
from callcenter.figures import Targets, Window
from callcenter.floor.changes import VisitEnded, VisitEntered
from callcenter.floor.records import Outcome, Visit
from callcenter.floor.wallboard import FloorNow, QueueNow, Wallboard
from callcenter.forecast.values import Forecast
from callcenter.history import forecasts
from callcenter.jobs import Failed, Jobs
from callcenter.planning import Planning

MONDAY = datetime(2025, 11, 17, tzinfo=TEHRAN)
MIDNIGHT = MONDAY.timestamp()
DAY_S = 86_400.0


def made(first: float = MIDNIGHT) -> Forecast:
    calls = np.full((1, 14 * 96), 4.0)
    start = first + 900.0 * np.arange(14 * 96)
    return Forecast(0.0, "seasonal", (0.0, 1.0), ("sales",), start, calls, calls, calls, np.full(calls.shape, 180.0))


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Keeps a forecast at a moment."""

    def keep(at: float, first: float = MIDNIGHT) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)
        forecasts.keep(folder(tmp_path), made(first))

    return keep


def folder(tmp_path: Path) -> Path:
    return tmp_path / "history/main/forecast"


def at(config: Config, *moment: float) -> Planning:
    left = list(moment)
    return Planning(lambda: config, lambda: left.pop(0) if len(left) > 1 else left[0])


def board(now: float) -> Wallboard:
    figures = {"today": {"sales": {"offered": 3}, "": {"offered": 3}}}
    sales = QueueNow("sales", 0, None, (), 0, {})
    return Wallboard(1, FloorNow(now, "main", True, 0.0, 0, {}, (sales,), ()), figures, {})


async def test_the_forecast_of_today_is_the_newest_made_before_it_began(
    tmp_path: Path, keep: Callable[..., None]
) -> None:
    shown = at(logs.config_of(tmp_path), MIDNIGHT + 3600)
    await shown.look()
    assert shown.forecast is None and shown.failure == "", "no folder yet"
    keep(MIDNIGHT - 7200)
    keep(MIDNIGHT - 3600)
    keep(MIDNIGHT + 1800)
    await shown.look()
    assert shown.forecast is not None and shown.forecast.made_at == MIDNIGHT - 3600
    (sales,) = shown.staffing(board(MIDNIGHT + 3600 + 450))
    assert (sales.forecast, sales.actual, sales.forecast_interval) == (18, 3, 4)


async def test_a_business_day_that_begins_at_noon_has_the_forecast_made_before_noon(
    tmp_path: Path, keep: Callable[..., None]
) -> None:
    site = {"timezone": "Asia/Tehran", "day_starts": "12:00"}
    shown = at(logs.config_of(tmp_path, site=site), MIDNIGHT + DAY_S + 3600)
    keep(MIDNIGHT - 3600)
    keep(MIDNIGHT + 18 * 3600, MIDNIGHT + DAY_S)  # of the day after, made when the business day had begun
    await shown.look()
    assert shown.forecast is not None and shown.forecast.made_at == MIDNIGHT - 3600
    (sales,) = shown.staffing(board(MIDNIGHT + DAY_S + 3600))
    assert sales.forecast == 13 * 4 * 4, "since noon"


async def test_the_files_are_read_again_only_when_one_came_or_a_day_began(
    tmp_path: Path, keep: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    old = forecasts.read
    monkeypatch.setattr(forecasts, "read", lambda path: (read.append(path), old(path))[1])
    shown = at(logs.config_of(tmp_path), MIDNIGHT, MIDNIGHT + 60, MIDNIGHT + 120, MIDNIGHT + DAY_S)
    keep(MIDNIGHT - 7200)
    await shown.look()
    await shown.look()
    assert len(read) == 1
    keep(MIDNIGHT - 3600)
    await shown.look()
    assert len(read) == 2
    await shown.look()
    assert len(read) == 3


async def test_one_that_cannot_be_read_is_told_once_and_so_is_that_it_can_again(
    tmp_path: Path, keep: Callable[..., None]
) -> None:
    shown = at(logs.config_of(tmp_path), MIDNIGHT)
    keep(MIDNIGHT - 7200)
    broken = folder(tmp_path) / "2025-11-16T200000.000000Z.parquet"
    broken.write_text("x" * 100)
    with capture_logs() as told:
        for _ in range(2):
            await shown.look()
            assert shown.forecast is None and "cannot be read" in shown.failure
        broken.unlink()
        for _ in range(2):
            await shown.look()
    assert [line["event"] for line in told] == ["forecast cannot be read", "forecast can be read again"]
    assert shown.forecast is not None and shown.failure == ""


async def test_any_day_can_be_asked_for(tmp_path: Path, keep: Callable[..., None]) -> None:
    shown = at(logs.config_of(tmp_path), MIDNIGHT)
    keep(MIDNIGHT - 3600)
    keep(MIDNIGHT + 3600, MIDNIGHT + DAY_S)
    found = [await shown.of_day(datetime(2025, 11, day).date()) for day in (16, 17, 18)]
    assert [of and of.made_at for of in found] == [None, MIDNIGHT - 3600, MIDNIGHT + 3600]
    folder(tmp_path).rename(tmp_path / "away")
    folder(tmp_path).write_text("no folder")
    with pytest.raises(CallcenterError, match="Not a directory"):
        await shown.of_day(MONDAY.date())


async def test_what_came_is_counted_by_the_interval_of_entry(tmp_path: Path) -> None:
    window = Window(lambda name: Targets(), TEHRAN, "00:00")
    entered = [0.0, 899.9, 900.0, 901.0, 1800.0, 1801.0]
    for key, since in enumerate(entered):
        window.apply(VisitEntered(MIDNIGHT + since, "c", key, "sales", 1))
    refused = Visit("sales", MIDNIGHT + 901.0, wait_s=0.0, outcome=Outcome.REFUSED_FULL)
    window.apply(VisitEnded(MIDNIGHT + 901.0, "c", 3, refused))
    shown = Planning(lambda: logs.config_of(tmp_path), lambda: MIDNIGHT, window.picture)
    start = MIDNIGHT + 900.0 * np.arange(96)
    came = await shown.came(board(MIDNIGHT + 1802), start)
    assert came["sales"][:2].tolist() == [2, 1], "one was refused"
    assert np.isnan(came["sales"][2:]).all(), "the third is under way"
    assert await at(logs.config_of(tmp_path), MIDNIGHT).came(board(MIDNIGHT), start) == {}


async def test_it_is_made_elsewhere_each_hour_and_why_not_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = logs.config_of(tmp_path)
    begun: list[str] = []
    sixth = asyncio.Event()

    class Recorded(Jobs):
        async def do(self, work: str, words: dict[str, object]) -> bytes:
            begun.append(work)
            if len(begun) == 6:
                sixth.set()
            if len(begun) < 3:
                raise Failed("a forecast needs 14 days")
            return b""

    jobs = Recorded(lambda: config)
    monkeypatch.setattr(planning, "MAKE_S", 0.0)
    with capture_logs() as told:
        making = asyncio.create_task(at(config, MIDNIGHT).make(jobs))
        async with asyncio.timeout(60):
            await sixth.wait()
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
    assert set(begun) == {"forecast"}
    assert [line["reason"] for line in told] == ["a forecast needs 14 days"]
    assert len(jobs.all) <= 1, "those that are over take no room"
    await jobs.close()
