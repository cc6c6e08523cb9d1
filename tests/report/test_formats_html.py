"""The HTML report, read by a parser: its figures, its languages, that it needs nothing else, and hostile names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from sample_report import COUNTS, HOSTILE, QUEUES, agents, sample

from callcenter.report.formats import FORMATS, Options
from callcenter.report.formats.cells import KEY
from callcenter.report.values import By, Every, Report, Trust

VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Read(HTMLParser):
    """All tags with their attributes, the texts by tag, the tables as lists of rows."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.stack[-1] if self.stack else "", data))
        if "td" in self.stack or "th" in self.stack:
            self.tables[-1][-1][-1] += data


def read(report: Report, language: str = "en") -> Read:
    page = Read()
    page.feed(FORMATS["html"].write(report, Options(language=language)).decode())
    page.close()
    assert page.stack == []
    return page


def drawn(page: Read, css: str) -> list[dict[str, str | None]]:
    """The rectangles of a class, in the first chart that has any."""
    return [attributes for tag, attributes in page.tags if tag == "rect" and attributes.get("class") == css]


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fa", "rtl"), ("ar", "rtl")])
def test_the_page_says_its_language_and_direction(language: str, direction: str) -> None:
    assert read(sample(QUEUES, 3), language).tags[0][1]["dir"] == direction


@pytest.mark.parametrize("language", ["en", "fa", "ar"])
def test_labels_come_from_the_columns(language: str) -> None:
    place = ("en", "fa", "ar").index(language)
    head = read(sample(QUEUES, 3), language).tables[0][0]
    assert head[1:4] == [COUNTS[name][place] for name in ("offered", "answered", "abandoned")]
    assert len(head) == 1 + len(KEY)


def test_tables_hold_the_counts_of_the_report() -> None:
    report = sample()
    by_period, by_name = read(report).tables[:2]
    offered = next(c for c in report.columns if c.name == "offered").values

    def counts(rows: list[list[str]]) -> list[float]:
        return [float("nan") if row[1] == "–" else float(row[1].replace(",", "")) for row in rows[1:]]

    np.testing.assert_array_equal(counts(by_period), offered[:, -1])
    np.testing.assert_array_equal(counts(by_name), offered[-1])
    assert [row[0] for row in by_name[1:]] == [*QUEUES, "All"]
    assert by_period[1][0] == "Fri 23 Oct" and by_period[-1][0] == "Whole range"


def test_persian_pages_have_persian_digits_and_jalali_dates() -> None:
    page = read(sample(), "fa")
    assert page.tables[0][1][0] == "جمعه ۱ آبان"
    figures = "".join(cell for row in page.tables[0][1:] for cell in row)
    assert not re.search("[0-9]", figures)


@pytest.mark.parametrize("language", ["en", "fa", "ar"])
@pytest.mark.parametrize("names", [QUEUES, HOSTILE])
def test_the_file_needs_nothing_else_and_runs_nothing(names: tuple[str, ...], language: str) -> None:
    report = replace(sample(names, 3), site="<script>x</script>")
    page = read(report, language)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "use", "image", "foreignobject", "base"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "href", "style")]
    text = FORMATS["html"].write(report, Options(language=language)).decode()
    assert re.findall(r"url\((?!#)|@import|https?://", text) == []


def test_hostile_names_are_text_and_nothing_else() -> None:
    page = read(sample(HOSTILE, 3))
    names = [row[0] for row in page.tables[1][1:-1]]
    assert names[:3] == list(HOSTILE[:3]) and "{{ 7*7 }}" in names
    assert "\ufffdevil\ufffd" in names and "line  break =2" in names
    assert not any(re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e]", text) for _, text in page.texts)


@pytest.mark.parametrize("language", ["en", "fa", "ar"])
def test_bars_are_as_high_as_the_counts_and_time_runs_in_the_reading_direction(language: str) -> None:
    report = sample(QUEUES[:2], 8, hole=False)
    answered = next(c for c in report.columns if c.name == "answered").values[:-1, -1]
    bars = drawn(read(report, language), "answered")[:8]
    heights = np.array([float(bar["height"] or 0) for bar in bars])
    np.testing.assert_allclose(heights / answered, heights[0] / answered[0], rtol=0.02)
    places = [float(bar["x"] or 0) for bar in bars]
    assert places == sorted(places, reverse=language != "en")


def test_a_period_without_news_is_a_gap_and_one_without_calls_is_empty() -> None:
    report = sample(QUEUES[:2], 30)
    page = read(report)
    assert len(drawn(page, "void")) == 2 * 2  # in two charts one day of which nothing is known, and one seen in part
    names = [row[0] for row in page.tables[0]]
    assert [name for name in names if "*" in name] == ["Mon 2 Nov *", "Tue 3 Nov *"]
    assert ("p", "* Not seen, or not whole: calls may be missing.") in page.texts
    assert len(drawn(page, "answered")) == 29 + 2
    level = [attributes for tag, attributes in page.tags if tag == "polyline"]
    assert [len((line["points"] or "").split()) for line in level] == [11, 18]
    quiet = replace(report, unknown_s=(), columns=tuple(
        replace(c, values=np.zeros_like(c.values) if c.unit == "count" else c.values * np.nan) for c in report.columns
    ))  # fmt: skip
    assert drawn(read(quiet), "void") == drawn(read(quiet), "answered") == []


@pytest.mark.parametrize(
    ("periods", "every", "labels"), [(30, Every.DAY, 30), (365, Every.DAY, 31), (96, Every.HOUR, 31)]
)
def test_an_axis_has_no_more_than_31_labels(periods: int, every: Every, labels: int) -> None:
    text = FORMATS["html"].write(sample(QUEUES[:2], periods, every)).decode()
    chart = text[text.index("<figure>") : text.index("</figure>")]
    assert 5 < chart.count('text-anchor="middle"') <= labels


def test_a_chart_of_a_year_is_of_weeks_and_says_so() -> None:
    report = sample(QUEUES[:2], 365, hole=False)
    page = read(report)
    text = "".join(text for _, text in page.texts).translate(str.maketrans("", "", "\u2068\u2069"))
    assert "One step is 7 days. The last one is 1 day." in text
    level = [attributes for tag, attributes in page.tags if tag == "circle"]
    assert len(level) == 53
    counts = {c.name: c.values[:7, -1] for c in report.columns}
    weight = counts["offered"] - counts["short_abandoned"]
    week = (counts["service_level"] * weight).sum() / weight.sum()
    top, base = 10, 236 - 40
    assert float(level[0]["cy"] or 0) == pytest.approx(base - week * (base - top), abs=0.06)


def test_a_table_that_is_too_long_is_cut_and_says_where_the_rest_is() -> None:
    page = read(sample(QUEUES[:2], 500, Every.HOUR))
    text = "".join(text for _, text in page.texts).translate(str.maketrans("", "", "\u2068\u2069"))
    assert "The first 400 of 500 rows. All of them, each period by queue, are in the CSV of this report." in text
    assert len(page.tables[0]) == 1 + 400 + 1
    assert page.tables[0][-1][0] == "Whole range"


def test_the_busiest_names_are_drawn_when_there_are_too_many() -> None:
    report = sample(agents(60), 3, by=By.AGENT)
    text = "".join(text for _, text in read(report).texts).translate(str.maketrans("", "", "\u2068\u2069"))
    assert "The 31 with the most calls, of 60." in text
    assert len(read(report).tables[1]) == 1 + 60 + 1


def test_what_was_not_seen_is_told_before_the_figures() -> None:
    text = FORMATS["html"].write(sample()).decode()
    assert text.index('class="trust missing"') < text.index('class="bigs"')
    whole = FORMATS["html"].write(replace(sample(), trust=Trust(0, 9, 0, 0, 0, 0))).decode()
    assert 'class="trust"' in whole


def test_big_numbers_have_the_provisional_share_beside_first_call_resolution() -> None:
    text = FORMATS["html"].write(sample()).decode()
    bigs = text[text.index('class="bigs"') : text.index("<figure>")]
    names = ("service_level", "abandon_rate", "average_speed_of_answer", "average_handle_time", "first_call_resolution")
    labels = [next(c.label["en"] for c in sample().columns if c.name == name) for name in names]
    assert [bigs.index(label) for label in labels] == sorted(bigs.index(label) for label in labels)
    assert "still provisional" in bigs[bigs.index("First-call resolution") :]


def test_definitions_and_thresholds_are_on_the_page() -> None:
    report = sample()
    page = read(report)
    assert [row[0] for row in page.tables[2][1:]] == ["All other queues", "sales-vip"]
    assert [row[3] for row in page.tables[3][1:]] == [c.definition for c in report.columns]


@pytest.mark.parametrize("language", ["en", "fa", "ar"])
def test_an_empty_report_and_one_of_a_single_period_are_pages_too(language: str) -> None:
    empty = read(sample((), 0), language)
    assert len(empty.tables) == 2 and not drawn(empty, "answered")
    single = read(sample(QUEUES, 1), language)
    assert len(single.tables) == 3
    assert read(sample((), 3), language).tables


def test_figures_that_were_asked_for_by_name_are_all_there_in_several_tables() -> None:
    report = sample(QUEUES[:2], 2)
    every = replace(report, ask=replace(report.ask, figures=tuple(c.name for c in report.columns)))
    heads = [table[0][1:] for table in read(every).tables[:4]]
    assert [label for head in heads for label in head] == [c.label["en"] for c in report.columns]
