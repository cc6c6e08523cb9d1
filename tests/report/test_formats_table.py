"""The table of a terminal: its numbers, its folds, what stands below it, and names that would steer the terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from sample_report import HOSTILE, QUEUES, agents, sample

from callcenter.errors import InputError
from callcenter.report.formats import FORMATS, Options
from callcenter.report.formats.cells import KEY
from callcenter.report.values import By, Report, Trust

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def written(report: Report, **options: object) -> list[str]:
    return FORMATS["table"].write(report, Options(**options)).decode().split("\n")  # type: ignore[arg-type]


def test_a_small_report_is_what_one_writes_by_hand() -> None:
    report = sample(("sales",), 1, figures=("offered", "service_level", "average_handle_time"))
    values = {"offered": 1234.0, "service_level": 0.8237, "average_handle_time": 245.4}
    columns = [replace(c, values=c.values * 0 + values[c.name]) for c in report.columns if c.name in values]
    lines = written(replace(report, columns=tuple(columns)))
    assert lines[:8] == [
        "Report: Tehran",
        "23 Oct 2026",
        "",
        "                            Average",
        "                  Service    handle",
        "Queue   Offered     level      time",
        "───────────────────────────────────",
        "sales     1,234    82.4\u00a0%      4:05",
    ]


def test_totals_stand_at_the_end_and_every_period_and_name_has_a_line() -> None:
    lines = written(sample(QUEUES[:3], 2))
    found = [name for line in lines for name in (*QUEUES[:3], "All") if f" {name} " in line and "queues" not in line]
    assert found == [*QUEUES[:3], "All"] * 3 * 2
    assert [line for line in lines if line.startswith("Whole range")]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("language", ["en", "fa", "ar"])
def test_no_line_is_wider_than_the_terminal_and_no_column_is_lost(width: int, language: str) -> None:
    report = sample(QUEUES, 3)
    lines = written(report, width=width, language=language)
    assert max(cell_len(line) for line in lines) <= width
    rows = [line for line in lines if re.match(r".*\bbilling\b", line)]
    cells = [cell for line in rows for cell in re.split(r"\s{2,}", line.strip()) if not re.search("[a-z]{4}", cell)]
    values = [cell for cell in cells if not re.search(r"2[345] |[۱۲۳] |٢[٣٤٥] ", cell)]
    assert len(values) == len(KEY) * 4


def test_below_stand_zone_thresholds_and_what_was_not_seen() -> None:
    text = " ".join(line.strip() for line in written(sample(), width=100)).replace("\u00a0", " ")
    assert "Time zone: Asia/Tehran" in text
    assert "All other queues: 80 % within 20 s; Short abandon under 5 s" in text
    assert "sales-vip: 80 % within 30 s" in text
    assert "Seen: 96.2 % of the range. 27 h 20 min of it nobody saw" in text
    assert "Visits imported from queue_log: 7,300. They have neither hold nor wrap-up" in text
    assert "10 of 32 columns; the CSV has all." in text


def test_of_a_range_that_was_seen_whole_nothing_else_is_said() -> None:
    text = "\n".join(written(replace(sample(("a",), 1), trust=Trust(0, 9, 0, 0, 0, 0))))
    assert "Seen: 100\u00a0% of the range." in text
    assert not any(word in text for word in ("nobody", "imported", "provisional"))


def test_definitions_are_there_when_asked_for() -> None:
    assert not any("A(wait<=T) / (O - Bs)" in line for line in written(sample(("a",), 1)))
    assert any("A(wait<=T) / (O - Bs)" in line for line in written(sample(("a",), 1), definitions=True))


@pytest.mark.parametrize("colour", [False, True])
def test_names_steer_no_terminal_and_are_no_markup(colour: bool) -> None:
    text = "\n".join(written(sample(HOSTILE, 1), colour=colour, width=200))
    plain = ESCAPES.sub("", text) if colour else text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    assert "[bold]x[/bold]" in plain and "\ufffd[31mred\ufffd" in plain
    assert ("\x1b[31m" in text) == colour


def test_an_empty_report_says_so() -> None:
    assert "There is nothing in this range." in written(sample((), 0))


def test_a_site_needs_no_column_of_names() -> None:
    lines = written(sample(("Tehran",), 3, by=By.SITE))
    assert not any("Site" in line for line in lines)
    assert len([line for line in lines if re.match(r"(Fri|Sat|Sun|Whole)", line)]) == 2 * 4


def test_a_year_of_days_has_a_line_for_each_day_and_agent() -> None:
    assert len(written(sample(agents(3), 365, by=By.AGENT))) > 365 * 4


def test_the_one_line_of_a_site_and_a_range_says_what_it_is_of() -> None:
    lines = written(sample(("Tehran",), 1, by=By.SITE))
    assert len([line for line in lines if line.startswith("Tehran ")]) == 2  # it folds once


def test_a_period_that_was_not_seen_whole_is_marked_and_the_mark_is_told() -> None:
    lines = written(sample(("Tehran",), 13, by=By.SITE, figures=("offered",)))
    assert [line[:11] for line in lines if re.match(r".{9,11} \*", line)] == ["Mon 2 Nov *", "Tue 3 Nov *"]
    assert "  * Not seen, or not whole: calls may be missing." in lines
    assert not any("*" in line for line in written(sample(("Tehran",), 12, by=By.SITE)))


def test_a_table_that_nobody_reads_is_refused_and_csv_named() -> None:
    names = tuple(f"q{n}" for n in range(200))
    few = replace(sample(("a",), 100), names=names)  # 100 days and the whole range, of 200 queues and all together
    with pytest.raises(InputError, match=r"^the table would have 20,301 lines, 20,000 are allowed: .* format csv$"):
        FORMATS["table"].write(few)
