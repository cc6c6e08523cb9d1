"""A queue_log in a database is read like the file: the same visits, each row once."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lab.holes import CAPTURES, lines_of

from callcenter.errors import InputError
from callcenter.queue_log import Line, fold
from callcenter.queue_log.table import Table

TEHRAN = ZoneInfo("Asia/Tehran")
LINES = lines_of(CAPTURES[0])
PARTS = ("data1", "data2", "data3", "data4", "data5")


class Pbx:
    """Writes as ``ast_queue_log`` does: ``local`` times with microseconds, or seconds; five data, or one."""

    def __init__(
        self, path: Path, local: bool, parts: bool, name: str = "queue_log", zone: ZoneInfo = TEHRAN
    ) -> None:
        self.database, self.local, self.name, self.zone = sqlite3.connect(path), local, name, zone
        self.columns = ("time", "callid", "queuename", "agent", "event", *(PARTS if parts else ("data",)))
        kinds = ", ".join(f"{column} varchar(80)" for column in self.columns)
        self.database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {kinds})")

    def write(self, *lines: Line) -> None:
        for line in lines:
            local = datetime.fromtimestamp(line.at + 0.25, self.zone).strftime("%F %T.%f")
            at = local if self.local else str(int(line.at))
            data = ["|".join(line.data)] if "data" in self.columns else [*line.data, *[""] * 5][:5]
            row = (at, *line[1:5], *data)
            names, marks = ", ".join(self.columns), ", ".join("?" * len(row))
            self.database.execute(f"INSERT INTO {self.name} ({names}) VALUES ({marks})", row)
        self.database.commit()


@pytest.fixture(params=[(True, True), (True, False), (False, True)], ids=["local, parts", "local, data", "epoch"])
def pbx(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pbx]:
    made = Pbx(tmp_path / "asterisk.db", *request.param)
    with closing(made.database):
        yield made


def test_two_rows_that_say_the_same_are_two(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path / "asterisk.db", True, True)
    with closing(pbx.database), closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, 0.0)) as table:
        for _ in range(3):
            pbx.write(LINES[0])
            assert len(table.read()) == 1


def everything(table: Table) -> list[Line]:
    found: list[Line] = []
    while new := table.read():
        found += new
    return found


def shown(lines: list[Line]) -> list[object]:
    return [(v.call, v.queue, int(v.entered_at), v.number, v.outcome, v.wait_s, v.agent, v.talk_s, v.ended_by,
             v.transfer, v.ring_no_answer) for v in fold(lines)]  # fmt: skip


def test_a_table_tells_the_same_visits_as_the_file(pbx: Pbx, tmp_path: Path) -> None:
    pbx.write(*LINES)
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        found = everything(table)
        assert table.begins_at // 1 == LINES[0].at
    assert shown(found) == shown(LINES)
    assert len(found) == len(LINES)


def test_rows_that_are_older_than_what_is_asked_for_say_that_it_reaches_back(pbx: Pbx, tmp_path: Path) -> None:
    pbx.write(*LINES)
    since = LINES[-1].at + 1
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, since)) as table:
        assert table.begins_at == math.inf
        assert table.read() == []
        assert table.begins_at < since


def test_rows_come_once_as_they_are_written_and_late_ones_too(pbx: Pbx, tmp_path: Path) -> None:
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at)) as table:
        assert table.read() == []
        late, others = LINES[30], [*LINES[:30], *LINES[31:34]]
        pbx.write(*others)
        assert len(everything(table)) == 33
        pbx.write(late)
        assert [line.event for line in everything(table)] == [late.event]
        pbx.write(*LINES[34:])
        assert len(everything(table)) == len(LINES) - 34
        assert table.read() == []


def test_what_is_older_is_left_out(pbx: Pbx, tmp_path: Path) -> None:
    pbx.write(*LINES)
    middle = LINES[len(LINES) // 2].at
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, middle)) as table:
        assert len(everything(table)) == sum(line.at >= middle for line in LINES)


BERLIN = ZoneInfo("Europe/Berlin")
SUMMER_ENDS = datetime(2026, 10, 25, 3, tzinfo=BERLIN).timestamp() - 3600  # from here on 02:00 to 03:00 comes again


def calls_at(*minutes: int) -> list[Line]:
    """One a moment, so many minutes after the summer time ended."""
    return [LINES[0]._replace(at=SUMMER_ENDS + 60 * minute, call=str(minute)) for minute in minutes]


@pytest.mark.parametrize(("minutes", "at_once"), [
    (range(-150, 151, 10), True), (range(-150, 151, 10), False), ((-150, -55, 5, 130), False), ((-58, -57, 3), False),
    ((-90, 1, 59, 61), False),
])  # fmt: skip
def test_the_hour_that_comes_twice_is_told_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: tuple[int, ...], at_once: bool
) -> None:
    pbx, lines, found = Pbx(tmp_path / "asterisk.db", True, True, zone=BERLIN), calls_at(*minutes), list[Line]()
    with closing(pbx.database), closing(Table(f"sqlite:///{tmp_path}/asterisk.db", BERLIN, lines[0].at)) as table:
        for part in [lines] if at_once else [[line] for line in lines]:
            monkeypatch.setattr("callcenter.clock.now", lambda at=part[0].at: at - 60.0)
            found += everything(table)
            pbx.write(*part)
            monkeypatch.setattr("callcenter.clock.now", lambda at=part[-1].at: at + 1.0)
            found += everything(table)
    assert [(line.call, line.at) for line in found] == [(line.call, line.at + 0.25) for line in lines]


def test_what_came_in_the_second_of_the_two_hours_is_found_from_the_first(tmp_path: Path) -> None:
    pbx, lines = Pbx(tmp_path / "asterisk.db", True, True, zone=BERLIN), calls_at(-70, 10, 130)
    table = Table(f"sqlite:///{tmp_path}/asterisk.db", BERLIN, lines[1].at - 1200)
    with closing(pbx.database), closing(table):
        pbx.write(*lines)
        assert [line.call for line in everything(table)] == ["10", "130"]


def test_a_row_of_the_far_future_stops_nothing(pbx: Pbx, tmp_path: Path) -> None:
    """A PBX whose clock was wrong when it started."""
    lost = LINES[0]._replace(at=LINES[0].at + 10 * 365 * 86_400, call="lost")
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        pbx.write(lost, *LINES[:10])
        assert len(everything(table)) == 11
        pbx.write(*LINES[10:])
        assert shown(everything(table)[-len(LINES) + 10 :]) == shown(LINES[10:])


def test_a_table_that_was_emptied_and_counts_anew_is_read_on(pbx: Pbx, tmp_path: Path) -> None:
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        pbx.write(*LINES[:50])
        assert len(everything(table)) == 50
        pbx.database.execute("DELETE FROM queue_log")
        pbx.write(*LINES[50:60])
        assert len(everything(table)) == 10


@pytest.mark.parametrize("time", [None, "-", "1e999", "0000-00-00 00:00:00"])
def test_a_row_whose_time_cannot_be_read_is_counted_and_costs_no_other(
    pbx: Pbx, tmp_path: Path, time: str | None
) -> None:
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        pbx.write(*LINES[:5])
        pbx.database.execute("UPDATE queue_log SET time = ? WHERE id = 3", (time,))
        pbx.database.commit()
        assert [line.call for line in everything(table)] == [LINES[n].call for n in (0, 1, 3, 4)]
        assert table.skipped == 1


def test_rows_that_could_not_be_understood_at_once_are_read_again(
    pbx: Pbx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        pbx.write(*LINES[:5])
        with monkeypatch.context() as patch, pytest.raises(InputError, match="cannot read queue_log"):
            patch.setattr("callcenter.queue_log.table.moments", lambda value, zone: {}[value])  # a bug of ours
            table.read()
        assert len(everything(table)) == 5


@pytest.mark.parametrize("numbers_come_again", [True, False])
def test_rows_that_are_deleted_let_nothing_be_read_again(
    pbx: Pbx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, numbers_come_again: bool
) -> None:
    """As of a test call; in some databases the next row has the number of the deleted one."""
    monkeypatch.setattr("callcenter.clock.now", lambda: LINES[0].at)
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, LINES[0].at - 10)) as table:
        pbx.write(*LINES[:30])
        assert len(everything(table)) == 30
        pbx.database.execute("DELETE FROM queue_log WHERE id > 28")
        pbx.database.commit()
        assert everything(table) == []
        if not numbers_come_again:
            pbx.database.execute("INSERT INTO queue_log (id, time) VALUES (30, '-')")
        pbx.write(*[line._replace(at=line.at + 3600) for line in LINES[40:43]])
        assert [line.event for line in everything(table)] == [line.event for line in LINES[40:43]]
        assert everything(table) == []


def test_a_table_whose_rows_have_no_growing_number_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "asterisk.db")) as database:
        database.execute("CREATE TABLE queue_log (time text, callid text, queuename text, agent text, event text)")
    with closing(Table(f"sqlite:///{tmp_path}/asterisk.db", TEHRAN, 0.0)) as table:
        with pytest.raises(InputError, match="it has no column 'id'"):
            table.read()


def test_another_name_stands_behind_the_url(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path / "asterisk.db", True, True, "queuelog")
    with closing(pbx.database), closing(Table(f"sqlite:///{tmp_path}/asterisk.db#queuelog", TEHRAN, 0.0)) as table:
        pbx.write(LINES[0])
        assert len(table.read()) == 1


@pytest.mark.parametrize(("url", "said"), [
    ("sqlite:////nowhere/asterisk.db", "no such file"), ("no url", "its database"), ("nosuch://db", "nosuch"),
    ("sqlite:////", "unable to open database file"), ("sqlite://", "it has no table 'queue_log'"),
    ("sqlite://#nosuch", "it has no table 'nosuch'"), ("sqlite:///:memory:", "it has no table 'queue_log'"),
])  # fmt: skip
def test_a_database_that_cannot_be_read_is_said_in_one_line(url: str, said: str) -> None:
    with closing(Table(url, TEHRAN, 0.0)) as table, pytest.raises(InputError) as refused:
        table.read()
    assert str(refused.value).startswith("cannot read queue_log from ")
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_not_made_and_is_read_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "asterisk.db"
    with closing(Table(f"sqlite:///{path}", TEHRAN, 0.0)) as table:
        with pytest.raises(InputError, match=f"^cannot read queue_log from sqlite:///{path}: no such file$"):
            table.read()
        assert not path.exists()
        pbx = Pbx(path, True, True)
        with closing(pbx.database):
            pbx.write(LINES[0])
            assert len(table.read()) == 1


def test_a_password_is_never_said() -> None:
    table = Table("postgresql+nosuch://u:s3cret@db/asterisk", TEHRAN, 0.0)
    with pytest.raises(InputError) as refused:
        table.read()
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("url", "why"), [
    ("mysql://u:pw@h/db", "no driver for mysql:// is installed: write mysql+pymysql://… and pip install 'pymysql'"),
    ("mariadb://u:pw@h/db", "no driver for mariadb:// is installed: write mysql+pymysql://… and pip install 'pymysql'"),
    ("mysql+pymysql://u:pw@h/db", "no driver for mysql+pymysql:// is installed: pip install 'pymysql'"),
    ("postgres://u:pw@h/db",
     "no driver for postgres:// is installed: write postgresql+psycopg://… and pip install 'psycopg[binary]'"),
    ("postgresql+psycopg://u:pw@h/db",
     "no driver for postgresql+psycopg:// is installed: pip install 'psycopg[binary]'"),
])  # fmt: skip
def test_without_a_driver_it_says_what_to_write_and_to_install(
    url: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("MySQLdb", "pymysql", "psycopg"):
        monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(InputError) as problem:
        Table(f"{url}#t", TEHRAN, 0.0).read()
    assert str(problem.value) == f"cannot read queue_log from {url.replace('pw', '***')}: {why}"


@pytest.mark.parametrize("url", ["mysql+pymysql://u:secret@host:abc/db", "mysqlx://h/db", "://", "sqlite:///{0}/other.db"])
def test_whatever_cannot_be_read_is_an_input_error_without_the_password(tmp_path: Path, url: str) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE queue_log (at text, callid text)")
    with closing(Table(url.format(tmp_path), TEHRAN, 0.0)) as table, pytest.raises(InputError) as problem:
        table.read()
    assert "secret" not in str(problem.value)
