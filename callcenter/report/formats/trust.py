"""What a report says about itself: how much of its range was seen, and which thresholds it was counted with. Pure."""

from __future__ import annotations

import math

from callcenter.report.formats.cells import shown
from callcenter.report.formats.dates import Calendar
from callcenter.report.formats.numerals import aimed, length, percent, seconds_chosen, share_seen, whole
from callcenter.report.formats.words import WORDS, fill
from callcenter.report.values import Report

Thresholds = list[tuple[str, str, str, str]]
"""Queue, threshold T, short abandon, service level aimed at."""

PARTLY = " *"
"""Stands at a period that was not seen whole."""


def seen(report: Report, language: str) -> tuple[str, bool]:
    """One sentence, and whether something is missing."""
    words, trust, (start, end) = WORDS[language], report.trust, report.ask.range
    over = min(end, report.made_at) - start
    if over <= 0:
        return words["not_begun"], True
    part = share_seen(trust.unknown_s, over, language)
    if trust.unknown_s <= 0:
        return fill(words["seen_all"], p=part), False
    return fill(words["seen_part"], p=part, d=length(trust.unknown_s, language)), True


def remarks(report: Report, language: str) -> list[str]:
    """What else is to be known before the figures are believed; nothing where there is nothing to say."""
    words, trust = WORDS[language], report.trust
    counts = {"repaired": trust.repaired, "imported": trust.imported, "unknown": trust.unknown}
    lines = [fill(words[key], n=whole(n, language)) for key, n in counts.items() if n]
    if math.isfinite(trust.provisional) and trust.provisional > 0:
        lines.append(fill(words["provisional_long"], p=percent(trust.provisional, language)))
    start, end = report.ask.range
    if start < report.made_at < end:
        lines.append(fill(words["not_over"], t=Calendar(language, report.zone).moment(report.made_at)))
    return lines


def thresholds(report: Report, language: str) -> Thresholds:
    """One line for all queues that are counted alike, the most of them first and without their names."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for queue, t in sorted(report.targets.items()):
        line = seconds_chosen(t.threshold_s, language), seconds_chosen(t.short_abandon_s, language)
        alike.setdefault((*line, aimed(t.service_level, language)), []).append(shown(queue))
    groups = sorted(alike.items(), key=lambda group: -len(group[1]))
    most = WORDS[language]["all_queues" if len(groups) == 1 else "other_queues"]
    named = [most if i == 0 and (len(groups) == 1 or len(q) > 3) else ", ".join(q) for i, (_, q) in enumerate(groups)]
    return [(name, *line) for name, (line, _) in zip(named, groups, strict=True)]
