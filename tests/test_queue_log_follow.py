"""A queue_log is followed while it is written: whatever rotates it, each line comes once and in order."""

from __future__ import annotations

import gzip
import math
import os
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from callcenter.errors import InputError
from callcenter.queue_log.follow import Follower
from callcenter.queue_log.rotated import Files, rotated


def line(n: int) -> bytes:
    return b"%d|c%d|sales|NONE|ENTERQUEUE||0912|1\n" % (1_795_000_000 + n, n)


def numbers(follower: Follower) -> list[int]:
    """All that there is to read now."""
    found: list[int] = []
    while new := follower.read():
        found += [int(line.at) - 1_795_000_000 for line in new]
    return found


def write(path: Path, *lines: int, mode: str = "ab") -> None:
    with path.open(mode) as file:
        file.writelines(map(line, lines))


Follow = Callable[..., Follower]


@pytest.fixture
def follow(path: Path) -> Iterator[Follow]:
    """Followers of ``path``, closed in the end."""
    made: list[Follower] = []

    def following(since: float = 0.0) -> Follower:
        made.append(Follower(path, since))
        return made[-1]

    yield following
    for follower in made:
        follower.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queue_log"


def test_lines_come_once_as_they_are_written(path: Path, follow: Follow) -> None:
    write(path, 1, 2)
    follower = follow()
    assert numbers(follower) == [1, 2]
    assert numbers(follower) == []
    write(path, 3)
    assert numbers(follower) == [3]


def test_a_half_line_waits_for_its_rest(path: Path, follow: Follow) -> None:
    path.write_bytes(line(1) + line(2)[:20])
    follower = follow()
    assert numbers(follower) == [1]
    path.write_bytes(line(1) + line(2))
    assert numbers(follower) == [2]
    assert follower.skipped == 0


def test_what_is_no_line_is_counted_and_passed_over(path: Path, follow: Follow) -> None:
    path.write_bytes(line(1) + b"rubbish\n\n\xff\xfe|x\n" + line(2))
    follower = follow()
    assert numbers(follower) == [1, 2]
    assert follower.skipped == 2


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_beginning(path: Path, follow: Follow) -> None:
    write(path, 1)
    follower = follow()
    assert numbers(follower) == [1]
    write(path, 2)
    path.rename(path.with_name("queue_log.0"))
    assert numbers(follower) == [2]
    write(path)  # logrotate made it; Asterisk writes to the old one until it is told
    write(path.with_name("queue_log.0"), 3)
    assert numbers(follower) == [3]
    write(path.with_name("queue_log.0"), 4)
    write(path, 5)
    assert numbers(follower) == [4, 5]
    write(path, 6)
    assert numbers(follower) == [6]


def test_a_file_that_is_copied_and_emptied_is_read_from_its_beginning(path: Path, follow: Follow) -> None:
    write(path, 1, 2, 3)
    follower = follow()
    assert numbers(follower) == [1, 2, 3]
    path.with_name("queue_log.1").write_bytes(path.read_bytes())
    os.truncate(path, 0)
    write(path, 4)
    assert numbers(follower) == [4]


def test_files_that_were_rotated_between_two_looks_are_read_in_their_order(path: Path, follow: Follow) -> None:
    write(path, 1)
    follower = follow()
    assert numbers(follower) == [1]
    write(path, 2)
    for age, n in enumerate((3, 4, 5)):
        for older in range(age, 0, -1):
            path.with_name(f"queue_log.{older}").rename(path.with_name(f"queue_log.{older + 1}"))
        path.rename(path.with_name("queue_log.1"))
        write(path, n)
    packed = path.with_name("queue_log.2.gz")
    packed.write_bytes(gzip.compress(path.with_name("queue_log.2").read_bytes()))
    os.utime(packed, ns=(0, path.with_name("queue_log.2").stat().st_mtime_ns))
    path.with_name("queue_log.2").unlink()
    assert numbers(follower) == [2, 3, 4, 5]
    write(path, 6)
    assert numbers(follower) == [6]


def test_one_that_was_packed_after_it_was_read_is_not_read_again(path: Path, follow: Follow) -> None:
    write(path, 1)
    follower = follow()
    assert numbers(follower) == [1]
    written = path.stat().st_mtime_ns
    path.rename(path.with_name("queue_log.1"))
    path.with_name("queue_log.1.gz").write_bytes(gzip.compress(line(1)))
    os.utime(path.with_name("queue_log.1.gz"), ns=(written, written))
    path.with_name("queue_log.1").unlink()
    write(path, 2)
    assert numbers(follower) == [2]


@pytest.mark.parametrize("packed", [False, True])
def test_one_that_was_emptied_and_is_longer_again_is_read_from_its_beginning_and_the_rest_of_its_copy(
    path: Path, follow: Follow, packed: bool
) -> None:
    path.write_bytes(line(1) + line(2)[:20])
    follower = follow()
    assert numbers(follower) == [1]
    copy = line(1) + line(2) + line(3)
    copied = path.with_name("queue_log.1.gz" if packed else "queue_log.1")
    copied.write_bytes(gzip.compress(copy) if packed else copy)
    path.write_bytes(line(4) + line(5) + line(6) + line(7))
    assert numbers(follower) == [2, 3, 4, 5, 6, 7]
    write(path, 8)
    assert numbers(follower) == [8]


@pytest.mark.parametrize("copied", [False, True])
def test_one_that_was_emptied_and_left_no_copy_may_have_told_more_and_that_is_said(
    path: Path, follow: Follow, copied: bool
) -> None:
    """As with logrotate's ``copytruncate`` and ``olddir``."""
    write(path, 1)
    follower = follow()
    assert numbers(follower) == [1]
    write(path, 2)
    path.with_name("queue_log.1" if copied else "elsewhere").write_bytes(path.read_bytes())
    os.truncate(path, 0)
    write(path, 4)
    os.utime(path, (0, 1_795_000_004))
    with capture_logs() as said:
        assert numbers(follower) == ([2, 4] if copied else [4])
        write(path, 5)
        assert numbers(follower) == [5]
    assert begins(follower) == (1 if copied else 4)
    emptied = "queue_log was emptied and no copy of it is beside it: what had not been read is lost"
    assert [one["event"] for one in said] == ([] if copied else [emptied])


def test_a_line_without_an_end_is_not_kept_counted_once_and_said(path: Path, follow: Follow) -> None:
    piece, most = b"x" * (1 << 20), 8
    write(path, 1)
    follower = follow()
    assert numbers(follower) == [1]
    with capture_logs() as said:
        tracemalloc.start()
        for _ in range(64):
            with path.open("ab") as file:
                file.write(piece)
            assert numbers(follower) == []
        assert tracemalloc.get_traced_memory()[1] < most << 20
        tracemalloc.stop()
        with path.open("ab") as file:
            file.write(b"\n" + line(2))
        assert numbers(follower) == [2]
    assert follower.skipped == 1
    assert [line["event"] for line in said] == ["a line of queue_log has no end: it is passed over"]


def test_a_line_without_an_end_in_a_rotated_file_is_passed_over(path: Path, follow: Follow) -> None:
    path.with_name("queue_log.1").write_bytes(line(1) + b"x" * 100_000 + b"\n" + line(2))
    write(path, 3)
    follower = follow(1_795_000_000.0)
    assert numbers(follower) == [1, 2, 3]
    assert follower.skipped == 1


@pytest.mark.timeout(20)
def test_what_is_no_regular_file_is_refused_at_once(path: Path, follow: Follow) -> None:
    os.mkfifo(path)
    with pytest.raises(InputError, match=f"cannot read {path}: it is no regular file"):
        follow().read()
    device = Follower(Path("/dev/zero"), 0.0)
    with pytest.raises(InputError, match="cannot read /dev/zero: it is no regular file"):
        device.read()


def test_rotated_files_tell_what_came_before(path: Path, follow: Follow) -> None:
    for age, (name, content) in enumerate((
        ("queue_log", line(5)), ("queue_log.1", line(3) + line(4)), ("queue_log-20260101.gz", gzip.compress(line(2))),
        ("queue_log.bak", line(9)), ("queue_log.3.gz", gzip.compress(line(1))[:-9]),
    )):  # fmt: skip
        path.with_name(name).write_bytes(content)
        os.utime(path.with_name(name), (1_795_000_010 - age, 1_795_000_010 - age))
    assert numbers(follow(1_795_000_001.0)) == [1, 2, 3, 4, 5]
    assert numbers(follow(1_795_000_003.0)) == [3, 4, 5]


def test_of_a_rotated_file_that_is_older_nothing_is_read(path: Path) -> None:
    write(path, 5)
    path.with_name("queue_log.1").write_bytes(line(1))
    os.utime(path.with_name("queue_log.1"), (1_795_000_001, 1_795_000_001))
    with path.open("rb", buffering=0) as current:
        assert rotated(path, 1_795_000_003.0, current) == Files(older=1_795_000_001.0)


def begins(follower: Follower) -> float:
    numbers(follower)
    return follower.begins_at - 1_795_000_000.0


def test_it_is_known_from_when_on_all_is_told(path: Path, follow: Follow) -> None:
    write(path, 5)
    assert follow().begins_at == math.inf
    assert begins(follow(1_795_000_003.0)) == 5
    older = path.with_name("queue_log.1")
    write(older, 2)
    assert begins(follow(1_795_000_003.0)) == 2
    os.utime(older, (1_795_000_002, 1_795_000_002))
    assert begins(follow(1_795_000_003.0)) < 2, "what was rotated before needs not be read"


@pytest.mark.parametrize("since", [0.0, 1_795_000_001.0])
def test_a_copy_of_what_is_read_anyway_is_left_out_and_said_once(path: Path, follow: Follow, since: float) -> None:
    """As ``cp`` leaves it, or logrotate's ``copy``: each is how the log began."""
    write(rotated_one := path.with_name("queue_log.1"), 1, 2, 3)
    write(path, 4, 5, 6)
    copies = {
        "queue_log-20261122": line(4) + line(5), "queue_log-20261123.gz": gzip.compress(line(4)),
        "queue_log.2": line(1) + line(2), "queue_log.3": line(1) + line(2) + line(3),
        "queue_log.4": line(4) + line(5)[:30], "queue_log.5": line(4) + line(5) + line(6),
    }  # fmt: skip
    for name, content in copies.items():
        path.with_name(name).write_bytes(content)
        os.utime(path.with_name(name), (1_795_000_020, 1_795_000_020))
    os.utime(rotated_one, (1_795_000_030, 1_795_000_030))
    follower = follow(since)
    with capture_logs() as said:
        assert numbers(follower) == [1, 2, 3, 4, 5, 6]
        write(path, 7)
        assert numbers(follower) == [7]
        path.rename(path.with_name("queue_log.0"))
        write(path, 8)
        assert numbers(follower) == [8]
    assert {(one["event"], Path(one["file"]).name) for one in said} == {
        ("a copy of queue_log is beside it: it is left out", name) for name in copies
    }
    assert len(said) == len(copies)


def test_one_that_only_begins_with_the_same_line_is_read(path: Path, follow: Follow) -> None:
    """Two rotations within a second begin with the same line of the PBX."""
    write(path.with_name("queue_log.1"), 1, 2)
    write(path, 1, 3)
    assert numbers(follow()) == [1, 2, 1, 3]


DAY = 86_400


@pytest.mark.parametrize("dated", [True, False], ids=["done with", "restored with a new date"])
@pytest.mark.parametrize(("silent", "reaches"), [(2.7 * DAY, True), (3.5 * DAY, False), (2000 * DAY, False)])
def test_a_leftover_of_long_ago_does_not_say_what_was_between(
    path: Path, follow: Follow, dated: bool, silent: float, reaches: bool
) -> None:
    """A weekend without a line may be."""
    first, leftover = 3000 * DAY, path.with_name("queue_log-20200101")
    write(path, first)
    write(leftover, ended := first - int(silent))
    os.utime(leftover, (0, 1_795_000_000 + (ended if dated else first)))
    assert (begins(follow(1_795_000_000.0 + first - 7200)) < first - 7200) is reaches


def test_a_silence_within_a_file_or_while_we_look_on_hides_nothing(path: Path, follow: Follow) -> None:
    write(path, 0, 9 * DAY)
    follower = follow(1_795_000_000.0)
    assert begins(follower) == 0
    path.rename(path.with_name("queue_log.1"))
    write(path, 19 * DAY)
    assert begins(follower) == 0


def test_what_cannot_be_read_is_named_once_and_all_before_it_is_not_told(path: Path, follow: Follow) -> None:
    write(path.with_name("queue_log.2"), 1)
    os.utime(path.with_name("queue_log.2"), (1_795_000_001, 1_795_000_001))
    broken = path.with_name("queue_log.1.gz")
    broken.write_bytes(gzip.compress(line(2) + os.urandom(1 << 16))[:-9])
    os.utime(broken, (1_795_000_003, 1_795_000_003))
    write(path, 4)
    follower = follow(1_795_000_000.0)
    with capture_logs() as said:
        assert begins(follower) == 3
        path.rename(path.with_name("queue_log.0"))
        write(path, 5)
        assert numbers(follower) == [5]
    assert [(one["event"], one["file"]) for one in said] == [("a rotated queue_log cannot be read", str(broken))]
    assert follower.broken == f"{broken} cannot be read"


def test_one_that_is_just_being_packed_is_read_as_it_was(path: Path, follow: Follow) -> None:
    write(path.with_name("queue_log.1"), 1, 2)
    path.with_name("queue_log.1.gz").write_bytes(gzip.compress(line(1) + line(2))[:-9])
    write(path, 3)
    follower = follow(1_795_000_000.0)
    assert (numbers(follower), follower.broken) == ([1, 2, 3], "")


def test_a_file_that_is_renamed_while_they_are_listed_is_not_missed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, 2)
    write(path.with_name("queue_log.1"), 1)
    listed = Path.iterdir

    def renamed(folder: Path) -> Iterator[Path]:
        names = list(listed(folder))
        path.with_name("queue_log.1").rename(path.with_name("queue_log.2"))
        monkeypatch.undo()
        return iter(names)

    monkeypatch.setattr(Path, "iterdir", renamed)
    with path.open("rb", buffering=0) as current:
        assert [other.path.name for other in rotated(path, 0.0, current).read] == ["queue_log.2"]


def test_what_only_looks_like_a_rotated_file_is_none(path: Path, follow: Follow) -> None:
    path.with_name("queue_log-2026").mkdir()
    path.with_name("queue_log.1").symlink_to("nowhere")
    path.with_name("queue_log.old.1").write_bytes(b"x")
    write(path, 1)
    follower = follow(1_795_000_000.0)
    assert (numbers(follower), follower.broken) == ([1], "")


@pytest.mark.parametrize("turns", [False, True], ids=["at the start", "at a rotation"])
def test_a_folder_that_cannot_be_listed_once_loses_nothing(
    path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch, turns: bool
) -> None:
    follower = follow(1_795_000_001.0)
    if turns:
        write(path, 0)
        assert numbers(follower) == [0]
        path.rename(path.with_name("queue_log.2"))
    write(path.with_name("queue_log.1"), 1)
    write(path, 2)

    def fails(folder: Path) -> Iterator[Path]:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(InputError, match="Input/output error"):
        patch.setattr(Path, "iterdir", fails)
        follower.read()
    assert numbers(follower) == [1, 2]


def test_a_missing_file_is_said_and_read_once_it_is_there(path: Path, follow: Follow) -> None:
    follower = follow()
    for _ in range(2):
        with pytest.raises(InputError, match=f"cannot read {path}: No such file or directory"):
            follower.read()
    write(path, 1)
    assert numbers(follower) == [1]


def test_a_file_that_may_not_be_read_is_said(path: Path, follow: Follow) -> None:
    path.mkdir()
    with pytest.raises(InputError, match=f"cannot read {path}: Is a directory"):
        follow().read()


def test_a_big_file_is_not_read_from_its_beginning(path: Path, follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.queue_log.rotated.AT_ONCE", 300)
    write(path, *range(10_000))
    found = numbers(follow(1_795_009_000.0))
    assert found[-1] == 9_999
    assert 8_980 < found[0] <= 9_000
    assert found == list(range(found[0], 10_000))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.integers(100, 300))
def test_wherever_it_begins_nothing_of_then_or_later_is_missing(since: int, at_once: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr("callcenter.queue_log.rotated.AT_ONCE", at_once)
        path = Path(folder) / "queue_log"
        path.write_bytes(b"".join(map(line, range(300))))
        follower = Follower(path, 1_795_000_000.0 + since)
        found = numbers(follower)
        follower.close()
    assert found[-1:] == [299]
    assert set(range(since, 300)) <= set(found)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["write", "write", "half", "rename", "copy", "read", "read"]), max_size=40))
def test_whatever_order_things_come_in_each_line_is_read_once(acts: list[str]) -> None:
    """Emptying a file loses what was not read yet where no copy tells it: each comes after a look."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queue_log"
        follower, found, n, files = Follower(path, 0.0), list[int](), 0, 0
        path.touch()
        for act in acts:
            if act == "write":
                write(path, n)
                n += 1
            elif act == "half":
                with path.open("ab") as file:
                    file.write(line(n)[:10])
                found += numbers(follower)
                with path.open("ab") as file:
                    file.write(line(n)[10:])
                n += 1
            elif act == "read":
                found += numbers(follower)
            elif act == "rename":
                path.rename(path.with_name(f"queue_log.{files}"))
                files += 1
                write(path, n)
                n += 1
            else:
                found += numbers(follower)
                os.truncate(path, 0)
                found += numbers(follower)
        found += numbers(follower)
        follower.close()
    assert found == list(range(n))
