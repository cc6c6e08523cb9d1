"""The forecasts that were kept, one Parquet file each: ``forecast/`` within the archive's folder. A shell.

A file is named by when it was made (UTC), written once and never changed. A forecast counts for a day only when it was
made before that day began, so the moment is not the maker's to say: it is read here, when the file is written, and
stands in the file and in its name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from callcenter import clock
from callcenter.errors import InputError
from callcenter.forecast.series import INTERVAL_S
from callcenter.forecast.values import Forecast
from callcenter.history import parquet
from callcenter.history.archive import Archive
from callcenter.history.columns import Range
from kpi.columns import Floats

AT_MOST_S = 30.0
"""A file that takes longer to write was made later than it says."""

_NAME = "%Y-%m-%dT%H%M%S.%fZ"
_TEXT = pa.dictionary(pa.int32(), pa.string())
_NUMBERS = ("calls", "low", "high", "handle_time_s")
SCHEMA = pa.schema({
    "made_at": pa.float64(), "model": _TEXT, "learnt_from": pa.float64(), "learnt_to": pa.float64(),
    "queue": _TEXT, "start": pa.float64(), **{name: pa.float64() for name in _NUMBERS},  # null: not known
})  # fmt: skip
"""A row of :data:`callcenter.forecast.values.Row` each."""


def folder_of(archive: Archive) -> Path:
    """Where the forecasts of the archive's PBX are."""
    return archive.folder / "forecast"


def keep(folder: Path, forecast: Forecast) -> Forecast:
    """Writes the forecast as made *now*, whatever it says itself, and gives it back as it was kept.

    InputError when it says to be of the future or has learnt from it, when the file would take the place of another,
    or cannot be written at once. Nothing is left then.
    """
    now = math.floor(clock.now() * 1e6) / 1e6  # the name tells microseconds
    if forecast.made_at > now or forecast.learnt[1] > now:
        raise InputError(f"a forecast of the future is not kept: it was made at {_told(forecast.made_at)}")
    kept = replace(forecast, made_at=now)
    path = folder / f"{datetime.fromtimestamp(now, UTC):{_NAME}}.parquet"
    if path.exists():
        raise InputError(f"{path}: there is a forecast already")
    told = {"made_at": repr(now), "from": repr(float(kept.start[0])), "to": repr(float(kept.start[-1]) + INTERVAL_S)}
    try:
        parquet.write(path, _table(kept), told)
        if (took := clock.now() - now) > AT_MOST_S:
            raise InputError(f"{path}: is not kept, writing it took {took:.0f} s: it would say to be older than it is")
    except BaseException:  # Ctrl-C too leaves no part of it behind
        for left in (path, *path.parent.glob(f".{path.name}.*")):
            left.unlink(missing_ok=True)
        raise
    return kept


def kept(folder: Path) -> list[tuple[float, Path]]:
    """When each was made and its file, the newest first. Raises InputError."""
    found = []
    try:
        for path in folder.glob("*.parquet"):
            try:
                made = datetime.strptime(path.stem, _NAME).replace(tzinfo=UTC)
            except ValueError:
                continue
            found.append((made.timestamp(), path))
    except OSError as e:
        raise InputError(f"{folder}: {e.strerror or e}") from e
    return sorted(found, reverse=True)


def newest_before(folder: Path, day: Range) -> Forecast | None:
    """The newest that was made before the ``day`` began and tells of all of it; None: there is none. Raises
    InputError."""
    for made_at, path in kept(folder):
        if made_at <= day[0] and _covers(parquet.told(path), day):
            return read(path)
    return None


def _covers(told: dict[str, str], day: Range) -> bool:
    try:
        return float(told["from"]) <= day[0] and day[1] <= float(told["to"])
    except (KeyError, ValueError):
        return False


def read(path: Path) -> Forecast:
    """One that was kept. InputError when the file is none, or is named by another moment than it tells."""
    try:
        table = parquet.read(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    if not table.schema.equals(SCHEMA) or not table.num_rows:
        raise InputError(f"{path}: is no forecast")
    forecast = _forecast(table)
    if path.stem != f"{datetime.fromtimestamp(forecast.made_at, UTC):{_NAME}}":
        raise InputError(f"{path}: was made at {_told(forecast.made_at)}, its name says otherwise")
    return forecast


def _table(forecast: Forecast) -> pa.Table:
    width, queues = len(forecast.start), len(forecast.queues)
    head = (forecast.made_at, forecast.model, *forecast.learnt)
    numbers: Sequence[Floats] = (forecast.calls, forecast.low, forecast.high, forecast.handle_time_s)
    columns: list[Any] = [[value] * (queues * width) for value in head]
    columns += [[name for name in forecast.queues for _ in range(width)], np.tile(forecast.start, queues)]
    arrays = [pa.array(column) for column in columns] + [pa.array(x.ravel(), from_pandas=True) for x in numbers]
    return pa.table([a.cast(field.type) for a, field in zip(arrays, SCHEMA, strict=True)], schema=SCHEMA)


def _forecast(table: pa.Table) -> Forecast:
    """As :func:`callcenter.forecast.values.from_rows`, by columns."""
    names = np.array(table["queue"].to_pylist(), dtype=object)
    queues, queue = np.unique(names, return_inverse=True)
    starts, at = np.unique(table["start"].to_numpy(), return_inverse=True)
    numbers = np.full((len(_NUMBERS), len(queues), len(starts)), np.nan)
    for row, name in zip(numbers, _NUMBERS, strict=True):
        row[queue, at] = table[name].to_numpy()
    made_at, model, begun, ended = (table[name][0].as_py() for name in SCHEMA.names[:4])
    return Forecast(made_at, model, (begun, ended), tuple(queues.tolist()), starts, *numbers)


def _told(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
