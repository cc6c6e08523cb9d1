"""Files that were put together of others: told twice, the newest first, in no order."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcenter.errors import InputError
from callcenter.history import importing
from callcenter.history.archive import Archive

from .oracle import counted
from .test_clock import night
from .test_damage import D
from .test_importing import MIX, figures, take_in

LINES = MIX.read_text().splitlines(keepends=True)
HALF = len(LINES) // 2
TRUTH = counted([MIX])


@pytest.mark.parametrize(
    "parts",
    [
        (LINES, LINES), (LINES, LINES, LINES), (LINES[: HALF + 40], LINES[HALF:]), (LINES[HALF:], LINES),
        (LINES, LINES[:HALF]), (LINES[:HALF], LINES[:HALF], LINES[HALF:]),
    ],
    ids=["twice", "three times", "an overlap", "the end first, then all", "its beginning again", "half of it twice"],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [importing.AT_ONCE, 100])
def test_what_is_told_again_is_counted_once(
    archive: Archive, tmp_path: Path, parts: tuple[list[str], ...], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "AT_ONCE", at_once)
    file = tmp_path / "queue_log"
    file.write_text("".join(line for part in parts for line in part))
    (done,) = take_in(archive, file)
    assert figures(archive) == TRUTH
    assert (done.added, done.broken) == (len(LINES), 0)
    assert [done.added for done in take_in(archive, MIX, file)] == [0, 0]
    assert figures(archive) == TRUTH


def test_the_newest_first_is_no_clock_that_was_set_back(archive: Archive, tmp_path: Path) -> None:
    """The seam is inside of calls: what a call tells behind it stands before."""
    early, late = night(0, D), night(0, D + 20_000)
    seam = len(late) // 2
    file = tmp_path / "queue_log"
    file.write_text("".join(late[seam:] + early + late[:seam]))
    (done,) = take_in(archive, file)
    assert done.set_back == 0
    assert (figures(archive)["sales"]["answered"], figures(archive)["sales"]["talk_s"]) == (80, 80 * 180)


def test_lines_in_no_order_are_refused_and_nothing_is_kept(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text("".join(reversed(LINES)))
    with pytest.raises(InputError, match=rf"{file}: not in the order in which it was written: \d+ .*none is taken"):
        importing.import_file(archive, file, lambda what, done, total: None)
    assert archive.imported_days() == []


def test_a_clock_that_seems_to_be_set_back_is_told(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "queue_log"
    file.write_text("".join(night(1800, D)))
    assert [done.set_back for done in take_in(archive, file, MIX)] == [1, 0]
