"""A forecast is kept as it was made, once, and counts for the days that had not begun then."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pytest

from callcenter import clock
from callcenter.errors import InputError
from callcenter.forecast.values import Forecast
from callcenter.history import forecasts, parquet

MIDNIGHT = datetime(2026, 3, 9, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
DAY = (MIDNIGHT, MIDNIGHT + DAY_S)


def forecast(first: float = MIDNIGHT, days: int = 2, queues: tuple[str, ...] = ("sales", "support")) -> Forecast:
    start = np.arange(first, first + days * DAY_S, 900.0)
    numbers = np.random.default_rng(1).uniform(0, 9, (4, len(queues), len(start)))
    numbers[3, 0, 5] = np.nan
    return Forecast(first - 7200, "seasonal", (first - 9 * DAY_S, first - DAY_S), queues, start, *numbers)


def at(monkeypatch: pytest.MonkeyPatch, *moments: float) -> None:
    """The clock says one after the other, and then the last for ever."""
    left = list(moments)
    monkeypatch.setattr(clock, "now", lambda: left.pop(0) if len(left) > 1 else left[0])


def test_what_is_kept_is_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, MIDNIGHT - 3600.25)
    kept = forecasts.keep(tmp_path, forecast(queues=("=1+1", "پشتیبانی\nفنی")))
    assert kept.made_at == MIDNIGHT - 3600.25, "the moment of writing, not what the maker says"
    back = forecasts.newest_before(tmp_path, DAY)
    assert back is not None
    assert (back.made_at, back.model, back.learnt, back.queues) == (
        kept.made_at, "seasonal", kept.learnt, ("=1+1", "پشتیبانی\nفنی"),
    )  # fmt: skip
    for name in ("start", "calls", "low", "high", "handle_time_s"):
        np.testing.assert_array_equal(getattr(back, name), getattr(kept, name))


def test_the_file_is_named_by_its_moment_and_readable_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, MIDNIGHT - 3600.25)
    made = forecasts.keep(tmp_path, forecast())
    (path,) = tmp_path.iterdir()
    assert path.name == "2026-03-08T225959.750000Z.parquet"
    rows = duckdb.sql(f"SELECT * FROM '{path}' WHERE queue = 'support' AND start = {MIDNIGHT + 900}").fetchall()
    assert rows == [(made.made_at, "seasonal", *made.learnt, "support", MIDNIGHT + 900, made.calls[1, 1],
                     made.low[1, 1], made.high[1, 1], made.handle_time_s[1, 1])]  # fmt: skip
    assert duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE handle_time_s IS NULL").fetchall() == [(1,)]


def test_of_several_the_newest_counts_that_was_made_before_the_day_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [MIDNIGHT - 30 * 3600, MIDNIGHT - 3600, MIDNIGHT + 1, MIDNIGHT + 3600]
    for moment, first in zip(moments, (MIDNIGHT, MIDNIGHT, MIDNIGHT, MIDNIGHT + DAY_S), strict=True):
        at(monkeypatch, moment)
        forecasts.keep(tmp_path, replace(forecast(first), made_at=moment, learnt=(0.0, 1.0)))
    assert [made for made, _ in forecasts.kept(tmp_path)] == moments[::-1]

    def counts(day: float) -> float | None:
        found = forecasts.newest_before(tmp_path, (day, day + DAY_S))
        return found and found.made_at

    assert counts(MIDNIGHT) == moments[1], "one of a second after midnight tells of that day, and is too late for it"
    assert counts(MIDNIGHT + DAY_S) == moments[3]
    assert counts(MIDNIGHT + 2 * DAY_S) == moments[3]
    assert counts(MIDNIGHT + 3 * DAY_S) is None, "beyond them all"
    assert counts(MIDNIGHT - DAY_S) is None


def test_a_forecast_of_the_future_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, MIDNIGHT)
    for wrong in (replace(forecast(), made_at=MIDNIGHT + 1), replace(forecast(), learnt=(0.0, MIDNIGHT + 1))):
        with pytest.raises(InputError, match="a forecast of the future is not kept"):
            forecasts.keep(tmp_path, wrong)
    assert list(tmp_path.iterdir()) == []


def test_one_whose_writing_took_long_is_refused_for_it_would_be_younger_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, MIDNIGHT - 20, MIDNIGHT + 20)
    with pytest.raises(InputError, match="writing it took 40 s"):
        forecasts.keep(tmp_path, forecast())
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, MIDNIGHT - 3600)
    forecasts.keep(tmp_path, forecast())
    ((_, path),) = forecasts.kept(tmp_path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="there is a forecast already"):
        forecasts.keep(tmp_path, forecast(queues=("other",)))
    assert path.read_bytes() == before


@pytest.mark.parametrize("after", ["create", "rename"])
def test_control_c_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    at(monkeypatch, MIDNIGHT - 3600)

    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    if after == "create":
        monkeypatch.setattr(os, "fsync", interrupted)
    else:
        write = parquet.write
        monkeypatch.setattr(parquet, "write", lambda *given: (write(*given), interrupted()))
    with pytest.raises(KeyboardInterrupt):
        forecasts.keep(tmp_path, forecast())
    assert list(tmp_path.iterdir()) == []


def test_a_file_under_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a copy would have been made before its day."""
    at(monkeypatch, MIDNIGHT + 3600)
    forecasts.keep(tmp_path, forecast())
    ((_, path),) = forecasts.kept(tmp_path)
    path.rename(tmp_path / "2026-03-08T120000.000000Z.parquet")
    with pytest.raises(InputError, match=r"was made at 2026-03-09T01:00:00Z, its name says otherwise"):
        forecasts.newest_before(tmp_path, DAY)


def test_what_is_no_forecast_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert forecasts.kept(tmp_path / "none") == []
    (tmp_path / "notes.parquet").write_text("x")
    (tmp_path / ".2026-03-08T120000.000000Z.parquet.77").write_text("half")
    assert forecasts.newest_before(tmp_path, DAY) is None
    broken = tmp_path / "2026-03-08T120000.000000Z.parquet"
    broken.write_text("x" * 100)
    with pytest.raises(InputError, match=f"{broken}: cannot be read"):
        forecasts.newest_before(tmp_path, DAY)
