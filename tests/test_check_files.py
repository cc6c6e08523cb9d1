"""What check says of files: a queue_log that can be read, one that cannot, a folder for backups that is none."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from callcenter import clock
from callcenter.check_files import check_files
from callcenter.config import parse


def checked(queue_log: str | None = None, **store: Any) -> tuple[list[str], list[str]]:
    pbx = {"secret": "s"} | ({"queue_log": queue_log} if queue_log else {})
    return check_files(parse({"pbx": [pbx], "store": store}, "test"))


def test_without_a_queue_log_it_says_what_that_costs() -> None:
    assert checked() == (["main: no pbx.queue_log: what happens while the link is down stays unknown"], [])


def test_a_queue_log_tells_how_old_its_newest_line_is(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    now = time.time()
    log.write_text(f"{now - 100:.0f}|1.1|sales|NONE|ENTERQUEUE||0912|1\n{now - 40:.0f}|1.1|sales|NONE|ABANDON|1|1|60\n")
    (note,), wrong = checked(str(log))
    age = float(note.removeprefix("main: queue_log can be read, newest line ").removesuffix(" s ago"))
    assert 38 <= age <= 60
    assert wrong == []


@pytest.mark.parametrize(("ahead", "said"), [(15.0, "15 s ahead of our clock"), (0.3, "0 s ago"), (-1.0, "1 s ago")])
def test_a_line_of_a_clock_that_is_ahead_has_no_negative_age(
    tmp_path: Path, ahead: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "queue_log"
    log.write_text("1700000000|1.1|sales|NONE|ENTERQUEUE||0912|1\n")
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_000 - ahead)
    assert checked(str(log)) == ([f"main: queue_log can be read, newest line {said}"], [])


def test_an_empty_queue_log_is_said_to_be_quiet(tmp_path: Path) -> None:
    (tmp_path / "queue_log").touch()
    assert checked(str(tmp_path / "queue_log")) == (["main: queue_log can be read, no line of the last day"], [])


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_queue_log_that_cannot_be_read_is_wrong(tmp_path: Path, name: str) -> None:
    notes, (problem,) = checked(str(tmp_path / name))
    assert notes == []
    assert problem.startswith(f"main: pbx.queue_log: cannot read {tmp_path / name}: ")


def test_a_url_of_nothing_is_wrong() -> None:
    notes, (problem,) = checked("nonsense://x#queue_log")
    assert notes == []
    assert problem.startswith("main: pbx.queue_log: cannot read queue_log from nonsense://x")


def test_a_folder_for_backups_has_to_be_there(tmp_path: Path) -> None:
    assert checked(backups=str(tmp_path / "none"))[1] == [f"store.backups: no folder {tmp_path / 'none'}"]
    assert checked(backups=str(tmp_path))[1] == []


def test_where_the_store_will_be_is_looked_at(tmp_path: Path) -> None:
    (_, note), wrong = checked(url=f"sqlite+aiosqlite:///{tmp_path}/none/calls.db")
    assert (note.split(" yet")[0], wrong) == (f"store.url: no folder {tmp_path / 'none'}", [])
    assert len(checked(url=f"sqlite+aiosqlite:///{tmp_path}/calls.db")[0]) == 1
