"""Dates and periods as a person reads them: Jalali in fa, Gregorian in en and ar. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from persiantools.jdatetime import JalaliDate

from callcenter.history.columns import Range
from callcenter.report.formats.numerals import plain
from callcenter.report.formats.words import MONTHS, WEEKDAYS
from callcenter.report.site_calendar import SiteCalendar
from callcenter.report.values import Every

RIGHT_TO_LEFT = "\u200f"
"""Behind Latin letters, so that the number that follows does not go along with them."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands at a period on an axis of time: ``minor`` itself, ``major`` what it belongs to."""

    minor: str
    major: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A language's dates, in the site's zone; ``day_starts`` as in :class:`SiteCalendar`: a day is named by the date on
    which it begins."""

    language: str
    zone: tzinfo
    day_starts: str = "00:00"

    def at(self, when: float) -> datetime:
        return datetime.fromtimestamp(when, self.zone)

    def parts(self, day: date) -> tuple[int, int, int]:
        """Year, month, day."""
        if self.language != "fa":
            return day.year, day.month, day.day
        jalali = JalaliDate(day)
        return jalali.year, jalali.month, jalali.day

    def of_day(self, day: date, year: bool = True) -> str:
        of_year, month, of_month = self.parts(day)
        text = f"{of_month} {MONTHS[self.language][month - 1]}"
        return plain(f"{text} {of_year}" if year else text, self.language)

    def weekday(self, day: date, year: bool = False) -> str:
        """With its weekday."""
        name = WEEKDAYS[self.language][day.weekday()]
        return f"{name}{'،' if self.language == 'ar' else ''} {self.of_day(day, year)}"

    def month(self, day: date) -> str:
        year, month, _ = self.parts(day)
        return plain(f"{MONTHS[self.language][month - 1]} {year}", self.language)

    def clock(self, at: datetime) -> str:
        """With the zone's name in the hour that comes twice, when summer time ends."""
        clock = plain(at.strftime("%H:%M"), self.language)
        if at.utcoffset() == at.replace(fold=1 - at.fold).utcoffset():
            return clock
        return f"{clock} {at.tzname()}{RIGHT_TO_LEFT if self.language in ('fa', 'ar') else ''}"

    def moment(self, when: float) -> str:
        at = self.at(when)
        return f"{self.of_day(at.date())} {self.clock(at)}"

    def days(self, first: date, last: date) -> str:
        """Both included."""
        if first == last:
            return self.of_day(first)
        of_first, of_last = self.parts(first), self.parts(last)
        if of_first[:2] == of_last[:2]:
            start = plain(str(of_first[2]), self.language)
        else:
            start = self.of_day(first, year=of_first[0] != of_last[0])
        return f"{start} – {self.of_day(last)}"

    def range(self, range_: Range) -> str:
        """Whole days from midnight to midnight by their dates, the last included; anything else with its times."""
        whole = self.whole_days(range_) if self.day_starts == "00:00" else None
        return self.days(*whole) if whole else f"{self.moment(range_[0])} – {self.moment(range_[1])}"

    def whole_days(self, range_: Range) -> tuple[date, date] | None:
        """The first and the last day of a range that cuts none."""
        site = SiteCalendar(self.zone, self.day_starts)
        first, after = (site.day_of(at) for at in range_)
        if range_[0] >= range_[1] or (site.day_start(first), site.day_start(after)) != range_:
            return None
        return first, after - timedelta(days=1)

    def period(self, range_: Range, every: Every, year: bool = False) -> str:
        """One row's period; what was cut off at the border of the range says its times."""
        start, end = self.at(range_[0]), self.at(range_[1])
        days = None if every in (Every.INTERVAL, Every.HOUR) else self.whole_days(range_)
        match every:
            case Every.DAY if days:
                return self.weekday(days[0], year)
            case Every.INTERVAL | Every.HOUR | Every.DAY:
                return f"{self.weekday(start.date(), year)} {self.clock(start)}–{self.clock(end)}"
            case Every.MONTH if days and self._whole_month(*days):
                return self.month(days[0])
            case Every.WEEK | Every.MONTH if days:
                return self.days(*days)
            case _:
                return self.range(range_)

    def mark(self, range_: Range, every: Every) -> Mark:
        start = self.at(range_[0])
        year, _, of_month = self.parts(start.date())
        match every:
            case Every.INTERVAL | Every.HOUR:
                clock = self.clock(start)[: 5 if every is Every.INTERVAL or start.minute else 2]
                return Mark(clock, self.of_day(start.date(), False))
            case Every.MONTH:
                return Mark(self.month(start.date()).rpartition(" ")[0], plain(str(year), self.language))
            case _:
                return Mark(plain(str(of_month), self.language), self.month(start.date()))

    def _whole_month(self, first: date, last: date) -> bool:
        _, month, day = self.parts(first)
        return day == 1 and self.parts(last + timedelta(days=1))[1:] == (month % 12 + 1, 1)
