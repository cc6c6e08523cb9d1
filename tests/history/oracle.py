"""What raw queue_log lines come to, counted by duckdb: no code of ours is in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
from lab.lines_sql import LINES

SQL = LINES + """
select queue,
    count(*) filter (event = 'ENTERQUEUE')::INT offered,
    count(*) filter (event = 'CONNECT')::INT answered,
    count(*) filter (event = 'ABANDON')::INT abandoned,
    count(*) filter (event = 'EXITWITHTIMEOUT')::INT timed_out,
    count(*) filter (event = 'EXITWITHKEY')::INT exited,
    count(*) filter (event = 'EXITEMPTY')::INT left_empty,
    count(*) filter (event = 'WITHDRAW')::INT withdrawn,
    count(*) filter (event = 'RINGNOANSWER')::INT ring_no_answer,
    count(*) filter (event in ('BLINDTRANSFER', 'ATTENDEDTRANSFER'))::INT transferred,
    coalesce(sum(try_cast(d1 as INT)) filter (event = 'CONNECT'), 0)::INT wait_answered_s,
    coalesce(sum(try_cast(d3 as INT)) filter (event = 'ABANDON'), 0)::INT wait_abandoned_s,
    coalesce(sum(try_cast(complete[2] as INT)) filter (not again), 0)::INT talk_s
from log where event in ('ENTERQUEUE', 'CONNECT', 'ABANDON', 'EXITWITHTIMEOUT', 'EXITWITHKEY', 'EXITEMPTY', 'WITHDRAW',
    'RINGNOANSWER', 'BLINDTRANSFER', 'ATTENDEDTRANSFER', 'COMPLETECALLER', 'COMPLETEAGENT')
group by queue order by queue
"""


def counted(files: Iterable[Path]) -> dict[str, dict[str, int]]:
    """Queue → counts and sums of whole seconds."""
    with duckdb.connect() as db:
        found = db.execute(SQL, {"files": [str(file) for file in files]})
        names = [column[0] for column in found.description]
        return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in found.fetchall()}
