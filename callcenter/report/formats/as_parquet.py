"""A report as Parquet: one row a period and a name, typed. Pure, by pyarrow.

Totals are left out, as in CSV. The schema's metadata holds what JSON says about the report, under ``callcenter``; each
field's metadata its unit and definition.
"""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from callcenter.report.formats.as_json import about, about_column
from callcenter.report.formats.cells import told, unicode_only, unknown, zone_name
from callcenter.report.formats.options import Options
from callcenter.report.values import Column, Report

UNKNOWN = "Seconds of the period that are over and of which nothing is known."


def write_parquet(report: Report, _options: Options) -> bytes:
    """``start``, ``end``: milliseconds with the site's zone; the queue, agent or site; then the columns, counts as
    64-bit integers, and ``unknown_s``: of so much of the period nothing is known. Null: not known."""
    names = [unicode_only(name) for name in report.names]
    starts, ends = np.asarray(report.periods, np.float64).reshape(-1, 2).T
    time = pa.timestamp("ms", zone_name(report.zone))
    fields = [pa.field("start", time), pa.field("end", time), pa.field(report.ask.by.value, pa.string())]
    arrays = [
        *(pa.array(np.repeat(np.rint(at * 1000).astype(np.int64), len(names))).cast(time) for at in (starts, ends)),
        pa.array(names * len(report.periods), pa.string()),
        *(_array(column) for column in told(report)),
        pa.array(np.repeat(np.array(unknown(report), np.float64), len(names))),
    ]
    unseen = pa.field("unknown_s", pa.float64(), metadata={"unit": "s", "definition": UNKNOWN})
    schema = pa.schema([*fields, *(_field(column) for column in told(report)), unseen], _metadata(report))
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out, compression="zstd")
    return bytes(out.getvalue().to_pybytes())


def _type(column: Column) -> pa.DataType:
    return pa.int64() if column.unit == "count" else pa.float64()


def _array(column: Column) -> pa.Array:
    """ArrowInvalid for a count that is not whole: it must not be cut silently."""
    values = np.ascontiguousarray(column.values[:-1, :-1]).ravel()
    return pa.array(values, pa.float64(), mask=~np.isfinite(values)).cast(_type(column))


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, _type(column), metadata={"unit": column.unit, "definition": column.definition})


def _metadata(report: Report) -> dict[str, str]:
    body = {**about(report), "columns": [about_column(column) for column in told(report)]}
    return {"callcenter": unicode_only(json.dumps(body, ensure_ascii=False, allow_nan=False))}
