"""Which days are holidays: those of a country by the library ``holidays``, and those that the operator names. Pure.

Religious days by the moon are the library's forecast and may come a day sooner or later; days that a government gives
at short notice are known to a newer library only. Both is what the operator's own days are for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import holidays

from callcenter.errors import ConfigError


def days_off(country: str, first: date, last: date, more: Iterable[date] = (), less: Iterable[date] = ()) -> set[date]:
    """The holidays from ``first`` to ``last``, both included.

    ``country``: an ISO code such as "IR", or with a part of the country such as "DE-BY"; "" for none. ``more`` are
    holidays besides, ``less`` are days that are worked all the same. ConfigError when the library does not know it.
    """
    public = _public(country, range(first.year, last.year + 1)) if country else set()
    return {day for day in (public | set(more)) - set(less) if first <= day <= last}


def _public(country: str, years: Iterable[int]) -> set[date]:
    code, _, part = country.upper().partition("-")
    try:
        return set(holidays.country_holidays(code, subdiv=part or None, years=years))
    except NotImplementedError:
        raise ConfigError(f"no holidays are known of the country {country!r}: IR, AE, SA, DE or DE-BY, say") from None
