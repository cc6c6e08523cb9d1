"""CSV, JSON and Parquet: what other readers find in them is what the report holds."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sample_report import HOSTILE, QUEUES, agents, sample

from callcenter.report.formats import FORMATS, Options
from callcenter.report.formats.as_csv import harmless
from callcenter.report.values import By, Every, Report, Targets

REPORTS = {
    "a month of 20 queues": sample(),
    "one period": sample(QUEUES, 1),
    "a year of days": sample(QUEUES[:2], 365),
    "hours": sample(QUEUES[:3], 30, Every.HOUR),
    "agents": sample(agents(7), 3, by=By.AGENT),
    "UTC": sample(QUEUES[:2], 3, zone=UTC),
    "empty": sample((), 0),
    "no names": sample((), 2),
}  # fmt: skip


@pytest.fixture(params=REPORTS.values(), ids=list(REPORTS))
def report(request: pytest.FixtureRequest) -> Report:
    assert isinstance(request.param, Report)
    return request.param


def read_csv(report: Report, **options: Any) -> list[dict[str, str]]:
    text = FORMATS["csv"].write(report, Options(**options)).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def cells(report: Report) -> Iterator[tuple[int, int]]:
    """In the order of the rows: by period, then by name."""
    for p in range(len(report.periods)):
        for n in range(len(report.names)):
            yield p, n


def same(got: float | None, want: float) -> bool:
    return math.isnan(want) if got is None else got == want


# ---- CSV ----


def test_csv_holds_every_value_of_the_report(report: Report) -> None:
    rows = read_csv(report)
    assert len(rows) == len(report.periods) * len(report.names)
    for row, (p, n) in zip(rows, cells(report), strict=True):
        assert row[report.ask.by.value] == report.names[n]
        assert datetime.fromisoformat(row["start"]).timestamp() == report.periods[p][0]
        assert datetime.fromisoformat(row["end"]).timestamp() == report.periods[p][1]
        for column in report.columns:
            text = row[column.name]
            assert same(float(text) if text else None, float(column.values[p, n]))


def test_csv_times_are_in_the_sites_zone_and_counts_are_whole() -> None:
    row = read_csv(sample())[0]
    assert row["start"] == "2026-10-23T00:00:00+03:30"
    assert row["end"] == "2026-10-24T00:00:00+03:30"
    assert row["offered"].isdigit()


def test_a_day_of_23_hours_says_both_offsets() -> None:
    zone = ZoneInfo("Europe/Berlin")
    day = (datetime(2026, 3, 29, tzinfo=zone).timestamp(), datetime(2026, 3, 30, tzinfo=zone).timestamp())
    row = read_csv(replace(sample(("a",), 1, zone=zone), periods=(day,)))[0]
    assert (row["start"], row["end"]) == ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00")


def test_csv_begins_with_a_byte_order_mark_unless_told_otherwise() -> None:
    assert FORMATS["csv"].write(sample()).startswith(b"\xef\xbb\xbfstart,end,queue,")
    assert FORMATS["csv"].write(sample(), Options(bom=False)).startswith(b"start,end,queue,")


def test_csv_lines_end_as_rfc_4180_has_it() -> None:
    text = FORMATS["csv"].write(sample(QUEUES, 2)).decode()
    assert text.count("\r\n") == 1 + 40 == text.count("\n")


def is_formula(cell: str) -> bool:
    """As a spreadsheet sees it: blanks and characters that are not seen do not count."""
    seen = [c for c in cell if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc") and c != '"']
    return (bool(seen) and unicodedata.normalize("NFKC", seen[0]) in "=+-@") or cell[:1] in ("\t", "\r", "\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_name_becomes_a_formula_wherever_the_spreadsheet_splits(delimiter: str) -> None:
    text = FORMATS["csv"].write(sample(HOSTILE, 2)).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    numbers = {str(v) for c in sample(HOSTILE, 2).columns for v in c.values.ravel()}
    texts = [cell for row in rows for cell in row if cell not in numbers]
    assert [cell for cell in texts if is_formula(cell)] == []
    assert is_formula("=1") and is_formula(" ＝1") and is_formula("\u202e@x") and not is_formula("'=1")


@pytest.mark.parametrize(("name", "written"), [
    ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"), ("@sum", "'@sum"), ("+98 21", "'+98 21"), ("-1", "'-1"),
    ("＝SUM(A1)", "'＝SUM(A1)"), ("\tx", "'\tx"), ("\rx", "'\rx"), ("a;=1", "a;'=1"), ("a\n=1", "a\n'=1"),
    ("sales", "sales"), ("sales-vip", "sales-vip"), ("a=b", "a=b"), ("پشتیبانی", "پشتیبانی"), ("", ""),
])  # fmt: skip
def test_an_apostrophe_is_put_before_what_would_be_computed_and_nothing_else(name: str, written: str) -> None:
    assert harmless(name) == written


def test_duckdb_reads_the_csv_as_it_stands(tmp_path: Path) -> None:
    report, path = sample(), tmp_path / "report.csv"
    path.write_bytes(FORMATS["csv"].write(report))
    found = duckdb.sql(f"SELECT count(*), sum(offered), max(service_level) FROM read_csv('{path}')").fetchall()
    by_name = {c.name: c.values[:-1, :-1] for c in report.columns}
    assert found == [(600, np.nansum(by_name["offered"]), np.nanmax(by_name["service_level"]))]


def test_each_row_and_period_tells_how_much_of_it_nobody_saw() -> None:
    report = sample(QUEUES[:2], 13)
    seconds = [0.0] * 10 + [12_000.0, 86_400.0, 0.0]
    assert [float(row["unknown_s"]) for row in read_csv(report)] == [s for s in seconds for _ in range(2)]
    assert table_of(report)["unknown_s"].to_pylist() == [s for s in seconds for _ in range(2)]
    assert [period["unknown_s"] for period in read_json(report)["periods"]] == seconds


def test_visits_without_hold_and_wrap_up_are_counted_in_a_column_of_their_own() -> None:
    report = sample(QUEUES[:2], 3)
    of = replace(report.columns[0], name="from_queue_log", values=np.arange(12.0).reshape(4, 3))
    told = replace(report, from_queue_log=of)
    assert [row["from_queue_log"] for row in read_csv(told)] == ["0", "1", "3", "4", "6", "7"]
    assert table_of(told)["from_queue_log"].to_pylist() == [0, 1, 3, 4, 6, 7]
    last = read_json(told)["columns"][-1]
    assert (last["name"], last["values"], last["all"]) == ("from_queue_log", [[0, 1], [3, 4], [6, 7]], 11)
    assert "from_queue_log" not in read_csv(report)[0]


# ---- JSON ----


def test_json_holds_every_value_and_every_total(report: Report) -> None:
    body = json.loads(FORMATS["json"].write(report))
    assert body["names"] == list(report.names)
    assert len(body["columns"]) == len(report.columns)
    for got, want in zip(body["columns"], report.columns, strict=True):
        assert (got["name"], got["unit"], got["definition"]) == (want.name, want.unit, want.definition)
        assert (got["label"], got["better"]) == (want.label, want.better)
        assert got["target"] == (None if want.target is None else list(want.target))
        assert all(same(got["values"][p][n], want.values[p, n]) for p, n in cells(report))
        assert all(same(v, want.values[p, -1]) for p, v in enumerate(got["by_period"]))
        assert all(same(v, want.values[-1, n]) for n, v in enumerate(got["by_name"]))
        assert same(got["all"], want.values[-1, -1])


def test_json_says_what_was_asked_how_it_was_counted_and_how_much_was_seen() -> None:
    report = sample()
    body = json.loads(FORMATS["json"].write(report))
    assert (body["site"], body["zone"]) == ("Tehran", "Asia/Tehran")
    assert body["ask"]["range"] == {"start": "2026-10-23T00:00:00+03:30", "end": "2026-11-22T00:00:00+03:30"}
    assert (body["ask"]["every"], body["ask"]["by"]) == ("day", "queue")
    assert body["targets"]["sales-vip"] == {
        "threshold_s": 30.0, "service_level": 0.8, "short_abandon_s": 5.0, "figures": {},
        "topic": "sales-vip",
    }  # fmt: skip
    aims = Targets(figures={"abandon_rate": (0.03, 0.05)})
    own = read_json(replace(report, targets={"sales": aims}))["targets"]["sales"]["figures"]
    assert own == {"abandon_rate": [0.03, 0.05]}
    assert body["trust"] == {
        "unknown_s": report.trust.unknown_s, "seen": 41_000, "repaired": 120, "imported": 7300, "unknown": 3,
        "provisional": 0.231,
    }  # fmt: skip


def test_what_is_not_a_number_is_null_in_json() -> None:
    report = sample(QUEUES, 2)
    text = FORMATS["json"].write(replace(report, trust=replace(report.trust, provisional=math.nan))).decode()
    body = json.loads(text, parse_constant=pytest.fail)
    assert body["trust"]["provisional"] is None


# ---- Parquet ----


def table_of(report: Report) -> pa.Table:
    return pq.read_table(pa.BufferReader(FORMATS["parquet"].write(report)))


def test_parquet_holds_every_value_of_the_report(report: Report) -> None:
    table = table_of(report)
    assert table.num_rows == len(report.periods) * len(report.names)
    places = list(cells(report))
    assert table[report.ask.by.value].to_pylist() == [report.names[n] for _, n in places]
    assert [at.timestamp() for at in table["start"].to_pylist()] == [report.periods[p][0] for p, _ in places]
    assert [at.timestamp() for at in table["end"].to_pylist()] == [report.periods[p][1] for p, _ in places]
    for column in report.columns:
        got = table[column.name].to_pylist()
        assert all(same(v, column.values[place]) for v, place in zip(got, places, strict=True))


@pytest.mark.parametrize(("zone", "said"), [
    (ZoneInfo("Asia/Tehran"), "Asia/Tehran"), (UTC, "UTC"), (timezone(timedelta(hours=3, minutes=30)), "+03:30"),
    (timezone(-timedelta(hours=5)), "-05:00"),
])  # fmt: skip
def test_parquet_columns_are_typed_and_times_have_the_sites_zone(zone: tzinfo, said: str) -> None:
    schema = table_of(sample(QUEUES[:1], 2, zone=zone)).schema
    assert schema.field("start").type == schema.field("end").type == pa.timestamp("ms", said)
    assert (schema.field("offered").type, schema.field("service_level").type) == (pa.int64(), pa.float64())
    assert schema.field("service_level").metadata[b"unit"] == b"ratio"


def test_parquet_metadata_says_what_json_says(report: Report) -> None:
    body = json.loads(FORMATS["json"].write(report))
    told = json.loads(table_of(report).schema.metadata[b"callcenter"])
    assert {key: told[key] for key in ("site", "zone", "made_at", "ask", "targets", "trust")}.items() <= body.items()
    assert told["columns"][0].items() <= body["columns"][0].items()


def test_duckdb_finds_in_parquet_what_the_report_adds_up_to(tmp_path: Path) -> None:
    report, path = sample(), tmp_path / "report.parquet"
    path.write_bytes(FORMATS["parquet"].write(report))
    rows = duckdb.sql(f"SELECT queue, sum(answered) FROM '{path}' GROUP BY queue").fetchall()
    answered = next(c for c in report.columns if c.name == "answered").values
    assert dict(rows) == {name: answered[-1, n] for n, name in enumerate(report.names)}


@pytest.mark.parametrize("format_", ["json", "parquet"])
def test_hostile_names_come_back_as_they_are(format_: str) -> None:
    report = sample(HOSTILE, 1)
    names = table_of(report)["queue"].to_pylist() if format_ == "parquet" else read_json(report)["names"]
    assert names == [name.replace("\ud800", "?") for name in HOSTILE]


def read_json(report: Report) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(FORMATS["json"].write(report))
    return body
