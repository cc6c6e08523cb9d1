"""Holidays: against calendars that are printed."""

from __future__ import annotations

from datetime import date

import pytest

from callcenter.errors import ConfigError
from callcenter.forecast.days_off import days_off

SPRING = (date(2026, 3, 15), date(2026, 4, 5))


def test_nowruz_1405() -> None:
    # 1 to 4 Farvardin 1405, Islamic Republic Day (12) and Nature's Day (13); 29 Esfand 1404 is Oil Nationalisation.
    days = days_off("IR", *SPRING)
    assert days == {date(2026, 3, day) for day in (20, 21, 22, 23, 24)} | {date(2026, 4, 1), date(2026, 4, 2)}


def test_the_operator_adds_days_and_takes_them_away() -> None:
    more, less = {date(2026, 3, 25), date(2027, 1, 1)}, {date(2026, 4, 1)}
    days = days_off("IR", *SPRING, more, less)
    assert days == (days_off("IR", *SPRING) | {date(2026, 3, 25)}) - less
    assert days_off("", *SPRING, more) == {date(2026, 3, 25)}
    assert days_off("", *SPRING) == set()


def test_other_countries_and_their_parts() -> None:
    assert date(2026, 9, 23) in days_off("SA", date(2026, 9, 1), date(2026, 9, 30))  # National Day
    assert date(2026, 12, 2) in days_off("AE", date(2026, 12, 1), date(2026, 12, 31))  # National Day
    january = date(2026, 1, 1), date(2026, 1, 10)
    assert days_off("DE", *january) == {date(2026, 1, 1)}
    assert days_off("DE-BY", *january) == {date(2026, 1, 1), date(2026, 1, 6)}  # Epiphany in Bavaria


def test_a_range_over_the_year_takes_both() -> None:
    assert {d.year for d in days_off("DE", date(2026, 12, 20), date(2027, 1, 2))} == {2026, 2027}


@pytest.mark.parametrize("country", ["XX", "DE-ZZ", "Iran"])
def test_an_unknown_country_is_told(country: str) -> None:
    with pytest.raises(ConfigError, match=f"no holidays are known of the country '{country}'"):
        days_off(country, *SPRING)
