"""An imported queue_log tells what duckdb counts in its raw lines, however often and in whatever order it came."""

from __future__ import annotations

import gzip
import itertools
import lzma
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from lab.holes import CAPTURES

import kpi
from callcenter.ami.simulator import visits, world
from callcenter.ami.simulator.plan import make as make_plan
from callcenter.errors import InputError
from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.history.history import History
from callcenter.history.lines import DAY_S
from callcenter.numbers import e164

from .oracle import counted

LOGS = [capture.with_name(capture.name.replace(".ami.gz", ".queue_log")) for capture in CAPTURES]
MIX = next(log for log in LOGS if log.name == "ast22-mix.queue_log")
ALWAYS = (0.0, 4e9)


def quiet(what: str, done: int, total: int) -> None:
    """No progress is shown."""


def iranian(number: str) -> str | None:
    return e164(number, "IR")


def take_in(archive: Archive, *files: Path) -> list[importing.Imported]:
    done = [importing.import_file(archive, file, quiet) for file in files]
    importing.make(archive, iranian, quiet)
    return done


def figures(archive: Archive) -> dict[str, dict[str, int]]:
    """Queue → what is counted and summed of it, named as the oracle names it."""
    days = archive.imported_days()
    asked = (days[0] * DAY_S - 1.0, (days[-1] + 1) * DAY_S + 1.0)
    columns = History(archive, archive.folder / "no store", iranian).columns(asked)
    sums = kpi.sum_visits(columns.visits, len(columns.queues))
    names = next(iter(counted([MIX]).values()))
    return {
        queue: {name: int(getattr(sums, name)[n]) for name in names} for n, queue in enumerate(columns.queues)
    }  # fmt: skip


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_each_capture_comes_to_what_its_lines_say(archive: Archive, log: Path) -> None:
    (done,) = take_in(archive, log)
    assert (done.broken, done.cut) == (0, "")
    assert done.added == done.lines == sum(bool(line.strip()) for line in log.read_text().splitlines())
    assert figures(archive) == counted([log])


def test_a_simulated_night_comes_to_what_the_simulator_knows(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth: Counter[tuple[str, str]] = Counter()

    def connect(visit: visits.Visit, *given: object, old=visits.Visit.connect) -> None:  # type: ignore[no-untyped-def]
        old(visit, *given)
        truth.update({(visit.queue, "answered"): 1, (visit.queue, "wait_answered_s"): visit.connected - visit.joined})

    def complete(visit: visits.Visit, *given: object, old=visits.Visit.complete, **more: bool) -> int:  # type: ignore[no-untyped-def]
        talked: int = old(visit, *given, **more)
        truth[visit.queue, "talk_s"] += talked
        return talked

    monkeypatch.setattr(visits.Visit, "connect", connect)
    monkeypatch.setattr(visits.Visit, "complete", complete)
    log = tmp_path / "queue_log"
    with log.open("w") as file:
        plan = make_plan(60, 5, seed=3, starts_at=1_760_053_000.0)  # midnight (UTC) is within
        for _ in world.run(plan, 1200, lambda line: file.write(line + "\n")):
            pass
    take_in(archive, log)
    assert len(archive.imported_days()) == 2
    found = figures(archive)
    assert found == counted([log])
    assert {(queue, name): found[queue][name] for queue, name in truth} == truth


def pieces(log: Path, folder: Path, borders: list[int]) -> list[Path]:
    """The lines of ``log`` in files that end before the lines of these numbers; some of them are packed."""
    lines = log.read_bytes().splitlines(keepends=True)
    made = []
    for n, (start, end) in enumerate(itertools.pairwise([0, *borders, len(lines)])):
        data = b"".join(lines[start:end])
        packed = (data, gzip.compress(data), lzma.compress(data))[n % 3]
        made.append(folder / f"queue_log.{n}{('', '.gz', '.xz')[n % 3]}")
        made[-1].write_bytes(packed)
    return made


def test_rotated_files_in_any_order_and_again_come_to_the_same(tmp_path: Path) -> None:
    """Also when a file ends in the midst of a second: each border is between two lines of one."""
    lines = [line.split("|")[0] for line in MIX.read_text().splitlines()]
    inside = [n for n in range(1, len(lines)) if lines[n] == lines[n - 1]]
    made = pieces(MIX, tmp_path, sorted(random.Random(4).sample(inside, 2)))
    truth = counted([MIX])
    for n, order in enumerate(itertools.permutations(made)):
        archive = Archive(tmp_path / f"history{n}", "main", "IR")
        for file in order:
            take_in(archive, file)  # each by itself, as on different days
        assert figures(archive) == truth, order
        assert [done.added for done in take_in(archive, *order)] == [0] * len(made)
        assert figures(archive) == truth


def test_a_log_that_is_still_written_to_is_taken_in_again_and_again(archive: Archive, tmp_path: Path) -> None:
    data, log = MIX.read_bytes(), tmp_path / "queue_log"
    for end in [*range(1000, len(data), 8000), len(data)]:
        log.write_bytes(data[:end])
        (done,) = take_in(archive, log)
        assert [one.split(": ")[1] for one in done.named] == ["has no end yet"] * (not data[:end].endswith(b"\n"))
    assert figures(archive) == counted([MIX])


def test_a_realtime_table_and_the_file_are_the_same_log(archive: Archive, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "asterisk.db")) as database:
        names = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")
        database.execute(f"CREATE TABLE queue_log (id INTEGER PRIMARY KEY, {', '.join(names)})")
        for line in MIX.read_text().splitlines():
            row = [*line.split("|"), *[""] * 5][:10]
            database.execute(f"INSERT INTO queue_log ({', '.join(names)}) VALUES ({', '.join('?' * 10)})", row)
        database.commit()
    url = f"sqlite:///{tmp_path}/asterisk.db#queue_log"
    done = importing.import_table(archive, url, ZoneInfo("Asia/Tehran"), quiet)
    importing.make(archive, iranian, quiet)
    assert done.added == len(MIX.read_text().splitlines())
    assert figures(archive) == counted([MIX])
    (again,) = take_in(archive, MIX)
    assert (again.added, [str(day) for day in again.left_out]) == (0, ["2026-11-21"])
    assert figures(archive) == counted([MIX])


def test_broken_lines_are_named_by_file_and_line_and_left_out(archive: Archive, tmp_path: Path) -> None:
    lines = MIX.read_text().splitlines()
    lines[9:9] = ["no line", "123|too|few", "99999999999999|a|b|c|CONNECT|1|2|3", "17|NONE|NONE|NONE|QUEUESTART|"]
    log = tmp_path / "queue_log"
    log.write_text("\n".join(lines) + "\n")
    (done,) = take_in(archive, log)
    assert done.broken == 4
    assert [one.split(": ")[0] for one in done.named] == [f"{log}:{n}" for n in (10, 11, 12, 13)]
    assert figures(archive) == counted([MIX])


def test_of_a_file_that_is_cut_off_all_before_is_taken_in_and_where_it_ends_is_said(
    archive: Archive, tmp_path: Path
) -> None:
    log = tmp_path / "queue_log.1.gz"
    log.write_bytes(gzip.compress(MIX.read_bytes())[:-2000])
    (done,) = take_in(archive, log)
    assert 0 < done.lines < len(MIX.read_text().splitlines())
    assert done.cut.startswith(f"{log}: cut off behind line {done.lines}")


@pytest.mark.parametrize(
    ("content", "why"), [(b"", "empty"), (b"hello\nworld\n", "no line of a queue_log in it"), (None, "No such file")]
)
def test_what_is_no_queue_log_is_refused(archive: Archive, tmp_path: Path, content: bytes | None, why: str) -> None:
    log = tmp_path / "queue_log"
    if content is not None:
        log.write_bytes(content)
    with pytest.raises(InputError, match=f"^{log}: .*{why}"):
        importing.import_file(archive, log, quiet)


def test_there_is_one_import_at_a_time(archive: Archive) -> None:
    with archive.alone():
        with pytest.raises(InputError, match="another import is under way"), archive.alone():
            pass
    with archive.alone():
        pass
