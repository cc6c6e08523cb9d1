"""What was acknowledged survives kill -9, and the lock of the killed process does not."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from callcenter.errors import StoreError
from callcenter.store.store import Store

WRITER = Path(__file__).parent / "endless_writer.py"
CALLS_A_BATCH = 7


@pytest.fixture
def writer(url: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, str(WRITER), url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.mark.parametrize("batches", [1, 30, 75])
async def test_every_acknowledged_batch_survives_kill_9(
    writer: subprocess.Popen[str], url: str, path: Path, batches: int
) -> None:
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(batches)]
    writer.kill()
    acknowledged += [int(line) for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    assert acknowledged == list(range(len(acknowledged)))

    store = await Store.open(url)
    counts = await store.counts()
    last = acknowledged[-1]
    assert all([await store.call(f"call-{last}-{n}") for n in range(CALLS_A_BATCH)])
    await store.close()
    # The batch that was being written when the end came is there whole or not at all.
    assert counts["calls"] in (len(acknowledged) * CALLS_A_BATCH, (len(acknowledged) + 1) * CALLS_A_BATCH)
    assert counts["tickets"] == counts["journal"] == counts["open_calls"] == counts["calls"]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_second_daemon_is_refused_at_once_and_the_first_goes_on(
    writer: subprocess.Popen[str], url: str
) -> None:
    began = time.monotonic()
    with pytest.raises(StoreError, match=rf"in use by another daemon \(process {writer.pid}\)$"):
        await Store.open(url)
    assert time.monotonic() - began < 1
    assert writer.stdout is not None
    before = int(writer.stdout.readline())
    assert int(writer.stdout.readline()) == before + 1
