"""Making a database file ready for use: path, lock, schema version, connections. A shell.

Every foreign error is translated to StoreError here and by :func:`translated`, with one line that names the file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import MsgspecError
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from callcenter.errors import StoreDamaged, StoreError
from callcenter.store import acknowledged, checking, digests

MIGRATIONS = Path(__file__).parent / "migrations"

# FULL: what was acknowledged survives a power cut, not only a crash of this process.
_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "journal_size_limit=67108864")

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_CORRUPT_SEQUENCE", "SQLITE_CORRUPT_VTAB")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Whatever SQLAlchemy, SQLite or the file system raises inside becomes one StoreError."""
    try:
        yield
    except StoreDamaged as e:
        raise StoreDamaged(f"store {path}: {str(e).removeprefix(f'store {path}: ')}") from None
    except DBAPIError as e:
        if getattr(e.orig, "sqlite_errorname", "") in _DAMAGED:
            raise StoreDamaged(f"store {path}: {e.orig}: {digests.RESTORE}") from e
        raise StoreError(f"store {path}: {e.orig}") from e
    except OSError as e:
        raise StoreError(f"store {path}: {e.strerror or e}") from e
    except (SQLAlchemyError, MsgspecError, UnicodeError, OverflowError, LookupError, TypeError) as e:
        raise StoreError(f"store {path}: {str(e).splitlines()[0]}") from e


def path_of(url: str) -> Path:
    """The file of ``sqlite+aiosqlite:///FILE``. Raises StoreError for any other URL, one in memory too."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"store: not a database URL: {url!r}") from None
    if parsed.drivername != "sqlite+aiosqlite" or parsed.database in (None, "", ":memory:"):
        raise StoreError("store: a file is needed: sqlite+aiosqlite:///FILE")
    return Path(str(parsed.database)).absolute()


def lock(path: Path) -> int:
    """Takes ``<path>.lock`` for this process; returns the descriptor to close. Raises StoreError at once when taken.

    The kernel lets go of it when the process dies, however it dies.
    """
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, acknowledged.AT, 0).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise StoreError(f"store {path}: in use by another daemon (process {holder or 'unknown'})") from None
    os.pwrite(descriptor, f"{os.getpid():<{acknowledged.AT - 1}}\n".encode(), 0)
    return descriptor


def prepare(path: Path, busy_s: float) -> tuple[int, int]:
    """Lock, check and migrate the file of a store. Blocks: call it in a thread.

    Returns the lock's descriptor and the number of the newest transaction. Raises StoreError.
    """
    with translated(path):
        if path.is_dir():
            raise StoreError(f"store {path}: Is a directory")
        held = lock(path)
        try:
            # SQLite would silently open a file read-only that it may not write.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640))
            migrate(path, busy_s=busy_s)
            commits = checking.newest_commit(path, acknowledged.read(held))
        except BaseException:
            os.close(held)
            raise
    return held, commits


def migrate(path: Path, versions: Sequence[Path] = (MIGRATIONS,), busy_s: float = 5.0) -> None:
    """Brings the schema to the newest version found in the folders ``versions``, in one transaction.

    Raises StoreError when the file is of a newer version, or is somebody else's database.
    """
    from alembic.config import Config  # here: a report or a backup would wait half a second for what it does not need
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", _literally(str(MIGRATIONS)))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", _literally("\n".join(map(str, versions))))
    script = ScriptDirectory.from_config(config)
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    configure(engine, busy_s, begin="BEGIN IMMEDIATE")
    try:
        with translated(path), engine.begin() as connection:
            _check_version(path, connection, {revision.revision for revision in script.walk_revisions()})
            checking.structure(path, connection)
            with EnvironmentContext(
                config, script, fn=lambda now, _: script._upgrade_revs("heads", now), destination_rev="heads"
            ) as environment:
                environment.configure(connection=connection)
                environment.run_migrations()
    finally:
        engine.dispose()


def _literally(value: str) -> str:
    """For alembic's configuration, in which % begins an interpolation."""
    return value.replace("%", "%%")


def _check_version(path: Path, connection: Connection, known: set[str]) -> None:
    from alembic.runtime.migration import MigrationContext

    is_at = MigrationContext.configure(connection).get_current_revision()
    if is_at is None and inspect(connection).get_table_names():
        raise StoreError(f"store {path}: a database, but not one of callcenter")
    if is_at is not None and is_at not in known:
        raise StoreError(f"store {path}: made by a newer version (schema {is_at}, known up to {max(known)})")


def connect(path: Path, busy_s: float, begin: str, settings: Sequence[str] = _SETTINGS) -> AsyncEngine:
    """An engine with exactly one connection. ``begin``: the statement that starts each of its transactions."""
    url = URL.create("sqlite+aiosqlite", database=str(path))
    engine = create_async_engine(url, pool_size=1, max_overflow=0)
    configure(engine.sync_engine, busy_s, begin, settings)
    return engine


def configure(engine: Engine, busy_s: float, begin: str, settings: Sequence[str] = _SETTINGS) -> None:
    """Settings of each connection; transactions are begun by us.

    Python's sqlite3 would begin one only at the first write: several SELECTs would then not see one state, and a
    migration's CREATE TABLE would not be part of its transaction.
    """

    def on_connect(dbapi_connection: Any, _: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        for setting in (f"busy_timeout={round(busy_s * 1000)}", *settings):
            cursor.execute(f"PRAGMA {setting}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def release(descriptor: int) -> None:
    """Lets go of the lock. The file stays: removing it would let two daemons hold two files of one name."""
    with suppress(OSError):
        os.close(descriptor)
