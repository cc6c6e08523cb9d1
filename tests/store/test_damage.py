"""Damage is never silent: it is refused with one line, or what is read is what was written.

The long form flips 500 bytes: ``pytest -m long tests/store/test_damage.py``.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callcenter.errors import StoreError
from callcenter.floor.records import AgentState, Hole, Span
from callcenter.store import checking
from callcenter.store.store import Store
from callcenter.store.values import Batch

Make = Callable[..., Any]
KILLED = Path(__file__).parent / "killed_writer.py"


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def everything(path: Path) -> dict[str, Any]:
    """All that can be asked of a store."""
    store = await Store.open(url_of(path))
    try:
        async with store._read() as connection:
            rows = await checking.every_row(connection)
        calls, cursor = [], None
        while True:
            page = await store.calls(limit=20, cursor=cursor)
            calls += page.items
            if (cursor := page.next) is None:
                break
        return {
            "calls": calls, "open": await store.open_calls(), "tickets": (await store.tickets(limit=1000)).items,
            "since": await store.since(0.0), "holes": await store.holes_since(0.0), "counts": await store.counts(),
            "meta": [await store.get_meta(key) for key in ("alive", "boot")],
            "lines": [await store.timeline(call.record.id) for call in calls[::9]],
            "by": [(await store.calls(number=call.record.number)).items for call in calls[::9]],
            "rows": rows,
        }  # fmt: skip
    finally:
        await store.close()


async def fill(path: Path, call: Make, batch: Make) -> None:
    store = await Store.open(url_of(path))
    for n in range(12):
        await store.write(batch(call(3 * n), call(3 * n + 1), call(3 * n + 2, ended_at=None), lines=4))
    await store.write(Batch(merged=(("main-1-1", "main-1-2"),)))
    spans = [Span(f"PJSIP/{1000 + n}", "Ali", AgentState.PAUSED, "lunch", None, 90.0 + n, 125.5) for n in range(20)]
    holes = tuple(Hole("main", 100.0 * n, 100.0 * n + 5, "link down") for n in range(5))
    await store.write(Batch(spans=tuple(spans), holes=holes, alive=1_700_000_400.5))
    await store.set_meta("boot", "1699999999")
    await store.close()


def files(path: Path) -> list[Path]:
    return [each for each in (path, Path(f"{path}-wal"), Path(f"{path}.lock")) if each.exists()]


def copied(path: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for each in files(path):
        shutil.copy(each, folder / each.name)
    return folder / path.name


def flipped(path: Path, chance: random.Random) -> str:
    """Changes one byte of the database, or of its log; says which."""
    chosen = chance.choices(files(path)[:-1], [each.stat().st_size for each in files(path)[:-1]])[0]
    content = bytearray(chosen.read_bytes())
    at = chance.randrange(len(content))
    content[at] ^= chance.randrange(1, 256)
    chosen.write_bytes(content)
    return f"{chosen.name} at {at}"


def refused_or_the_same(path: Path, folder: Path, flips: int, seed: int) -> int:
    """How many of the ``flips`` were refused; all others changed nothing that can be read."""
    whole = asyncio.run(everything(copied(path, folder)))
    chance = random.Random(seed)
    refused = 0
    for _ in range(flips):
        copy = copied(path, folder)
        what = flipped(copy, chance)
        try:
            assert asyncio.run(everything(copy)) == whole, what
        except StoreError as e:
            assert "\n" not in str(e) and str(e).startswith("store "), what
            refused += 1
    return refused


def killed_with_a_log(path: Path) -> None:
    """A store whose writer was killed: much of it is in the log only."""
    subprocess.run([sys.executable, str(KILLED), url_of(path)], check=False, timeout=60)
    assert Path(f"{path}-wal").stat().st_size > 100_000


@pytest.mark.parametrize("flips", [40, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_a_flipped_byte_of_a_closed_store_is_never_taken_for_truth(
    path: Path, tmp_path: Path, call: Make, batch: Make, flips: int
) -> None:
    asyncio.run(fill(path, call, batch))
    refused = refused_or_the_same(path, tmp_path / "copy", flips, seed=1)
    print(f"{refused} of {flips} flips refused, the others changed nothing")
    assert refused > flips / 5


@pytest.mark.parametrize("flips", [30, pytest.param(500, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_a_flipped_byte_of_a_store_whose_daemon_was_killed_is_never_taken_for_truth(
    path: Path, tmp_path: Path, flips: int
) -> None:
    killed_with_a_log(path)
    refused = refused_or_the_same(path, tmp_path / "copy", flips, seed=2)
    print(f"{refused} of {flips} flips refused, the others changed nothing")
    assert refused > flips / 5


@pytest.mark.parametrize("note", [True, False], ids=["with what was acknowledged noted", "without the note"])
def test_a_log_cut_short_is_refused_or_leaves_whole_transactions(path: Path, tmp_path: Path, note: bool) -> None:
    killed_with_a_log(path)
    chance = random.Random(3)
    size = Path(f"{path}-wal").stat().st_size
    sizes = [0, size - 1, *(chance.randrange(size) for _ in range(5))]
    counted = []
    for length in sizes:
        copy = copied(path, tmp_path / "copy")
        with Path(f"{copy}-wal").open("r+b") as f:
            f.truncate(length)
        if note:
            with pytest.raises(StoreError, match=r"the newest \d+ transactions are missing .*callcenter restore"):
                asyncio.run(everything(copy))
            continue
        Path(f"{copy}.lock").unlink()
        found = asyncio.run(everything(copy))["counts"]
        assert found["calls"] == found["tickets"] == found["journal"] and found["calls"] % 7 == 0
        counted.append((length, found["calls"]))
    assert sorted(counted) == sorted(counted, key=lambda each: (each[1], each[0]))


def test_a_store_that_became_empty_is_not_taken_for_a_new_one(path: Path, call: Make, batch: Make) -> None:
    asyncio.run(fill(path, call, batch))
    path.write_bytes(b"")
    with pytest.raises(StoreError, match=rf"the newest 15 transactions are missing .*removing {path}.lock takes"):
        asyncio.run(everything(path))


def test_pages_that_are_noise_are_refused_with_the_file_named_once(path: Path, call: Make, batch: Make) -> None:
    asyncio.run(fill(path, call, batch))
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 8192)
    with pytest.raises(StoreError, match=rf"^store {path}: the file is damaged .*callcenter restore") as refused:
        asyncio.run(Store.open(url_of(path)))
    assert str(refused.value).count(str(path)) == 1


def test_a_damaged_store_stops_the_daemon_at_its_start_with_one_line(
    path: Path, tmp_path: Path, call: Make, batch: Make
) -> None:
    asyncio.run(fill(path, call, batch))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE call SET name = 'Nina' WHERE ended_at IS NULL")
        db.commit()
    config = tmp_path / "callcenter.toml"
    config.write_text(f'[[pbx]]\nsecret = "x"\n[store]\nurl = "{url_of(path)}"\n[web]\nport = 0\n')
    words = [sys.executable, "-m", "callcenter", "run", "--config", str(config)]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    said = rf"callcenter: store {path}: call main-1-\d+ is damaged, .*: callcenter restore puts the newest .*\n"
    assert re.fullmatch(said, ended.stderr)


@pytest.mark.parametrize(
    ("table", "column", "value", "named"),
    [
        ("call", "name", "'Nina'", r"call main-1-\d+ is damaged"),
        ("call", "digest", "NULL", r"call main-1-\d+ is damaged"),
        ("call", "direction", "'im'", "'im' is not among the defined enum values"),
        ("visit", "wait_s", "9.0", r"call main-1-\d+ is damaged"),
        ("attempt", "rang_s", "'x'", r"call main-1-\d+ is damaged"),
        ("conversation", "talk_s", "round(talk_s)", ""),
        ("ticket", "talk_s", "51.0", r"ticket \d+ is damaged"),
        ("ticket", "agents", "'5'", r"ticket \d+ is damaged"),
        ("journal", "data", "'{}'", "journal line 1 is damaged"),
        ("journal", "at", "'x'", "store "),
        ("agent_span", "reason", "'lunhc'", "agent_span PJSIP/1000 90.0 is damaged"),
        ("hole", "reason", "'x'", "hole main 0.0 is damaged"),
        ("meta", "value", "'5'", "is damaged"),
    ],
)
def test_a_value_that_was_not_written_by_us_is_refused_and_its_row_named(
    path: Path, call: Make, batch: Make, table: str, column: str, value: str, named: str
) -> None:
    asyncio.run(fill(path, call, batch))
    with closing(sqlite3.connect(path)) as db:
        db.execute(f'UPDATE "{table}" SET "{column}" = {value}')
        db.commit()
    if not named:  # 28 in a column of fractions is the 28.0 that was there
        assert len(asyncio.run(everything(path))["calls"]) == 36
        return
    with pytest.raises(StoreError) as caught:
        asyncio.run(everything(path))
    assert re.search(named, str(caught.value)) and "\n" not in str(caught.value)


def test_rows_of_before_there_were_digests_are_read_and_get_one_when_written(
    path: Path, call: Make, batch: Make
) -> None:
    asyncio.run(fill(path, call, batch))
    with closing(sqlite3.connect(path)) as db:
        for table in ("call", "ticket", "agent_span", "journal", "meta"):
            db.execute(f"UPDATE {table} SET digest = -1")
        db.execute("UPDATE call SET merged_digest = -1 WHERE merged_into IS NOT NULL")
        db.commit()
    assert len(asyncio.run(everything(path))["calls"]) == 36

    async def again() -> None:
        store = await Store.open(url_of(path))
        await store.write(batch(call(0)))
        await store.close()

    asyncio.run(again())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM call WHERE digest != -1").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM ticket WHERE digest != -1").fetchone() == (1,)


async def test_damage_that_is_found_while_the_store_is_open_is_remembered(path: Path, call: Make, batch: Make) -> None:
    await fill(path, call, batch)
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    try:
        assert store.damaged == ""
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE call SET number = '0000'")
            db.commit()
        with pytest.raises(StoreError):
            await store.calls(limit=10)
        assert "damaged" in store.damaged
    finally:
        await store.close()
