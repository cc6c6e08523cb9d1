"""Parquet files that are whole or not there. A shell."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callcenter import clock
from callcenter.errors import InputError

BROKEN = (OSError, LookupError, ValueError, MemoryError, OverflowError, pa.ArrowException)
"""What comes out of a file whose bytes have changed."""
ASIDE_S = 86_400.0
"""Nobody writes a file for so long."""
ROWS = "rows"
"""How many there are: the checksums of pages do not say that a page is missing."""
DIGEST = "digest"
"""Of all else that is kept beside the columns: pages have a checksum, that has none."""


def write(path: Path, table: pa.Table, told: Mapping[str, str], compression: str = "zstd") -> None:
    """Puts ``table`` in the place of ``path`` at once; ``told`` is kept beside the columns. Raises InputError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    told = {**told, ROWS: str(len(table))}
    told[DIGEST] = _digest(told)
    metadata = {**(table.schema.metadata or {}), **{f"callcenter.{key}": value for key, value in told.items()}}
    try:
        make_folder(path.parent)
        with open(aside, "wb", opener=partial(os.open, mode=0o640)) as file:
            pq.write_table(
                table.replace_schema_metadata(metadata), file, compression=compression, write_page_checksum=True,
                **_encoded(table.schema),
            )  # fmt: skip
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync(path.parent)
    except (OSError, pa.ArrowException) as e:
        raise InputError(f"cannot write {path}: {getattr(e, 'strerror', None) or e}") from e
    finally:
        with suppress(OSError):  # Ctrl-C too leaves nothing behind
            aside.unlink(missing_ok=True)


def _encoded(schema: pa.Schema) -> dict[str, list[str]]:
    """Moments hardly ever come twice: split into their bytes they take a third less, and a third less time to read."""
    moments = [field.name for field in schema if pa.types.is_floating(field.type)]
    return {
        "use_byte_stream_split": moments,
        "use_dictionary": [name for name in schema.names if name not in moments],
    }


def leftovers(folder: Path) -> list[Path]:
    """Files that were never put in their place: who wrote them was killed. Raises OSError."""
    old = clock.now() - ASIDE_S
    return [path for path in folder.glob(".*.parquet.*") if path.stat().st_mtime < old]


def make_folder(folder: Path) -> None:
    """Numbers of customers are in it: for others than the daemon's group there is nothing to see. Raises OSError."""
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir(0o750, exist_ok=True)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def told(path: Path) -> dict[str, str]:
    """What was kept beside the columns; nothing where there is no such file. Raises InputError."""
    try:
        return _told(pq.read_metadata(path).metadata or {})
    except FileNotFoundError:
        return {}
    except BROKEN as e:
        raise damaged(path, e) from e


def read(path: Path, without: Container[str] = ()) -> pa.Table:
    """Its columns, but for those; :func:`told_by` tells what was kept beside them. Raises InputError,
    FileNotFoundError."""
    try:
        # read_table would load pyarrow.dataset and pandas first
        with pq.ParquetFile(path, memory_map=True, page_checksum_verification=True) as file:
            table = file.read([name for name in file.schema_arrow.names if name not in without])
        if told_by(table).get(ROWS, str(len(table))) != str(len(table)):
            raise ValueError("rows are missing")
        table.validate(full=True)
        return table
    except FileNotFoundError:
        raise
    except BROKEN as e:
        raise damaged(path, e) from e


def told_by(table: pa.Table) -> dict[str, str]:
    """What was kept beside the columns that were read."""
    return _told(table.schema.metadata or {})


def _told(metadata: Mapping[bytes, bytes]) -> dict[str, str]:
    """Raises ValueError when it is not as it was written."""
    told = {
        key.decode().removeprefix("callcenter."): value.decode()
        for key, value in metadata.items()
        if key.startswith(b"callcenter.")
    }
    if told.pop(DIGEST, None) != _digest(told):
        raise ValueError("what is kept beside its columns has changed")
    return told


def _digest(told: Mapping[str, str]) -> str:
    text = "\n".join(f"{key}={value}" for key, value in sorted(told.items()))
    return blake2b(text.encode(), digest_size=12).hexdigest()


def damaged(path: Path, why: Exception) -> InputError:
    reason = (str(why).splitlines() or [type(why).__name__])[0]
    return InputError(f"{path}: cannot be read: {reason}")
