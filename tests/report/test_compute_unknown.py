"""What a report tells of what was not seen, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from report_tables import columns, made, utc

from callcenter.report.values import Ask, By, Every


def at(clock: str) -> float:
    return utc(f"2026-11-01T{clock}")


DAY_S = 86_400.0
DAY = at("08:00"), at("10:00")


def test_each_period_tells_how_much_of_it_that_is_over_nobody_saw() -> None:
    known = (at("07:00"), at("08:10")), (at("08:20"), at("09:00")), (at("09:30"), at("12:00"))

    def found(made_at: str, of: Any = known) -> tuple[tuple[float, ...], list[bool]]:
        of_hours = made(columns(DAY, known=of), Ask(DAY, Every.HOUR), made_at=at(made_at))
        assert sum(of_hours.unknown_s) == of_hours.trust.unknown_s
        return of_hours.unknown_s, [of_hours.partly_seen(p) for p in range(2)]

    assert found("11:00") == ((600, 1800), [True, True])
    assert found("09:10") == ((600, 600), [True, True])
    assert found("08:15") == ((300, 0), [True, False])
    assert found("07:00", ()) == ((0, 0), [False, False])
    assert found("11:00", ((at("08:01"), at("10:00")),)) == ((60, 0), [False, False])  # while the daemon restarted
    assert found("11:00", ((at("08:01:01"), at("10:00")),)) == ((61, 0), [True, False])


TEN_DAYS = 0.0, 10 * DAY_S
DAILY = [{"queue": 0, "customer": 1, "started_at": day * DAY_S + 100, "answered": True} for day in range(10)]


def repeats(before: float | None, *known: tuple[float, float]) -> list[float]:
    """Of one customer who calls every day, by day and of the range; ``known`` in days."""
    told = columns(TEN_DAYS, calls=DAILY, known=tuple((a * DAY_S, b * DAY_S) for a, b in known))
    told = replace(told, known_before=None if before is None else before * DAY_S)
    ask = Ask(TEN_DAYS, Every.DAY, By.SITE, figures=("repeat_call_rate", "first_call_resolution"))
    rate, resolved = made(told, ask).columns
    assert np.isnan(resolved.values[:, -1]).tolist() == [False] * 3 + [True] * 7 + [False]  # it looks ahead only
    return [float(value) for value in rate.values[:, -1]]


NAN = float("nan")


@pytest.mark.parametrize(("before", "known", "rates"), [
    (None, [(0, 10)], [0] + [1] * 9 + [0.9]),  # nobody says since when
    (-7, [(0, 10)], [0] + [1] * 9 + [0.9]),  # that customer did not call before
    (-6, [(0, 10)], [NAN] + [1] * 9 + [NAN]),
    (0, [(0, 10)], [NAN] * 7 + [1] * 3 + [NAN]),  # the history begins here
    (-7, [(0, 2), (3, 10)], [0] + [1] * 9 + [0.9]),  # a gap of a day
    (-7, [(0, 1.5), (2.6, 10)], [0, 1, 1] + [NAN] * 7 + [0.9]),  # longer than a day: no week is known behind it
    (0, [(0.5, 10)], [NAN] * 7 + [1] * 3 + [NAN]),
    (0, [], [NAN] * 11),
])  # fmt: skip
def test_the_share_of_repeats_is_known_only_where_the_week_before_is(
    before: float | None, known: list[tuple[float, float]], rates: list[float]
) -> None:
    np.testing.assert_array_equal(repeats(before, *known), rates)
