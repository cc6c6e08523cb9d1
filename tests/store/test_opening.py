"""Opening: a new file, an older or newer version, what is no store, and one clear line for each that cannot be."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from callcenter.errors import StoreError
from callcenter.store import opening, schema
from callcenter.store.store import Store

Make = Callable[..., Any]

NEXT_VERSION = """
import sqlalchemy as sa
from alembic import op
revision = "0099"
down_revision = "0004"
def upgrade() -> None:
    op.add_column("call", sa.Column("mood", sa.Text(), nullable=False, server_default="calm"))
"""


@pytest.fixture
def newer(tmp_path: Path) -> tuple[Path, ...]:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "r0099_mood.py").write_text(NEXT_VERSION)
    return opening.MIGRATIONS, folder


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everything, so it becomes somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        asyncio.run(Store.open(f"sqlite+aiosqlite:///{path}", busy_s=0.1))
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def _open_and_close(url: str) -> Path:
    store = await Store.open(url)
    await store.close()
    return store.path


async def test_a_new_file_has_the_schema_that_the_code_speaks_to(store: Store, path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), schema.metadata)
    engine.dispose()
    assert differences == []


async def test_the_file_is_in_wal_mode_with_full_durability(store: Store) -> None:
    async with store._writer.connect() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in asked]
    assert found == ["wal", 2, 1, 200]


async def test_everything_is_there_after_closing_and_opening(url: str, call: Make, batch: Make) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1), lines=3))
    await store.close()
    again = await Store.open(url)
    found = await again.call("main-1-1")
    assert found is not None and found.record == call(1) and len(await again.timeline("main-1-1")) == 3
    await again.close()


async def test_closing_leaves_no_thread_and_no_log_file(url: str, path: Path, call: Make, batch: Make) -> None:
    threads = set(threading.enumerate())
    store = await Store.open(url)
    await store.write(batch(call(1)))
    await store.calls()
    await store.close()
    left = [t for t in set(threading.enumerate()) - threads if not t.name.startswith("asyncio_")]
    for thread in left:
        thread.join(10)  # it has answered, and is on its way out
    assert [t for t in left if t.is_alive()] == []
    assert sorted(p.name for p in path.parent.iterdir()) == ["callcenter.db", "callcenter.db.lock"]


async def test_a_migration_keeps_the_data(
    url: str, path: Path, newer: tuple[Path, ...], call: Make, batch: Make
) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1), call(2), lines=2))
    await store.close()
    opening.migrate(path, newer)
    with closing(sqlite3.connect(path)) as db:
        moods = db.execute("SELECT id, mood FROM call ORDER BY id").fetchall()
        assert moods == [("main-1-1", "calm"), ("main-1-2", "calm")]
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (4,)
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("0099",)]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(path: Path, newer: tuple[Path, ...]) -> None:
    opening.migrate(path, newer)
    before = path.read_bytes()
    assert refusal(path) == f"store {path}: made by a newer version (schema 0099, known up to 0004)"
    assert path.read_bytes() == before


async def test_a_migration_that_fails_half_way_changes_nothing(
    url: str, path: Path, newer: tuple[Path, ...], call: Make, batch: Make
) -> None:
    store = await Store.open(url)
    await store.write(batch(call(1)))
    await store.close()
    with (newer[1] / "r0099_mood.py").open("a") as f:
        f.write('    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    with pytest.raises(StoreError, match="no such table: nowhere"):
        opening.migrate(path, newer)
    with closing(sqlite3.connect(path)) as db:
        assert "mood" not in {column[1] for column in db.execute("PRAGMA table_info(call)")}
    store = await Store.open(url)
    found = await store.call("main-1-1")
    await store.close()
    assert found is not None and found.record == call(1)


async def test_a_second_store_on_the_same_file_is_refused_until_the_first_is_closed(url: str, path: Path) -> None:
    first = await Store.open(url)
    said = await asyncio.to_thread(refusal, path)
    assert said == f"store {path}: in use by another daemon (process {os.getpid()})"
    await first.close()
    second = await Store.open(url)
    await second.close()


def test_a_path_of_any_letters_can_be_opened(tmp_path: Path) -> None:
    folder = tmp_path / "50% #1 تماس"
    folder.mkdir()
    assert asyncio.run(_open_and_close(f"sqlite+aiosqlite:///{folder}/x.db")) == folder / "x.db"
    assert (folder / "x.db").exists()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"store {tmp_path}: Is a directory"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none" / "x.db"
    assert refusal(path) == f"store {path}: No such file or directory"


def test_a_text_file_is_no_store_and_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk\n" * 100)
    assert refusal(path) == f"store {path}: file is not a database"
    assert path.read_text() == "remember the milk\n" * 100


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "astdb.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE astdb (key TEXT, value TEXT)")
    assert refusal(path) == f"store {path}: a database, but not one of callcenter"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("astdb",)]


def test_a_read_only_file_is_refused(public_folder: Path) -> None:
    path = public_folder / "x.db"
    path.touch(mode=0o444)
    with as_nobody():
        assert refusal(path) == f"store {path}: Permission denied"


def test_a_folder_that_may_not_be_written_is_refused(public_folder: Path) -> None:
    public_folder.chmod(0o555)
    with as_nobody():
        assert refusal(public_folder / "x.db") == f"store {public_folder / 'x.db'}: Permission denied"
    public_folder.chmod(0o777)


def test_a_failed_opening_lets_go_of_the_lock(url: str, path: Path) -> None:
    path.write_text("no database" * 1000)
    refusal(path)
    path.unlink()
    assert asyncio.run(_open_and_close(url)) == path


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "postgresql://x/y", "nonsense"])
async def test_only_a_file_can_be_opened(url: str) -> None:
    with pytest.raises(StoreError, match=r"^store: "):
        await Store.open(url)


async def test_a_connection_that_hangs_in_the_disk_is_left_behind_and_the_store_stays_taken(
    url: str,
) -> None:
    answers = threading.Event()
    store = await Store.open(url)
    async with store._writer.connect() as connection:
        thread = (await connection.get_raw_connection()).driver_connection
    assert thread is not None
    thread._tx.put_nowait((None, answers.wait))
    async with asyncio.timeout(30):
        await store.close(0.1)
    with pytest.raises(StoreError, match="in use by another daemon"):
        await Store.open(url)
    answers.set()
    opening.release(store._lock)
