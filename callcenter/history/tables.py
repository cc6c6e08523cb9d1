"""The tables that a day of history is kept as, one Parquet file each. Pure: what is in them, not where they are.

The day of a visit is that in which its *call* began (UTC), so that a call is in one file as a whole.
"""

from __future__ import annotations

import pyarrow as pa

_NAME = pa.dictionary(pa.int32(), pa.string())

VISITS = pa.schema({
    "call": pa.string(),  # its Linkedid: queue_log knows no other name
    "queue": _NAME,
    "entered_at": pa.float64(),
    "wait_s": pa.float64(),  # null: not known
    "outcome": pa.int8(),  # kpi.Outcome
    "agent": _NAME,  # who answered, null: nobody
    "talk_s": pa.float64(),  # null: of an answered one, not known
    "hold_s": pa.float64(),
    "wrap_up_s": pa.float64(),
    "transferred": pa.bool_(),
    "attempts": pa.int32(),
    "ring_no_answer": pa.int32(),
    "source": pa.int8(),  # callcenter.history.columns.Source
})  # fmt: skip

ATTEMPTS = pa.schema({
    "call": pa.string(), "queue": _NAME, "agent": _NAME, "at": pa.float64(), "unanswered": pa.bool_(),
})  # fmt: skip

CALLS = pa.schema({
    "call": pa.string(),
    "queue": _NAME,  # the last that it visited, null: none
    "customer": pa.int64(),  # the digits of E.164, null: not known
    "started_at": pa.float64(),
    "answered": pa.bool_(),  # by an agent
    "agent": _NAME,  # the last who answered, null: nobody
})  # fmt: skip

SPANS = pa.schema({
    "agent": _NAME, "queue": _NAME, "state": pa.int8(),  # kpi.State
    "from": pa.float64(), "to": pa.float64(),
})  # fmt: skip

TABLES = {"visits": VISITS, "attempts": ATTEMPTS, "calls": CALLS, "spans": SPANS}
"""Name → schema. An imported day has no spans."""
