"""A damaged file of the archive is noticed and named, and harms nothing but what is read from it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from callcenter.errors import InputError
from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.history.history import History

from .test_importing import MIX, iranian, quiet, take_in

D = 1_760_054_400
"""A midnight (UTC)."""


def visit(at: int, call: str = "") -> str:
    call = call or f"{at}.1"
    return (f"{at}|{call}|sales|NONE|ENTERQUEUE||0912|1\n{at + 5}|{call}|sales|Sara|CONNECT|5|x|2\n"
            f"{at + 65}|{call}|sales|Sara|COMPLETECALLER|5|60|1\n")  # fmt: skip


def put(archive: Archive, folder: Path, text: str) -> importing.Imported:
    log = folder / "queue_log"
    log.write_text(text)
    return importing.import_file(archive, log, quiet)


def offered(archive: Archive, since: int, until: int) -> int:
    return len(History(archive, archive.folder / "no store", iranian).columns((since, until), 0.0).visits.queue)


def lines_file(archive: Archive, day: int) -> Path:
    return sorted((archive.folder / "lines").glob("*.parquet"))[archive.imported_days().index(day)]


def test_a_flipped_bit_anywhere_in_a_days_lines_is_noticed_or_changes_nothing(archive: Archive) -> None:
    take_in(archive, MIX)
    day = archive.imported_days()[0]
    path = lines_file(archive, day)
    good, truth, known = path.read_bytes(), archive.lines(day), archive.imported_coverage()
    dice = random.Random(1)
    for place in dice.sample(range(len(good)), 80):
        bad = bytearray(good)
        bad[place] ^= 1 << dice.randrange(8)
        path.write_bytes(bytes(bad))
        try:
            assert archive.lines(day) == truth, place
        except InputError as problem:
            assert str(problem).startswith(f"{path}: ")
            assert str(problem).endswith("delete it and import that time again")
        assert archive.imported_coverage() in (known, ()), place


def test_a_damaged_day_harms_neither_reports_of_others_nor_an_import(archive: Archive, tmp_path: Path) -> None:
    old = D - 400 * 86_400
    put(archive, tmp_path, visit(old) + visit(D))
    damaged = lines_file(archive, old // 86_400)
    damaged.write_bytes(damaged.read_bytes()[:200])
    assert offered(archive, D, D + 86_400) == 1
    with pytest.raises(InputError, match=str(damaged)):
        offered(archive, old, old + 86_400)
    done = put(archive, tmp_path, visit(old + 100) + visit(D + 100))
    assert (done.lines, done.added) == (6, 3)
    assert [str(damaged) in one for one in done.damaged] == [True]
    visits, problems = importing.make(archive, iranian, quiet)
    assert visits == 2
    assert [str(damaged) in one for one in problems] == [True]
