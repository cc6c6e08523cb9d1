"""The days, weeks and months of one site. Pure.

Days are business days (:mod:`callcenter.figures.business_day`), each named by the date on which it begins.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from persiantools.jdatetime import JalaliDate

from callcenter.report.values import Every


class Months(enum.StrEnum):
    GREGORIAN = "gregorian"
    JALALI = "jalali"


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """``day_starts`` is "HH:MM" local time, ``week_starts`` a weekday (0 is Monday, 5 is Saturday)."""

    zone: tzinfo
    day_starts: str = "00:00"
    week_starts: int = 0
    months: Months = Months.GREGORIAN

    def day_start(self, day: date) -> float:
        """When the business day begins, seconds since the epoch.

        A start that the clocks skip is read by the offset before; of a start that comes twice the first counts.
        """
        return datetime.combine(day, time.fromisoformat(self.day_starts), self.zone).timestamp()

    def day_of(self, at: float) -> date:
        """The business day that holds ``at``."""
        day = datetime.fromtimestamp(at, self.zone).date() + timedelta(days=1)
        while self.day_start(day) > at:
            day -= timedelta(days=1)
        return day

    def week_of(self, day: date) -> date:
        """The first day of the week that holds ``day``."""
        return day - timedelta(days=(day.weekday() - self.week_starts) % 7)

    def month_of(self, day: date) -> date:
        """The first day of the month that holds ``day``."""
        if self.months is Months.GREGORIAN:
            return day.replace(day=1)
        return day - timedelta(days=int(JalaliDate(day).day) - 1)


FIRST_DAY: dict[Every, tuple[Callable[[SiteCalendar, date], date], timedelta]] = {
    Every.DAY: (lambda _, day: day, timedelta(days=1)),
    Every.WEEK: (SiteCalendar.week_of, timedelta(days=7)),
    Every.MONTH: (SiteCalendar.month_of, timedelta(days=32)),  # from the first of any month into the next one
}
"""The first day of the period that holds a day, and a step from there that surely ends in the next period."""
