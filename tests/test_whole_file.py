"""What a file that is written whole does to what was there before it, and to what is no file."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from callcenter.whole_file import write_whole

DATA = b"0123456789" * 20_000
"""More than a pipe holds at once."""
NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that others may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read_by(path: Path) -> tuple[Thread, list[bytes]]:
    """A reader of a pipe, and what it got."""
    got: list[bytes] = []
    reader = Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    return reader, got


def test_a_new_file_has_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "new", DATA)
    finally:
        os.umask(before)
    assert (tmp_path / "new").read_bytes() == DATA
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert names(tmp_path) == ["new"]


def test_a_file_keeps_its_mode_and_who_reads_it_meanwhile_reads_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    path.chmod(0o604)
    with path.open("rb") as reader:
        write_whole(path, DATA)
        assert reader.read() == b"old"
    assert path.read_bytes() == DATA
    assert stat.S_IMODE(path.stat().st_mode) == 0o604
    assert names(tmp_path) == ["out.csv"]


def test_a_name_may_be_as_long_as_names_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    for data in (b"old", DATA):
        write_whole(path, data)
        assert path.read_bytes() == data


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "kept").mkdir()
    target, link = tmp_path / "kept" / "of-today.csv", tmp_path / "newest.csv"
    if there:
        target.write_bytes(b"old")
    link.symlink_to("kept/of-today.csv")
    write_whole(link, DATA)
    assert link.is_symlink() and target.read_bytes() == DATA
    assert (names(tmp_path), names(tmp_path / "kept")) == (["kept", "newest.csv"], ["of-today.csv"])


def test_a_pipe_stays_and_its_reader_gets_all(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader, got = read_by(path)
    write_whole(path, DATA)
    reader.join(30)
    assert got == [DATA]
    assert path.is_fifo() and names(tmp_path) == ["pipe"]


def test_a_device_stays(tmp_path: Path) -> None:
    path = tmp_path / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.open("ab").close()
    except PermissionError:
        pytest.skip("no device can be made here")
    write_whole(path, DATA)
    assert path.is_char_device() and names(tmp_path) == ["null"]


OURS = "import sys; from pathlib import Path; from callcenter.whole_file import write_whole; " \
       "write_whole(Path(sys.argv[1]), b'new\\n'); print('said')"  # fmt: skip


def test_standard_output_is_gone_on_with_where_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    (tmp_path / "log").write_text("old\n")
    with (tmp_path / "log").open("a") as log:
        subprocess.run([sys.executable, "-c", OURS, tmp_path / "link"], stdout=log, check=True, timeout=60)
    assert (tmp_path / "log").read_text() == "old\nnew\nsaid\n"
    assert (tmp_path / "link").is_symlink() and names(tmp_path) == ["link", "log"]


FULL = "import resource, sys; from pathlib import Path; from callcenter.whole_file import write_whole; " \
       "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); write_whole(Path(sys.argv[1]), bytes(1000))"  # fmt: skip


def test_what_cannot_be_written_to_its_end_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    for to in (path, tmp_path / "new.csv"):
        done = subprocess.run([sys.executable, "-c", FULL, to], capture_output=True, text=True, timeout=60, check=False)
        assert "OSError: [Errno 27] File too large" in done.stderr
    assert path.read_bytes() == b"old" and names(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EPERM])
def test_a_file_that_cannot_be_replaced_where_it_is_is_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """One that is mounted by itself into a container; another's in a sticky folder."""

    def stays(aside: Path, path: Path) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "out.csv"
    path.write_bytes(b"old and longer")
    monkeypatch.setattr(Path, "replace", stays)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new" and names(tmp_path) == ["out.csv"]
    with pytest.raises(OSError, match=os.strerror(number)):
        write_whole(tmp_path / "other.csv", b"new")
    assert names(tmp_path) == ["out.csv"]


def test_where_a_folder_takes_no_new_file_one_that_is_there_is_written_all_the_same(folder: Path) -> None:
    for name, mode in (("open", 0o666), ("closed", 0o444)):
        (folder / name).write_bytes(b"old")
        (folder / name).chmod(mode)
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        write_whole(folder / "open", b"new")
        for name in ("closed", "none"):
            with pytest.raises(PermissionError):
                write_whole(folder / name, b"new")
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
    assert (folder / "open").read_bytes() == b"new" and (folder / "closed").read_bytes() == b"old"
    assert names(folder) == ["closed", "open"]


def test_what_may_not_be_written_is_not_replaced(folder: Path) -> None:
    (folder / "out.csv").write_bytes(b"old")
    (folder / "out.csv").chmod(0o444)
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        with pytest.raises(PermissionError):
            write_whole(folder / "out.csv", b"new")
    finally:
        if root:
            os.seteuid(0)
    assert (folder / "out.csv").read_bytes() == b"old" and names(folder) == ["out.csv"]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, DATA)
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "out.csv", DATA)
