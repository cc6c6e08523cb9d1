"""The disk fails under a running daemon: it goes on from memory, says why, and in the end nothing is missing.

Real faults: a full file system, another process that keeps the database locked, and errors of the system calls
themselves (strace puts them in). They need root and strace. Half a minute; ``-m long`` keeps each fault for a minute.
"""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from kills import simulating
from lab.daemon import Running, callcenter, running

from callcenter.ami.simulator.server import SECRET, USERNAME

HANGING = Path(__file__).parent / "hanging.py"

Fault = Callable[[Running, Path], AbstractContextManager[None]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own for the daemon's files."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@contextmanager
def full(_: Running, disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(1 << 16))
    yield
    filler.unlink()


@contextmanager
def locked(_: Running, disk: Path) -> Iterator[None]:
    with closing(sqlite3.connect(disk / "callcenter.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def refusing(error: str) -> Fault:
    """Every write to the database's files fails with ``error``; nothing else of the process is touched."""

    @contextmanager
    def fault(daemon: Running, disk: Path) -> Iterator[None]:
        files = [word for suffix in ("", "-wal") for word in ("-P", f"{disk}/callcenter.db{suffix}")]
        calls = "pwrite64,fdatasync,fsync,ftruncate"
        command = ["strace", "-f", "-qq", "-o", "/dev/null", *files, "-e", f"trace={calls}"]
        command += ["-e", f"inject={calls}:error={error}", "-p", str(daemon.process.pid)]
        with subprocess.Popen(command) as tracer:
            try:
                yield
            finally:
                tracer.send_signal(signal.SIGINT)

    return fault


FAULTS: dict[str, tuple[Fault, str]] = {
    "a full disk": (full, "database or disk is full"),
    "an I/O error": (refusing("EIO"), "disk I/O error"),
    "a file system that became read-only": (refusing("EROFS"), "disk I/O error|readonly"),
    "a locked database": (locked, "database is locked"),
}


def unready(daemon: Running, why: str) -> bool:
    """Whether it says that it is not ready, and why."""
    answer = daemon.http.get("/readyz")
    return answer.status_code == 503 and re.search(why, answer.text) is not None


def pending(daemon: Running) -> float:
    """Rows that are not written yet."""
    found = re.search(r"^callcenter_store_pending\S* (\S+)$", daemon.http.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def pages_go_on(daemon: Running) -> None:
    """Live figures as ever; what needs the store answers soon, if only that it cannot be read."""
    before = daemon.get("/api/v1/queues")
    assert before and daemon.get("/api/v1/kpis?window=today")["queues"]
    began = time.monotonic()
    answer: httpx.Response = daemon.http.get("/api/v1/calls?limit=10")
    assert time.monotonic() - began < 5
    assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("hold_s", [2.0, pytest.param(60.0, marks=[pytest.mark.long, pytest.mark.timeout(1200)])])
def test_nothing_is_missing_after_every_fault_of_the_disk(tmp_path: Path, disk: Path, hold_s: float) -> None:
    with simulating(tmp_path, 5, speed=10) as (port, pbx):  # a stall of ours counts tenfold
        with running(disk, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            for fault, why in FAULTS.values():
                with fault(daemon, disk):
                    daemon.until(why, lambda why=why: unready(daemon, why))
                    held = time.monotonic() + hold_s
                    while time.monotonic() < held:
                        pages_go_on(daemon)
                        assert unready(daemon, why)
                daemon.until("ready again", daemon.ready)
                daemon.until("what waited is written", lambda: pending(daemon) < 1000, 30 + hold_s)
            daemon.until("calls that were up are over", lambda: len(over(disk)) > 50, 60)
            assert daemon.stop() == 0
        said = (disk / "daemon.log").read_text()
        pbx.kill()
    assert said.count("store failed") == said.count("store is back") == len(FAULTS)
    nothing_is_missing(disk)
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(tmp_path / "queue_log"))
    assert (verdict.returncode, verdict.stderr) == (0, ""), verdict.stdout


def over(disk: Path) -> set[str]:
    """Ids of the calls that it saw whole and that are over."""
    with closing(sqlite3.connect(disk / "callcenter.db")) as db:
        return {id for (id,) in db.execute("SELECT id FROM call WHERE ended_at IS NOT NULL AND seen = 'whole'")}


def nothing_is_missing(disk: Path) -> None:
    """Each call that is over is there from its first line of journal to its last, and has its one ticket."""
    with closing(sqlite3.connect(disk / "callcenter.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        told = Counter(db.execute("SELECT call, name FROM journal WHERE source = 'change'"))
        outside = {id for (id,) in db.execute("SELECT id FROM call WHERE direction != 'internal'")}
        ticketed = [id for (id,) in db.execute("SELECT call FROM ticket")]
        ids = [id for (id,) in db.execute("SELECT id FROM journal ORDER BY id")]
    assert {told[id, kind] for id in over(disk) for kind in ("CallStarted", "CallEnded")} == {1}
    assert sorted(ticketed) == sorted(outside)
    assert ids == list(range(1, len(ids) + 1))


@pytest.mark.parametrize("name", ["a locked database", "a full disk"])
def test_sigterm_ends_it_within_ten_seconds_though_the_disk_fails_and_says_what_is_not_written(
    tmp_path: Path, disk: Path, name: str
) -> None:
    fault, why = FAULTS[name]
    with simulating(tmp_path, 6) as (port, _):
        with running(disk, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0") as daemon:
            with fault(daemon, disk):
                daemon.until(why, lambda: unready(daemon, why))
                assert daemon.stop() == 1
    said = (tmp_path / "disk" / "daemon.log").read_text()
    assert name == "a full disk" or re.search(rf"not written: \d+ rows: .*{why}", said)


def test_sigterm_ends_it_within_ten_seconds_though_the_disk_does_not_answer(tmp_path: Path) -> None:
    flag = tmp_path / "hangs"
    launcher = [str(HANGING), str(flag)]
    with simulating(tmp_path, 7) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, '["PJSIP/trunk"]', pbx="clock_step_s = 0",
                     launcher=launcher) as daemon:  # fmt: skip
            flag.touch()
            daemon.until("something waits", lambda: pending(daemon) > 100)
            with pytest.raises(httpx.TimeoutException):
                daemon.http.get("/api/v1/calls", timeout=0.3)  # a page waits for the disk as well
            assert daemon.stop() == 1
    said = (tmp_path / "daemon.log").read_text()
    assert re.search(r"not written: \d+ rows: the store does not answer", said)


def test_a_log_that_cannot_be_written_ends_nothing() -> None:
    program = (
        "import structlog\nfrom callcenter.cli import logging_to_stderr\nlogging_to_stderr()\n"
        "for n in range(1000):\n    structlog.get_logger().error('the store failed', n=n)\nprint('goes on')"
    )
    with Path("/dev/full").open("w") as nowhere:
        ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=nowhere, text=True)
    assert ended.stdout == "goes on\n"
