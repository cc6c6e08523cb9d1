"""Parquet files that are whole or not there. A shell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from callcenter.errors import InputError


def write(path: Path, table: pa.Table, told: Mapping[str, str]) -> None:
    """Puts ``table`` in the place of ``path`` at once; ``told`` is kept beside the columns. Raises InputError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    metadata = {**(table.schema.metadata or {}), **{f"callcenter.{key}": value for key, value in told.items()}}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.replace_schema_metadata(metadata), aside, compression="zstd")
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as e:
        aside.unlink(missing_ok=True)
        raise InputError(f"cannot write {path}: {e.strerror or e}") from e


def told(path: Path) -> dict[str, str]:
    """What was kept beside the columns; nothing where there is no such file. Raises InputError."""
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except FileNotFoundError:
        return {}
    except (OSError, pa.ArrowException) as e:
        raise _damaged(path, e) from e
    return {
        key.decode().removeprefix("callcenter."): value.decode()
        for key, value in metadata.items()
        if key.startswith(b"callcenter.")
    }


def read(path: Path) -> pa.Table:
    """Raises InputError, FileNotFoundError."""
    try:
        with pq.ParquetFile(path, memory_map=True) as file:  # read_table would load pyarrow.dataset and pandas first
            return file.read()
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException) as e:
        raise _damaged(path, e) from e


def _damaged(path: Path, why: Exception) -> InputError:
    reason = (str(why).splitlines() or [type(why).__name__])[0]
    return InputError(f"{path}: cannot be read: {reason}")
