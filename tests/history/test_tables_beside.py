"""A realtime table of the same PBX: never put together with its file, and its rows are looked at like lines."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcenter.history import importing
from callcenter.history.archive import Archive

from .test_damage import D, offered, put, visit
from .test_importing import quiet

NAMES = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")


def table(folder: Path, rows: list[Sequence[object]], zone: str = "UTC") -> importing.Imported:
    with closing(sqlite3.connect(folder / "asterisk.db")) as database:
        database.execute(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, {', '.join(NAMES)})")
        database.executemany(f"INSERT INTO queue_log ({', '.join(NAMES)}) VALUES ({', '.join('?' * 10)})", rows)
        database.commit()
    url = f"sqlite:///{folder}/asterisk.db"
    return importing.import_table(Archive(folder / "history", "main", "IR"), url, ZoneInfo(zone), quiet)


def rows(text: str, earlier_s: float = 0.0, zone: str = "UTC") -> list[Sequence[object]]:
    split = [line.split("|") for line in text.splitlines()]
    return [[_local(float(at) - earlier_s, zone), *words, *[""] * 5][:10] for at, *words in split]


def _local(at: float, zone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S.%f")


def test_what_file_and_table_tell_of_a_day_is_never_put_together(archive: Archive, tmp_path: Path) -> None:
    """The table's time is taken before the row is inserted, the file's behind that: a second later at times."""
    noon = D + 43_200
    put(archive, tmp_path, visit(noon))
    done = table(tmp_path, rows(visit(noon) + visit(noon + 86_400), earlier_s=0.003))
    assert [str(day) for day in done.left_out] == ["2025-10-10"]
    assert done.added == 3
    assert offered(archive, D, D + 2 * 86_400) == 2
    back = put(archive, tmp_path, visit(noon) + visit(noon + 86_400) + visit(noon + 2 * 86_400))
    assert (back.added, [str(day) for day in back.left_out]) == (3, ["2025-10-11"])
    assert offered(archive, D, D + 3 * 86_400) == 3


def test_the_hour_that_comes_twice_is_not_told_twice(archive: Archive, tmp_path: Path) -> None:
    again = int(datetime(2025, 10, 26, 1, tzinfo=UTC).timestamp())
    text = visit(again - 3300) + visit(again + 1800)
    put(archive, tmp_path, text)
    assert table(tmp_path, rows(text, zone="Europe/Berlin"), "Europe/Berlin").added == 0
    assert offered(archive, again - 86_400, again + 86_400) == 2


@pytest.mark.parametrize("time", ["2099-01-01 00:00:00", 4070908800.0, 1e15, 9e999, -5.0, "1970-01-01 00:00:05", "x",
                                  None])  # fmt: skip
def test_a_row_whose_time_is_none_is_named_and_left_out(archive: Archive, tmp_path: Path, time: object) -> None:
    bad = [time, "2.1", "sales", "NONE", "ENTERQUEUE", "", "0912", "1", "", ""]
    done = table(tmp_path, [*rows(visit(D)), bad, *rows(visit(D + 100))])
    assert (done.added, done.broken) == (6, 1)
    assert ": row 4: " in done.named[0]
    assert offered(archive, D, D + 86_400) == 2
