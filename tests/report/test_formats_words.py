"""Numbers, axes and sentences as a person reads them, against values made by hand or by another library."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from string import Formatter
from unicodedata import decimal

import numpy as np
import pytest
from babel.units import format_unit
from sample_report import QUEUES, sample

from callcenter.errors import InputError
from callcenter.report.formats import Options, steps
from callcenter.report.formats.axis import every_nth, majors, shortened, text_width, ticks
from callcenter.report.formats.cells import aim, column, judged, shown
from callcenter.report.formats.dates import Mark
from callcenter.report.formats.numerals import length, said, share_seen
from callcenter.report.formats.trust import remarks, seen, thresholds
from callcenter.report.formats.words import MONTHS, WEEKDAYS, WORDS
from callcenter.report.values import By, Every, Targets, Trust


@pytest.mark.parametrize(("value", "unit", "en", "fa", "ar"), [
    (0.824, "ratio", "82.4\u00a0%", "۸۲٫۴٪", "٨٢٫٤٪\u061c"), (12.3, "s", "12.3\u00a0s", "۱۲٫۳\u00a0ث", "١٢٫٣\u00a0ث"),
    (245.0, "s", "4:05", "۴:۰۵", "٤:٠٥"), (3723.4, "s", "1:02:03", "۱:۰۲:۰۳", "١:٠٢:٠٣"),
    (59.97, "s", "1:00", "۱:۰۰", "١:٠٠"), (3599.6, "s", "1:00:00", "۱:۰۰:۰۰", "١:٠٠:٠٠"),
    (1234.0, "count", "1,234", "۱٬۲۳۴", "١٬٢٣٤"), (0.0, "count", "0", "۰", "٠"), (2.25, "agents", "2.2", "۲٫۲", "٢٫٢"),
    (-0.031, "ratio", "−3.1\u00a0%", "\u200e−۳٫۱٪", "\u061c−٣٫١٪\u061c"), (math.nan, "ratio", "–", "–", "–"),
    (math.nan, "count", "–", "–", "–"), (math.inf, "s", "–", "–", "–"),
])  # fmt: skip
def test_a_value_is_read_with_its_unit_in_the_digits_of_the_language(
    value: float, unit: str, en: str, fa: str, ar: str
) -> None:
    assert [said(value, unit, language) for language in ("en", "fa", "ar")] == [en, fa, ar]


@pytest.mark.parametrize(("seconds", "text"), [
    (12_000, "3\u00a0h 20\u00a0min"), (0.2, "1\u00a0s"), (61, "2\u00a0min"), (3600, "1\u00a0h"), (86_400, "24\u00a0h"),
    (11_941, "3\u00a0h 20\u00a0min"),
])  # fmt: skip
def test_a_length_is_rounded_up(seconds: float, text: str) -> None:
    assert length(seconds, "en") == text


@pytest.mark.parametrize("hours", [1, 2, 3, 11, 100])
def test_arabic_lengths_have_the_short_units_of_cldr_which_no_number_bends(hours: int) -> None:
    parts = [format_unit(n, f"duration-{unit}", "short", locale="ar")
             for n, unit in ((hours, "hour"), (hours % 60, "minute"))]  # fmt: skip
    text = length(hours * 3600 + hours % 60 * 60, "ar").replace("\u00a0", " ")
    assert "".join(str(decimal(char, char)) for char in text) == " ".join(parts)


def test_a_range_with_a_second_unseen_is_not_100_percent_seen() -> None:
    assert share_seen(1, 30 * 86_400, "en") == "99.9\u00a0%"
    assert share_seen(0, 100, "en") == "100\u00a0%"
    assert share_seen(1, 3, "en") == "66.6\u00a0%"


def test_every_language_has_the_same_words_with_the_same_places() -> None:
    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for language in WORDS:
        assert WORDS[language].keys() == WORDS["en"].keys()
        assert {k: places(v) for k, v in WORDS[language].items()} == {k: places(v) for k, v in WORDS["en"].items()}
        assert (len(MONTHS[language]), len(WEEKDAYS[language])) == (12, 7)


@pytest.mark.parametrize(("most", "want"), [
    (0, [0, 1]), (1, [0, 1]), (3, [0, 1, 2, 3]), (7, [0, 2, 4, 6, 8]), (1305, [0, 500, 1000, 1500]),
    (10, [0, 2, 4, 6, 8, 10]), (26_000, [0, 10_000, 20_000, 30_000]),
])  # fmt: skip
def test_ticks_are_round_whole_and_reach_the_largest_value(most: float, want: list[float]) -> None:
    assert ticks(most) == want


@pytest.mark.parametrize("count", [1, 2, 7, 30, 31, 32, 48, 62])
@pytest.mark.parametrize("minor", ["1", "28", "14:15", "٢٨"])
def test_labels_of_an_axis_do_not_touch_and_are_no_more_than_31(count: int, minor: str) -> None:
    marks, room = [Mark(minor, "Nov")] * count, 660 / count
    n = every_nth(marks, room, 11)
    assert n * room >= text_width(minor, 11)
    assert len(range(0, count, n)) <= 31


def test_every_day_has_the_same_hours_on_the_axis() -> None:
    marks = [Mark(f"{4 * (i % 6):02}:00", str(i // 6)) for i in range(60)]
    n = every_nth(marks, 11, 11)
    assert n in (2, 3, 6, 12)


def test_what_days_belong_to_stands_where_it_begins_and_does_not_touch_the_next() -> None:
    days = [Mark(str(d), m) for m, d in [("Oct 2026", 31), *(("Nov 2026", d) for d in range(1, 30))]]
    assert list(majors(days, 22, 11)) == [(1, "Nov 2026")]
    assert list(majors(days[1:], 22, 11)) == [(0, "Nov 2026")]
    months = [Mark("1", f"month {i // 4}") for i in range(52)]
    kept = majors(months, 12, 11)
    assert all((b - a) * 12 > text_width("month 10", 11) for (a, _), (b, _) in pairwise(kept))
    assert len(kept) >= 6


def test_a_long_name_is_shortened_to_what_fits() -> None:
    assert shortened("sales", 100, 11) == "sales"
    short = shortened("W" * 300, 100, 11)
    assert short.endswith("…") and 60 < text_width(short, 11) <= 100


def test_longer_steps_add_counts_and_weigh_ratios() -> None:
    assert steps.added(np.array([1.0, 2, 3, np.nan, np.nan, np.nan, 4]), 3).tolist()[0] == 6
    assert math.isnan(steps.added(np.array([1.0, np.nan, np.nan]), 1)[1])
    assert steps.added(np.array([1.0, np.nan, 5]), 2).tolist() == [1, 5]
    got = steps.weighted(np.array([1.0, 0.5, np.nan, np.nan]), np.array([10.0, 30, 5, np.nan]), 2)
    assert got[0] == 25 / 40 and math.isnan(got[1])


@pytest.mark.parametrize(("periods", "every", "step"), [
    (30, Every.DAY, 1), (62, Every.DAY, 1), (63, Every.DAY, 7), (365, Every.DAY, 7), (720, Every.HOUR, 12),
    (2880, Every.INTERVAL, 48), (96, Every.INTERVAL, 2), (0, Every.DAY, 1), (100_000, Every.WEEK, 1613),
])  # fmt: skip
def test_many_periods_are_joined_by_a_number_that_means_something(periods: int, every: Every, step: int) -> None:
    assert steps.step(periods, every) == step


@pytest.mark.parametrize(("value", "better", "target", "verdict"), [
    (0.80, "higher", (0.8, 0.8), "good"), (0.7999, "higher", (0.8, 0.8), "near"), (0.69, "higher", (0.8, 0.8), "bad"),
    (0.05, "lower", (0.05, 0.08), "good"), (0.08, "lower", (0.05, 0.08), "near"), (0.081, "lower", (0.05, 0.08), "bad"),
    (0.87, "between", (0.85, 0.9), "good"), (0.95, "between", (0.85, 0.9), "near"), (0.3, "between", (0.8, 0.9), "bad"),
    (math.nan, "higher", (0.8, 0.8), "none"), (5, None, (1, 2), "none"), (5, "lower", None, "none"),
])  # fmt: skip
def test_a_value_is_judged_by_its_target(
    value: float, better: str | None, target: tuple[float, float] | None, verdict: str
) -> None:
    assert judged(value, better, target) == verdict


def test_the_service_level_is_judged_by_the_queues_own_target() -> None:
    report = sample(("a", "b"), 2)
    level = column(report, "service_level")
    assert level is not None
    own = replace(report, targets={"a": Targets(service_level=0.9), "b": Targets(service_level=0.7)})
    assert (aim(own, level, "a"), aim(own, level, "b"), aim(own, level, None)) == ((0.9, 0.9), (0.7, 0.7), None)
    assert aim(report, level, None) == (0.8, 0.8)
    agents = replace(own, ask=replace(own.ask, by=By.AGENT))
    assert aim(agents, level, "a") is None
    unnamed = replace(own, names=("", "b"), targets={"": Targets(service_level=0.9), "b": Targets(service_level=0.7)})
    assert (aim(unnamed, level, ""), aim(unnamed, level, None)) == ((0.9, 0.9), None)


def test_what_was_not_seen_is_said_and_a_whole_range_says_so() -> None:
    plain = str.maketrans("", "", "\u2068\u2069\u00a0")
    report = sample(("a",), 30)
    holed = replace(report, trust=Trust(12_000, 1, 0, 0, 0, math.nan))
    sentence, missing = seen(holed, "en")
    assert missing
    assert sentence.translate(plain) == "Seen: 99.5% of the range. 3h 20min of it nobody saw: calls may be missing."
    assert remarks(holed, "en") == []
    sentence, missing = seen(replace(report, trust=Trust(0, 1, 0, 0, 0, 0)), "en")
    assert (sentence.translate(plain), missing) == ("Seen: 100% of the range.", False)


def test_a_range_that_is_not_over_is_measured_up_to_now() -> None:
    report = sample(("a",), 10)
    start = report.ask.range[0]
    half = replace(report, made_at=start + 86_400, trust=Trust(43_200, 0, 0, 0, 0, 0))
    assert "50" in seen(half, "en")[0]
    assert any("not over" in line for line in remarks(half, "en"))
    assert seen(replace(half, made_at=start - 5), "en") == ("The range has not begun.", True)


def test_queues_that_are_counted_alike_share_a_line() -> None:
    assert len(thresholds(sample(("a", "b"), 1), "en")) == 1
    lines = thresholds(sample(QUEUES, 1), "en")
    assert [line[:2] for line in lines] == [("All other queues", "20\u00a0s"), ("sales-vip", "30\u00a0s")]


def test_a_name_cannot_steer_what_shows_it() -> None:
    assert shown("\x1b[31m\u202ea\nb\u2066") == "\ufffd[31m\ufffda b\ufffd"
    assert shown("نیم\u200cفاصله") == "نیم\u200cفاصله"


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(InputError, match=r"^no such language: 'xx'; known are en, fa, ar$"):
        Options("xx")
