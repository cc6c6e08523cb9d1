"""Reports of random tables against the definitions as SQL, by every period and by queue, agent and site.

The tables are of the days around the end of summer in Berlin, when 25 October 2026 has 25 hours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from report_tables import AGENTS, MARGIN_S, QUEUES, columns, made, utc, values

from callcenter.errors import InputError
from callcenter.history.columns import Columns
from callcenter.report.formats import cells
from callcenter.report.formats.as_json import about
from callcenter.report.offers import OFFERS
from callcenter.report.site_calendar import SiteCalendar
from callcenter.report.values import Ask, By, Every, Report, Targets

RANGE = utc("2026-10-24T20:17"), utc("2026-10-25T23:50")
EVERYTHING = utc("2026-10-17T20:17"), utc("2026-11-01T23:50")
SITE = SiteCalendar(ZoneInfo("Europe/Berlin"), "02:30")
TARGETS = {"support": Targets(20.0, 0.8, 5.0), "sales": Targets(8.0, 0.8, 2.0)}
NAMES = {By.QUEUE: QUEUES, By.AGENT: AGENTS, By.SITE: ("Kish",)}
CUBE = "GROUP BY GROUPING SETS ((period, name), (period), (name), ())"
CELL = "if(grouping(period) = 1, -1, period) AS p, if(grouping(name) = 1, '', name) AS n"

VISITS = """SELECT * EXCLUDE (in_time, either_in_time, waiting_in_time),
  in_time / (offered - short_abandoned) AS service_level, in_time / answered AS service_level_answered,
  either_in_time / (answered + abandoned) AS service_level_with_abandons,
  in_time / (offered - short_abandoned - waiting_in_time) AS service_level_live,
  (abandoned - short_abandoned) / (offered - short_abandoned) AS abandon_rate,
  wait_answered_s / answered AS average_speed_of_answer,
  (talk_s - hold_s) / answered AS average_talk_time, hold_s / answered AS average_hold_time,
  wrap_up_s / answered AS average_wrap_up_time, (talk_s + wrap_up_s) / answered AS average_handle_time,
  transferred / answered AS transfer_rate, ring_no_answer / attempts AS ring_no_answer_rate
FROM (
  SELECT {cell},
    count(*) FILTER (outcome NOT IN (7, 8)) AS offered, count(*) FILTER (a) AS answered,
    count(*) FILTER (b) AS abandoned, count(*) FILTER (b AND wait_s < short) AS short_abandoned,
    count(*) FILTER (outcome = 3) AS timed_out,
    count(*) FILTER (outcome = 4) AS exited, count(*) FILTER (outcome = 5) AS left_empty,
    count(*) FILTER (outcome = 6) AS withdrawn, count(*) FILTER (outcome = 7) AS refused_full,
    count(*) FILTER (outcome = 8) AS refused_empty, count(*) FILTER (outcome = 9) AS pbx_lost,
    count(*) FILTER (outcome = 10) AS unknown, count(*) FILTER (outcome = 0) AS waiting,
    sum(attempts) AS attempts, sum(ring_no_answer) AS ring_no_answer, count(*) FILTER (transferred) AS transferred,
    coalesce(sum(wait_s) FILTER (a), 0) AS wait_answered_s, coalesce(sum(wait_s) FILTER (b), 0) AS wait_abandoned_s,
    sum(talk_s) AS talk_s, sum(hold_s) AS hold_s, sum(wrap_up_s) AS wrap_up_s,
    max(wait_s) FILTER (outcome NOT IN (7, 8)) AS longest_wait, count(*) FILTER (a AND wait_s <= t) AS in_time,
    count(*) FILTER ((a OR b) AND wait_s <= t) AS either_in_time,
    count(*) FILTER (outcome = 0 AND wait_s <= t) AS waiting_in_time
  FROM (SELECT v.* REPLACE (if(isnan(wait_s), NULL, wait_s) AS wait_s), period, name, t, short,
          outcome = 1 AS a, outcome = 2 AS b
        FROM visits v JOIN periods ON entered_at >= starts AND entered_at < ends
        JOIN targets ON targets.queue = v.queue {of})
  {cube})"""

ATTEMPTS = """SELECT *, ring_no_answer / attempts AS ring_no_answer_rate
FROM (SELECT {cell}, count(*) AS attempts, count(*) FILTER (unanswered) AS ring_no_answer
      FROM attempts JOIN names ON code = agent JOIN periods ON attempts.at >= starts AND attempts.at < ends {cube})"""

CALLS = """SELECT {cell},
  count(*) FILTER (settled AND NOT again AND resolved <> 0 AND survey_resolved <> 0) / count(*) FILTER (settled)
    AS first_call_resolution,
  count(*) FILTER (settled AND NOT again) / count(*) FILTER (settled) AS fcr_repeat,
  count(*) FILTER (answered AND resolved = 1) / count(*) FILTER (answered AND resolved >= 0) AS fcr_agent,
  count(*) FILTER (answered AND survey_resolved = 1) / count(*) FILTER (answered AND survey_resolved >= 0)
    AS fcr_survey,
  count(*) FILTER (followed AND NOT settled) / count(*) FILTER (followed) AS fcr_provisional_share,
  count(*) FILTER (before) / count(*) FILTER (customer >= 0) AS repeat_call_rate,
  count(*) FILTER (in_ivr AND self_served) / count(*) FILTER (in_ivr) AS self_service_rate,
  count(*) FILTER (in_ivr AND self_served AND old AND NOT soon) / count(*) FILTER (in_ivr AND old)
    AS self_service_rate_net,
  count(*) FILTER (rating >= 4) / count(*) FILTER (rating > 0) AS customer_satisfaction,
  count(*) FILTER (surveyed AND rating > 0) / count(*) FILTER (surveyed) AS survey_response_rate,
  sum(points) FILTER (points_possible > 0) / sum(points_possible) AS quality_score,
  count(*) FILTER (callback_requested AND callback_done) / count(*) FILTER (callback_requested)
    AS callback_completion_rate
FROM (SELECT *, answered AND customer >= 0 AS followed, $until - started_at >= 86400 AS old,
        followed AND $until - started_at >= $window AS settled,
        customer >= 0 AND coalesce(next - started_at <= $window, false) AS again,
        customer >= 0 AND coalesce(next - started_at <= 86400, false) AS soon,
        customer >= 0 AND coalesce(started_at - last <= $window, false) AS before
      FROM (SELECT *, lead(started_at) OVER w AS next, lag(started_at) OVER w AS last
            FROM calls WINDOW w AS (PARTITION BY customer ORDER BY started_at, row)))
JOIN periods ON started_at >= starts AND started_at < ends {of} {cube}"""

# Busy and ringing time is of the queue whose call it is, available time of those that the agent is a member of.
TIME = """SELECT {cell}, coalesce(sum(s) FILTER (busy), 0) / sum(s) FILTER (counts) AS occupancy,
  coalesce(sum(s) FILTER (busy), 0) / sum(s) FILTER (state <> 7 AND (own OR member)) AS utilisation
FROM (SELECT name, period, state, own, member, own AND state IN (2, 3, 4) AS busy,
        busy OR (own AND state = 1) OR (member AND state = 0) AS counts,
        greatest(least("end", ends) - greatest(start, starts), 0) AS s
      FROM ({whose}) JOIN periods ON true) {cube}"""
IN_ALL = "SELECT spans.*, name, true AS own, true AS member FROM spans JOIN names ON {of}"
IN_QUEUE = """SELECT spans.*, name, spans.queue = code AS own,
  EXISTS (FROM members m WHERE m.membership = spans.membership AND m.queue = code) AS member
  FROM spans JOIN names ON true"""
IN_ANY_OF_THEM = """SELECT state, start, "end", '' AS name, queue IN (SELECT code FROM names) AS own,
  EXISTS (FROM members m JOIN names ON m.queue = code WHERE m.membership = spans.membership) AS member FROM spans"""


def random_table(rng: np.random.Generator, size: int) -> dict[str, Any]:
    def moments(range_: tuple[float, float]) -> Any:
        # Full quarters of an hour are more likely than chance has it: borders are where mistakes are.
        at = rng.uniform(*range_, size)
        return np.where(rng.random(size) < 0.3, np.clip(at // 900 * 900, range_[0], None), at)

    def flags(share: float = 0.5) -> Any:
        return rng.random(size) < share

    def seconds() -> Any:
        return rng.integers(0, 40, size).astype(float)

    start = moments((RANGE[0] - 20_000, RANGE[1]))
    points_possible = rng.choice([0.0, 4.0, 5.0], size)
    unknown_wait = flags(0.05)
    return {
        "visits": {
            "queue": rng.integers(0, 2, size), "entered_at": moments(RANGE), "outcome": rng.integers(0, 11, size),
            "wait_s": np.where(unknown_wait, np.nan, seconds()), "talk_s": seconds(), "hold_s": seconds(),
            "wrap_up_s": seconds(), "transferred": flags(), "attempts": rng.integers(0, 4, size),
            "ring_no_answer": rng.integers(0, 4, size), "answered_by": rng.integers(-1, 3, size),
        },
        "attempts": {"queue": rng.integers(0, 2, size), "agent": rng.integers(0, 3, size), "at": moments(RANGE),
                     "unanswered": flags()},
        "spans": {"agent": rng.integers(0, 3, size), "queue": rng.integers(-1, 2, size), "start": start,
                  "membership": rng.integers(0, 4, size), "state": rng.integers(0, 8, size),
                  "end": np.where(flags(0.1), np.inf, start + rng.uniform(0, 9_000, size))},
        "calls": {
            "queue": rng.integers(-1, 2, size), "customer": rng.integers(-1, max(size // 3, 1), size),
            "started_at": moments(EVERYTHING), "answered": flags(), "resolved": rng.integers(-1, 2, size),
            "survey_resolved": rng.integers(-1, 2, size), "surveyed": flags(), "rating": rng.integers(0, 6, size),
            "points": points_possible * rng.integers(0, 2, size), "points_possible": points_possible, "in_ivr": flags(),
            "self_served": flags(), "callback_requested": flags(), "callback_done": flags(),
            "answered_by": rng.integers(-1, 3, size), "row": np.arange(size),
        },
    }  # fmt: skip


def as_rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


class Sql:
    """The tables in duckdb, and what it made of them: ``found[column]`` as in a report."""

    def __init__(self, tables: dict[str, Any], of: Columns, ask: Ask, made: Report) -> None:
        self.shape = len(made.periods) + 1, len(made.names) + 1
        self.places = {name: place for place, name in enumerate((*made.names, ""))}
        self.found: dict[str, Any] = {}
        self.whole = {"until": of.until, "window": MARGIN_S}
        targets = [TARGETS[name].threshold_s if ask.threshold_s is None else ask.threshold_s for name in QUEUES]
        starts, ends = np.array(made.periods).T
        member, queue = np.nonzero(of.memberships)
        tables = tables | {
            "periods": {"period": np.arange(len(starts)), "starts": starts, "ends": ends},
            "names": {"code": np.array([NAMES[ask.by].index(name) for name in made.names]),
                      "name": np.array(made.names)},
            "members": {"membership": member, "queue": queue},
            "targets": {"queue": np.arange(len(QUEUES)), "t": np.array(targets),
                        "short": np.array([TARGETS[name].short_abandon_s for name in QUEUES])},
        }  # fmt: skip
        self.duckdb = duckdb.connect(config={"threads": 1})
        for setting in ("error_on_division_by_zero", "ieee_floating_point_ops"):  # so that it is NULL
            self.duckdb.execute(f"SET {setting} = false")
        for name, table in tables.items():
            self.duckdb.register(name, table)

    def take(self, query: str, given: dict[str, float] | None = None, *, of: str = "", only: str = "") -> None:
        """``only``: the cells of "names", those of "all" of them, or both."""
        text = query.replace("{of}", of).replace("{cell}", CELL).replace("{cube}", CUBE)
        done = self.duckdb.execute(text, given or {})
        heads = [head[0] for head in done.description or ()]
        for row in done.fetchall():
            cell = dict(zip(heads, row, strict=True))
            p, n = cell.pop("p"), cell.pop("n")
            if n is None or (only and (n == "") != (only == "all")):
                continue
            for name, value in cell.items():
                values = self.found.setdefault(name, np.full(self.shape, np.nan))
                values[p, self.places[n]] = np.nan if value is None else value


def by_sql(tables: dict[str, Any], of: Columns, ask: Ask, made: Report) -> dict[str, Any]:
    sql = Sql(tables, of, ask, made)
    if ask.by is By.AGENT:
        sql.take(VISITS, of="JOIN names ON outcome = 1 AND code = answered_by")
        for name in ("attempts", "ring_no_answer", "ring_no_answer_rate"):  # of the visits, wherever they rang
            sql.found.pop(name, None)
        sql.take(ATTEMPTS)
        sql.take(CALLS, sql.whole, of="JOIN names ON code = answered_by")
        sql.take(TIME.replace("{whose}", IN_ALL), of="code = agent")
    elif ask.by is By.SITE:
        sql.take(VISITS, of="JOIN names ON true")
        sql.take(CALLS, sql.whole, of="JOIN names ON true")
        sql.take(TIME.replace("{whose}", IN_ALL), of="true")
    else:
        sql.take(VISITS, of="JOIN names ON code = v.queue")
        sql.take(CALLS, sql.whole, of=f"{'' if ask.names else 'LEFT'} JOIN names ON code = queue")
        sql.take(TIME.replace("{whose}", IN_QUEUE), only="names")
        sql.take(TIME.replace("{whose}", IN_ANY_OF_THEM if ask.names else IN_ALL), of="code = 0", only="all")
    return sql.found


@pytest.mark.parametrize("every", Every)
@pytest.mark.parametrize("by", NAMES)
@given(seed=st.integers(0, 2**32), size=st.integers(0, 150), data=st.data())
@settings(max_examples=4, phases=[Phase.generate])  # a seed has nothing to shrink
def test_a_report_is_what_sql_makes_of_the_same_tables(
    by: By, seed: int, size: int, every: Every, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    tables = random_table(rng, size)
    of = columns(
        RANGE, **{name: as_rows(table) for name, table in tables.items()}, memberships=rng.random((4, 2)) < 0.5,
        until=RANGE[1] + rng.uniform(0, 9 * 86_400),
    )  # fmt: skip
    names = tuple(data.draw(st.lists(st.sampled_from(NAMES[by]), unique=True)))
    ask = Ask(RANGE, every, by, names, threshold_s=data.draw(st.sampled_from([None, 12.0])))
    report = made(of, ask, SITE, targets=TARGETS.__getitem__)
    expected, found = by_sql(tables, of, ask, report), values(report)
    assert set(found) <= set(OFFERS[by])
    for name in OFFERS[by]:
        table = expected.get(name, np.full((len(report.periods) + 1, len(report.names) + 1), np.nan))
        if OFFERS[by][name].counted:
            table = np.nan_to_num(table)
        if name in found:
            np.testing.assert_allclose(found[name], table, rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            assert np.isnan(table).all(), name


@given(seed=st.integers(0, 2**32), size=st.integers(0, 150))
@settings(max_examples=10, phases=[Phase.generate])
def test_a_topic_is_its_queues_together_each_with_its_own_thresholds(seed: int, size: int) -> None:
    """Beside the report of both queues together, which the test above holds against SQL."""
    rng = np.random.default_rng(seed)
    rows = {name: as_rows(table) for name, table in random_table(rng, size).items()}
    of = columns(RANGE, **rows, memberships=rng.random((4, 2)) < 0.5)
    topics = {name: replace(one, topic="help") for name, one in TARGETS.items()}
    by_topic = made(of, Ask(RANGE, Every.HOUR, By.TOPIC, ("help",)), SITE, targets=topics.__getitem__)
    by_queue = made(of, Ask(RANGE, Every.HOUR, By.QUEUE, QUEUES), SITE, targets=TARGETS.__getitem__)
    assert by_topic.names == ("help",)
    together, each = values(by_queue), values(by_topic)
    assert together.keys() == each.keys()
    for name, table in each.items():
        np.testing.assert_allclose(np.array(table)[:, 0], np.array(together[name])[:, -1], atol=1e-9, err_msg=name)


def test_the_targets_of_a_topic_are_those_of_its_queues() -> None:
    of = columns(RANGE, queues=("s1", "s2", "vip"), memberships=((0, 0, 0),))
    targets = {"s1": Targets(service_level=0.9, topic="help"), "s2": Targets(service_level=0.9, topic="help"),
               "vip": Targets(service_level=0.95, topic="gold")}  # fmt: skip

    def aims(*names: str) -> tuple[Report, list[tuple[float, float] | None]]:
        report = made(of, Ask(RANGE, by=By.TOPIC, names=names, figures=("service_level",)), SITE,
                      targets=targets.__getitem__)  # fmt: skip
        return report, [cells.aim(report, report.columns[0], name) for name in (*report.names, None)]

    some, of_some = aims("help")
    assert (list(some.targets), of_some) == (["s1", "s2"], [(0.9, 0.9), (0.9, 0.9)])
    every, of_all = aims()
    assert (every.names, of_all) == (("gold", "help"), [(0.95, 0.95), (0.9, 0.9), None])
    assert about(every)["targets"]["s2"]["topic"] == "help"


def test_a_queue_without_a_topic_is_one_of_its_own() -> None:
    rng = np.random.default_rng(7)
    rows = {name: as_rows(table) for name, table in random_table(rng, 120).items()}
    of = columns(RANGE, **rows, memberships=rng.random((4, 2)) < 0.5)
    targets = {"support": replace(TARGETS["support"], topic="a topic"), "sales": TARGETS["sales"]}
    by_topic = made(of, Ask(RANGE, by=By.TOPIC), SITE, targets=targets.__getitem__)
    by_queue = made(of, Ask(RANGE), SITE, targets=TARGETS.__getitem__)
    assert (by_topic.names, by_queue.names) == (("a topic", "sales"), ("sales", "support"))
    for name, table in values(by_topic).items():
        np.testing.assert_array_equal(np.array(table)[:, [1, 0, 2]], values(by_queue)[name], err_msg=name)
    with pytest.raises(InputError, match="unknown topic: support; known are: a topic, sales"):
        made(of, Ask(RANGE, by=By.TOPIC, names=("support",)), SITE, targets=targets.__getitem__)
