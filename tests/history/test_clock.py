"""A PBX whose clock was set back: what its queue_log tells in the order of the file, the archive tells."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from callcenter.history import importing
from callcenter.history.archive import Archive

from .oracle import counted
from .test_damage import D
from .test_importing import figures, take_in


def night(back_s: int, begins: int) -> list[str]:
    """Forty calls that overlap; in their midst the clock is set back. Each is answered and talks for 180 s."""
    logged = []
    for n in range(40):
        at = begins + n * 30
        call = f"{at}.{n}"
        logged += [(at, f"{call}|sales|NONE|ENTERQUEUE||0912|1"), (at + 20, f"{call}|sales|S{n}|CONNECT|20|x|2"),
                   (at + 200, f"{call}|sales|S{n}|COMPLETECALLER|20|180|1")]  # fmt: skip
    return [f"{at if at < begins + 600 else at - back_s}|{line}\n" for at, line in sorted(logged)]


@pytest.mark.parametrize("begins", [D + 36_000, D - 300], ids=["day", "midnight"])
@pytest.mark.parametrize("back_s", [2, 60, 1800])
def test_a_clock_that_is_set_back_changes_no_figure(
    archive: Archive, tmp_path: Path, back_s: int, begins: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", 40)  # what is held is put away between them
    log = tmp_path / "queue_log"
    log.write_text("".join(night(back_s, begins)))
    take_in(archive, log)
    sales = figures(archive)["sales"]
    assert sales == counted([log])["sales"]
    assert (sales["answered"], sales["talk_s"]) == (40, 40 * 180)
    assert [done.added for done in take_in(archive, log)] == [0]


def test_files_that_were_rotated_around_it_may_come_in_any_order(tmp_path: Path) -> None:
    lines = night(1800, D + 36_000)
    middle = next(n for n, (one, two) in enumerate(itertools.pairwise(lines)) if two < one)
    whole, pieces = tmp_path / "whole", []
    whole.write_text("".join(lines))
    for n, part in enumerate((lines[: middle - 12], lines[middle - 12 : middle + 24], lines[middle + 24 :])):
        pieces.append(tmp_path / f"queue_log.{n}")
        pieces[-1].write_text("".join(part))
    found = []
    for n, order in enumerate(itertools.islice(itertools.permutations([whole, *pieces]), 0, None, 5)):
        archive = Archive(tmp_path / f"history{n}", "main", "IR")
        assert sum(done.added for file in order for done in take_in(archive, file)) == len(lines)
        found.append(figures(archive))
    assert found == [counted([whole])] * len(found)
