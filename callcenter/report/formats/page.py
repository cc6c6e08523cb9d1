"""What stands on the page of a report: words and numbers ready to be shown. Pure; the template only lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from callcenter.report.formats.cells import aim, chosen, column, judged, label, shown, zone_name
from callcenter.report.formats.dates import Calendar
from callcenter.report.formats.drawn import Chart, charts
from callcenter.report.formats.numerals import NONE, aimed, percent, said, seconds_chosen, whole
from callcenter.report.formats.trust import PARTLY, Thresholds, remarks, seen, thresholds
from callcenter.report.formats.words import RTL, WORDS, fill
from callcenter.report.values import By, Column, Report

MOST_ROWS = 400
MOST_COLUMNS = 10

NUMERALS = {"en": "decimal", "fa": "persian", "ar": "arabic-indic"}
"""The digits of the page numbers, as CSS calls them."""

BIG = ("service_level", "abandon_rate", "average_speed_of_answer", "average_handle_time", "first_call_resolution")


@dataclass(frozen=True, slots=True)
class Big:
    label: str
    value: str
    notes: tuple[str, ...]
    judged: str


@dataclass(frozen=True, slots=True)
class Row:
    """``kind``: "total" or ""; ``cells``: text and how it stands against its target."""

    name: str
    cells: tuple[tuple[str, str], ...]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Definition:
    label: str
    value: str
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    language: str
    direction: str
    numerals: str
    words: dict[str, str]
    site: str
    range: str
    zone: str
    made: str
    seen: str
    missing: bool
    remarks: tuple[str, ...]
    bigs: tuple[Big, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    rest: str
    thresholds: Thresholds
    definitions: tuple[Definition, ...]


def page(report: Report, language: str) -> Page:
    calendar = Calendar(language, report.zone, report.day_starts)
    sentence, missing = seen(report, language)
    return Page(
        language=language,
        direction="rtl" if language in RTL else "ltr",
        numerals=NUMERALS[language],
        words=WORDS[language],
        site=shown(report.site),
        range=calendar.range(report.ask.range),
        zone=zone_name(report.zone),
        made=calendar.moment(report.made_at),
        seen=sentence,
        missing=missing,
        remarks=tuple(remarks(report, language)),
        bigs=tuple(_big(report, c, language) for name in BIG if (c := column(report, name))),
        charts=tuple(charts(report, language)),
        tables=(*_by_period(report, language), *_by_name(report, language)),
        rest=fill(WORDS[language]["rest_csv"], by=WORDS[language][f"by_{report.ask.by.value}"].lower()),
        thresholds=thresholds(report, language),
        definitions=tuple(_definition(report, c, language) for c in report.columns),
    )


def _big(report: Report, of: Column, language: str) -> Big:
    value = float(of.values[-1, -1])
    target = aim(report, of, None)
    notes = tuple(_beside(report, of, language))
    return Big(label(of, language), said(value, of.unit, language), notes, judged(value, of.better, target))


def _beside(report: Report, of: Column, language: str) -> Iterable[str]:
    """What a number must not be shown without."""
    target = _target(report, of, language)
    within = {t.threshold_s for t in report.targets.values()}
    if target != NONE and of.name == "service_level" and len(within) == 1:
        said_ = fill(WORDS[language]["within"], p=target, s=seconds_chosen(within.pop(), language))
        yield fill(WORDS[language]["aim_is"], p=said_)
    elif target != NONE:
        yield fill(WORDS[language]["aim_is"], p=target)
    if of.name == "first_call_resolution" and report.trust.provisional > 0:
        yield fill(WORDS[language]["provisional"], p=percent(report.trust.provisional, language))


def _target(report: Report, of: Column, language: str) -> str:
    target = aim(report, of, None)
    if target is None:
        return NONE
    texts = [aimed(t, language) if of.unit == "ratio" else said(t, of.unit, language) for t in dict.fromkeys(target)]
    return WORDS[language]["to"].join(texts)


def _by_period(report: Report, language: str) -> Iterable[Table]:
    periods, words = report.periods, WORDS[language]
    if len(periods) < 2:
        return
    calendar = Calendar(language, report.zone, report.day_starts)
    years = calendar.parts(calendar.at(periods[0][0]).date())[0], calendar.parts(calendar.at(periods[-1][0]).date())[0]
    names = [
        calendar.period(period, report.ask.every, years[0] != years[1]) + PARTLY * report.partly_seen(p)
        for p, period in enumerate(periods[:MOST_ROWS])
    ]
    partly = (words["partly"],) if any(map(report.partly_seen, range(len(names)))) else ()
    yield from _tables(report, language, words["by_period"], words["period"], [
        *((name, p, len(report.names), "") for p, name in enumerate(names)),
        (words["whole"], len(periods), len(report.names), "total"),
    ], len(periods), partly)  # fmt: skip


def _by_name(report: Report, language: str) -> Iterable[Table]:
    by, words, last = report.ask.by, WORDS[language], len(report.periods)
    if not report.periods:
        return
    total = () if by is By.SITE else ((words["all"], last, len(report.names), "total"),)
    names = [(shown(name), last, n, "") for n, name in enumerate(report.names[:MOST_ROWS])]
    yield from _tables(report, language, words[f"by_{by.value}"], words[by.value], [*names, *total], len(report.names))


def _tables(
    report: Report, language: str, title: str, head: str, lines: Sequence[tuple[str, int, int, str]], of: int,
    notes: tuple[str, ...] = (),
) -> Iterable[Table]:
    """One table for as many columns as fit beside each other."""
    columns, words = chosen(report), WORDS[language]
    if of > MOST_ROWS:
        by = words[f"by_{report.ask.by.value}"].lower()
        notes = (*notes, fill(words["cut"], n=whole(MOST_ROWS, language), m=whole(of, language), by=by))
    for part in np.array_split(np.arange(len(columns)), -(-len(columns) // MOST_COLUMNS) or 1):
        some = [columns[i] for i in part]
        rows = (
            Row(name, tuple(_cell(report, c, p, n, language) for c in some), kind) for name, p, n, kind in lines
        )
        yield Table(title, (head, *(label(c, language) for c in some)), tuple(rows), notes)


def _cell(report: Report, of: Column, p: int, n: int, language: str) -> tuple[str, str]:
    value = float(of.values[p, n])
    name = None if n == len(report.names) else report.names[n]
    return said(value, of.unit, language), judged(value, of.better, aim(report, of, name))


def _definition(report: Report, of: Column, language: str) -> Definition:
    value = float(of.values[-1, -1])
    return Definition(
        label(of, language), said(value, of.unit, language), _target(report, of, language), shown(of.definition)
    )
