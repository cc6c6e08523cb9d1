"""When a site's business day began. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo


def business_day(at: float, zone: tzinfo, day_starts: str) -> float:
    """The start (seconds since the epoch) of the business day that holds ``at``; ``day_starts`` is "HH:MM" local time.

    Instants are compared, never wall clocks, so a day of 23 or 25 hours is one day. A start that the clocks
    skip is read by the offset before (02:30 is then 03:30); of a start that comes twice the first counts.
    """
    starts, today = time.fromisoformat(day_starts), datetime.fromtimestamp(at, zone).date()
    begun = datetime.combine(today, starts, zone).timestamp()
    if begun > at:
        begun = datetime.combine(today - timedelta(days=1), starts, zone).timestamp()
    return begun
