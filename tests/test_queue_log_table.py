"""A queue_log in a database is read like the file: the same visits, each row once."""

from __future__ import annotations

import sqlite3
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

    def __init__(self, path: Path, local: bool, parts: bool, name: str = "queue_log") -> None:
        self.database, self.local, self.name = sqlite3.connect(path), local, name
        self.columns = ("time", "callid", "queuename", "agent", "event", *(PARTS if parts else ("data",)))
        kinds = ", ".join(f"{column} varchar(80)" for column in self.columns)
        self.database.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {kinds})")

    def write(self, *lines: Line) -> None:
        for line in lines:
            local = datetime.fromtimestamp(line.at + 0.25, TEHRAN).strftime("%F %T.%f")
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
    assert shown(found) == shown(LINES)
    assert len(found) == len(LINES)


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


def test_another_name_stands_behind_the_url(tmp_path: Path) -> None:
    pbx = Pbx(tmp_path / "asterisk.db", True, True, "queuelog")
    with closing(pbx.database), closing(Table(f"sqlite:///{tmp_path}/asterisk.db#queuelog", TEHRAN, 0.0)) as table:
        pbx.write(LINES[0])
        assert len(table.read()) == 1


@pytest.mark.parametrize(("url", "said"), [
    ("sqlite:////nowhere/asterisk.db", "unable to open database file"), ("no url", "its database"),
    ("nosuch://db", "nosuch"), ("sqlite://", "queue_log"),
])  # fmt: skip
def test_a_database_that_cannot_be_read_is_said_in_one_line(url: str, said: str) -> None:
    with closing(Table(url, TEHRAN, 0.0)) as table, pytest.raises(InputError) as refused:
        table.read()
    assert str(refused.value).startswith("cannot read queue_log from ")
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_password_is_never_said() -> None:
    table = Table("postgresql+nosuch://u:s3cret@db/asterisk", TEHRAN, 0.0)
    with pytest.raises(InputError) as refused:
        table.read()
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["mysql+pymysql://u:secret@host:abc/db", "mysqlx://h/db", "://", "sqlite:///{0}/other.db"])
def test_whatever_cannot_be_read_is_an_input_error_without_the_password(tmp_path: Path, url: str) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE queue_log (at text, callid text)")
    with closing(Table(url.format(tmp_path), TEHRAN, 0.0)) as table, pytest.raises(InputError) as problem:
        table.read()
    assert "secret" not in str(problem.value)
