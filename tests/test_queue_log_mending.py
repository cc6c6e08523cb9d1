"""A visit mended from queue_log: what happens when it is done again, as after a kill in the midst."""

from __future__ import annotations

from collections import defaultdict

from callcenter.queue_log import fold, parse
from callcenter.queue_log.mending import mended

# Of a real PBX: an agent's phone was busy, rang a second later, and the caller gave up.
LOG = (
    "1795317460|1795317460.778|vip|NONE|ENTERQUEUE||09125550300|2\n"
    "1795317460|1795317460.778|vip|Agent 1032|RINGNOANSWER|0\n"
    "1795317462|1795317460.778|vip|Agent 1032|RINGCANCELED|1106\n"
    "1795317462|1795317460.778|vip|NONE|ABANDON|1|2|2\n"
)


def test_mending_again_changes_nothing() -> None:
    (log,) = fold(parse(line, "here") for line in LOG.splitlines())
    interfaces = defaultdict(str, {"Agent 1032": "PJSIP/1032"})
    once = mended(None, log, lambda start, end: True, interfaces)
    assert sum(attempt.unanswered for attempt in once.attempts) == log.ring_no_answer == 1
    assert mended(once, log, lambda start, end: True, interfaces) == once
