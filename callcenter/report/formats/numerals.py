"""Numbers as a person reads them, in the digits of the language. Pure.

Persian and Arabic digits and signs are those of CLDR (fa: arabext, ar: arab), as browsers write them.
"""

from __future__ import annotations

import math

NONE = "–"
"""A figure that has no value: it is neither 0 nor 100 %."""

def _letters(digits_and_signs: str) -> dict[int, str]:
    return {ord(latin): sign for latin, sign in zip("0123456789.,%", digits_and_signs, strict=True)}


_SIGNS: dict[str, dict[int, str]] = {
    "en": {ord("-"): "−"},
    "fa": {**_letters("۰۱۲۳۴۵۶۷۸۹٫٬٪"), ord("-"): "\u200e−", 0xA0: ""},
    "ar": {**_letters("٠١٢٣٤٥٦٧٨٩٫٬٪"), ord("-"): "\u061c−", ord("%"): "٪\u061c", 0xA0: ""},
}

_SECONDS = {"en": "{}\u00a0s", "fa": "{}\u00a0ث", "ar": "{}\u00a0ث"}
_SECONDS_LONG = {"en": "{}\u00a0s", "fa": "{} ثانیه", "ar": "{} ث"}
# In Arabic a number governs its noun (ساعة، ساعتان، ٣ ساعات); CLDR's short units do not bend.
_MINUTES = {"en": "{}\u00a0min", "fa": "{} دقیقه", "ar": "{}\u00a0د"}
_HOURS = {"en": "{}\u00a0h", "fa": "{} ساعت", "ar": "{}\u00a0س"}
_AND = {"en": " ", "fa": " و ", "ar": " "}


def plain(text: str, language: str) -> str:
    """The same in the language's digits and signs."""
    return text.translate(_SIGNS[language])


def said(value: float, unit: str, language: str) -> str:
    """A value of a column with its unit: 1,234; 82.4 %; 12.3 s; 4:05; 1:02:03."""
    if not math.isfinite(value):
        return NONE
    match unit:
        case "ratio":
            return percent(value, language)
        case "s":
            return duration(value, language)
        case "count" if value == int(value):
            return whole(int(value), language)
        case _:
            return plain(f"{value:,.1f}", language)


def whole(value: int, language: str) -> str:
    return plain(f"{value:,}", language)


def percent(value: float, language: str) -> str:
    return plain(f"{value * 100:.1f}\u00a0%", language)


def aimed(value: float, language: str) -> str:
    """A percentage that somebody chose: no more digits than it has."""
    return plain(f"{round(value * 100, 2):g}\u00a0%", language)


def duration(seconds: float, language: str) -> str:
    """Below a minute with a tenth, beyond it as a clock shows it."""
    if round(abs(seconds), 1) < 60:
        return _SECONDS[language].format(plain(f"{seconds:.1f}", language))
    minutes, rest = divmod(round(abs(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours:,}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return plain(f"-{clock}" if seconds < 0 else clock, language)


def seconds_chosen(seconds: float, language: str) -> str:
    """A threshold: as it was configured."""
    return _SECONDS_LONG[language].format(plain(f"{seconds:g}", language))


def length(seconds: float, language: str) -> str:
    """About how long, rounded up: a little is not nothing. "40 s", "3 h 20 min"."""
    if seconds < 60:
        return _SECONDS_LONG[language].format(plain(str(math.ceil(seconds)), language))
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    parts = [(_HOURS, hours), (_MINUTES, minutes)]
    return _AND[language].join(unit[language].format(whole(n, language)) for unit, n in parts if n)


def share_seen(unseen_s: float, over_s: float, language: str) -> str:
    """Rounded down: what was not seen whole must not read as 100 %."""
    return plain(f"{math.floor(1000 * max(0.0, 1 - unseen_s / over_s)) / 10:g}\u00a0%", language)
