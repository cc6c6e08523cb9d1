"""What every format takes from a report: its rows, times and numbers, which columns a person sees, and how a value
stands against its target. Pure."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from callcenter.report.values import By, Column, Report, Targets

KEY = (
    "offered", "answered", "abandoned", "service_level", "abandon_rate", "average_speed_of_answer", "longest_wait",
    "average_handle_time", "occupancy", "first_call_resolution",
)  # fmt: skip
"""What is shown to a person who asked for no figure by name: as many as fit side by side on a page."""

NEAR = 0.1

_OVERRIDES = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def rows(report: Report) -> Iterator[tuple[int, int]]:
    """The period and the name of every row, without any total."""
    return ((p, n) for p in range(len(report.periods)) for n in range(len(report.names)))


def told(report: Report) -> tuple[Column, ...]:
    """All that a machine is given."""
    return report.columns if report.from_queue_log is None else (*report.columns, report.from_queue_log)


def unknown(report: Report) -> tuple[float, ...]:
    """Of each period so many seconds nothing is known of."""
    return report.unknown_s or (0.0,) * len(report.periods)


def rfc3339(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")


def zone_name(zone: tzinfo) -> str:
    """"Asia/Tehran", "UTC", or an offset like "+03:30" where the zone has no name of its own."""
    key = getattr(zone, "key", None)
    offset = zone.utcoffset(None)
    if key is not None or offset is None:
        return str(key or zone)
    minutes = round(abs(offset) / timedelta(minutes=1))
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def number(value: float, unit: str) -> int | float | None:
    """For machines: a count is whole, and what is not known is None."""
    if not math.isfinite(value):
        return None
    return int(value) if unit == "count" and value == int(value) else float(value)


def unicode_only(text: str) -> str:
    """Half characters cannot be written in UTF-8."""
    return text.encode("utf-8", "replace").decode()


def shown(text: str) -> str:
    """A name that nobody has checked, for a screen: on one line, without what would steer a terminal or turn the words
    around it. What is taken out leaves a mark, so that two names do not look alike."""
    return "".join(_shown(char) for char in unicode_only(text))


def _shown(char: str) -> str:
    kind = unicodedata.category(char)
    if char.isspace() or kind in ("Zl", "Zp"):
        return " "
    return "\ufffd" if kind == "Cc" or char in _OVERRIDES else char


def label(column: Column, language: str) -> str:
    return column.label.get(language) or column.label.get("en") or column.name


def column(report: Report, name: str) -> Column | None:
    return next((c for c in report.columns if c.name == name), None)


def chosen(report: Report) -> list[Column]:
    """The columns for a person: those asked for; when none were, the key ones."""
    asked = [c for c in report.columns if c.name in report.ask.figures]
    key = [c for name in KEY if (c := column(report, name)) is not None]
    return asked or key or list(report.columns)


def aim(report: Report, of: Column, name: str | None) -> tuple[float, float] | None:
    """What the column aims at for this name, None for all of them. A queue's aim is its own; of several together there
    is none where they differ."""
    if report.ask.by is By.QUEUE and name is not None and name in report.targets:
        return _own_aim(of, report.targets[name])
    of_name = report.ask.by is By.TOPIC and name is not None
    aims = {
        _own_aim(of, targets) for queue, targets in report.targets.items()
        if not of_name or (targets.topic or queue) == name
    }  # fmt: skip
    return aims.pop() if len(aims) == 1 else None if aims else of.target


def _own_aim(of: Column, targets: Targets) -> tuple[float, float] | None:
    if of.name == "service_level":
        return targets.service_level, targets.service_level
    return targets.figures.get(of.name, of.target)


def judged(value: float, better: str | None, target: tuple[float, float] | None) -> str:
    """"good", "near" or "bad"; "none" without a value, a direction or a target."""
    if not math.isfinite(value) or better is None or target is None:
        return "none"
    low, high = target
    match better:
        case "higher":
            return "good" if value >= low else "near" if value >= low - NEAR else "bad"
        case "lower":
            return "good" if value <= low else "near" if value <= high else "bad"
        case _:
            return "good" if low <= value <= high else "near" if low - NEAR <= value <= high + NEAR else "bad"
