"""A visit is in one day's tables, however long its call lasts and wherever midnight is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.history.columns import Columns
from callcenter.history.history import History
from kpi import Outcome

from .test_damage import D, put, visit
from .test_importing import iranian

H = 3600


def columns(archive: Archive, since: int = D - 86_400, until: int = D + 4 * 86_400) -> Columns:
    return History(archive, archive.folder / "no store", iranian).columns((since, until))


def two_visits(call: str, begins: int, again: int) -> str:
    """Sara talks until ``again`` and hands the caller over to another queue."""
    talk = again - begins - 5
    return (f"{begins}|{call}|sales|NONE|ENTERQUEUE||0912|1\n{begins + 5}|{call}|sales|Sara|CONNECT|5|x|2\n"
            f"{again}|{call}|sales|Sara|BLINDTRANSFER|200|ctx|5|{talk}|1\n"
            f"{again + 1}|{call}|support|NONE|ENTERQUEUE||0912|1\n{again + 10}|{call}|support|Ali|CONNECT|9|x|2\n"
            f"{again + 90}|{call}|support|Ali|COMPLETECALLER|9|80|1\n")  # fmt: skip


@pytest.mark.parametrize("name", ["{}.219", "pbx-1-{}.219", "call"])
@pytest.mark.parametrize(
    ("begins", "lasts"), [(18 * H - 100, 23_500), (20 * H, 11 * H), (H, 22 * H), (23 * H, 7 * H), (H, 30 * H)]
)
def test_each_visit_of_a_long_call_counts_once(
    archive: Archive, tmp_path: Path, name: str, begins: int, lasts: int
) -> None:
    call = name.format(D + begins - 2)
    put(archive, tmp_path, two_visits(call, D + begins, D + begins + lasts) + visit(D + 5 * 86_400))
    found = columns(archive)
    told = [(found.queues[queue], wait, talk) for queue, wait, talk in
            zip(found.visits.queue, found.visits.wait_s, found.visits.talk_s, strict=True)]  # fmt: skip
    assert Counter(told) == Counter([("sales", 5.0, lasts - 5.0), ("support", 9.0, 80.0)])
    assert len(columns(archive, D + begins + lasts, D + begins + lasts + 2).visits.queue) == 1


def test_a_call_that_waits_in_two_queues_around_midnight_is_one_call(archive: Archive, tmp_path: Path) -> None:
    put(archive, tmp_path, two_visits(f"{D - 4000}.1", D - 3990, D + 4000) + visit(D + 86_400))
    found = columns(archive, until=D + 40_000)
    assert (len(found.visits.queue), len(found.calls.queue)) == (2, 2)  # the other began on the next day


@pytest.mark.parametrize(("behind", "outcome"), [(60, "WAITING"), (7 * H, "UNKNOWN"), (40 * 86_400, "UNKNOWN")])
def test_a_visit_without_an_end_waits_only_as_long_as_the_log_has_not_gone_on(
    archive: Archive, tmp_path: Path, behind: int, outcome: str
) -> None:
    entered = D + 16 * H
    put(archive, tmp_path, f"{entered}|{entered}.1|sales|NONE|ENTERQUEUE||0912|1\n")
    importing.make(archive, iranian, lambda what, done, total: None)
    put(archive, tmp_path, visit(entered + behind))
    found = columns(archive, D, D + 16 * H + 1).visits
    assert [Outcome(int(one)).name for one in found.outcome] == [outcome]
    assert (found.wait_s[0] > 0) == (outcome == "WAITING")  # else it is not known
