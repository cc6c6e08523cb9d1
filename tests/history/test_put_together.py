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


def test_hours_of_which_the_newest_stands_first_are_put_in_their_order(archive: Archive, tmp_path: Path) -> None:
    """Less than two hours: what a call tells at the seam is known by how it began."""
    lines = night(0, D)
    seam = len(lines) // 2
    assert any("CONNECT" in line for line in lines[seam : seam + 12])
    file = tmp_path / "queue_log"
    file.write_text("".join(lines[seam:] + lines[:seam]))
    (done,) = take_in(archive, file)
    assert (done.added, done.set_back) == (len(lines), 0)
    assert (figures(archive)["sales"]["answered"], figures(archive)["sales"]["talk_s"]) == (40, 40 * 180)


def test_a_call_in_two_queues_at_the_seam_of_the_newest_first_is_told_in_its_order(
    archive: Archive, tmp_path: Path
) -> None:
    """Behind the seam it enters a queue, too: that is not how it began."""
    lines = [
        f"{at}|{D}.1|{line}\n" for at, line in (
            (D, "sales|NONE|ENTERQUEUE||0912|1"), (D + 30, "sales|NONE|EXITWITHTIMEOUT|1|1|30"),
            (D + 31, "support|NONE|ENTERQUEUE||0912|1"), (D + 40, "support|Sara|CONNECT|9|x|2"),
            (D + 100, "support|Sara|COMPLETECALLER|9|60|1"))
    ]  # fmt: skip
    file = tmp_path / "queue_log"
    file.write_text("".join(lines[1:] + lines[:1]))
    (done,) = take_in(archive, file)
    assert (done.added, done.set_back) == (len(lines), 0)
    assert figures(archive) == counted([file])


def test_a_log_that_is_sorted_by_calls_is_taken_in_at_once(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a database gives it; who was answered at once, and who was rung twice within a second, too."""
    ring = f"{D}|c0|sales|S1|RINGNOANSWER|0\n"
    lines = [line for n in range(50) for line in (
        f"{D + 10 * n}|c{n}|sales|NONE|ENTERQUEUE||0912|1\n", *([ring, ring] if n == 0 else []),
        f"{D + 10 * n + n % 2}|c{n}|sales|S{n}|CONNECT|{n % 2}|x|0\n",
        f"{D + 10 * n + 99}|c{n}|sales|S{n}|COMPLETECALLER|0|{99 - n % 2}|1\n")]  # fmt: skip
    file = tmp_path / "queue_log"
    file.write_text("".join(lines))
    puts: list[int] = []
    put = archive.put
    monkeypatch.setattr(archive, "put", lambda lines, kind: puts.append(1) or put(lines, kind))
    (done,) = take_in(archive, file)
    assert (done.added, done.set_back, len(puts)) == (len(lines), 0, 1)
    found = figures(archive)["sales"]
    assert (found["answered"], found["talk_s"], found["ring_no_answer"]) == (50, 50 * 99 - 25, 2)


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
