"""The metrics against prometheus_client's parser, promtool, and what was put in."""

from __future__ import annotations

import ast
import math
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pages import by_library, told, written
from prometheus_client.parser import text_string_to_metric_families

from callcenter import __version__
from callcenter.floor import doubts
from callcenter.floor.changes import (
    AttemptEnded,
    Drift,
    LinkChanged,
    TimeShifted,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    VisitRepaired,
)
from callcenter.floor.records import AgentState, Attempt, Hole, Outcome, Result, Visit
from callcenter.floor.wallboard import AgentNow, FloorNow, QueueNow, Wallboard
from callcenter.metrics import known, reference
from callcenter.metrics.counters import Counters
from callcenter.metrics.exposition import Exposition
from callcenter.metrics.health import Health
from callcenter.metrics.table import METRICS
from callcenter.numbers import no_number

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "metrics.md"
AT = 1_794_824_531.0
HOSTILE = 'a"b\\c\nd <b>x</b>'
HOME = "Local/09121234567@from-internal/n"


def board() -> Wallboard:
    agents = (
        AgentNow("PJSIP/1001", "سارا", AgentState.TALKING, AT - 60, "", "sales", "c1", ("sales",), ()),
        AgentNow(HOME, HOME, AgentState.AVAILABLE, AT - 5, "", None, None, ("sales", HOSTILE), ()),
    )
    queues = (
        QueueNow("sales", 2, AT - 31.5, (AT - 31.5, AT - 3), 1, {AgentState.TALKING: 1, AgentState.AVAILABLE: 1}),
        QueueNow(HOSTILE, 0, None, (), 0, {AgentState.AVAILABLE: 1}),
    )
    figures = {
        "today": {
            "sales": {"offered": 10, "answered": 8, "service_level": 0.75, "longest_wait": 81.0, "occupancy": math.nan},
            HOSTILE: {"offered": 0, "service_level": None},
            "": {"offered": 10, "service_level": 0.75},
        },
    }
    now = FloorNow(AT, "main", True, AT - 900, 7, {}, queues, agents)
    return Wallboard(1, now, figures, {"sales": {"threshold_s": 20.0, "service_level": 0.8, "short_abandon_s": 5.0}})


def scraped(counters: Counters | None = None) -> str:
    return written(board(), counters)


def samples(page: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample as Prometheus would read it. A series that comes twice fails."""
    out: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for family in text_string_to_metric_families(page):
        for s in family.samples:
            key = s.name, tuple(sorted(s.labels.items()))
            assert key not in out, key
            out[key] = s.value
    return out


def value(page: str, name: str, /, **labels: str) -> float | None:
    return samples(page).get((name, tuple(sorted(labels.items()))))


def visit(outcome: Outcome, wait_s: float, **more: object) -> Visit:
    return Visit("sales", AT, wait_s=wait_s, outcome=outcome, **more)  # type: ignore[arg-type]


def test_the_state_of_now_is_read_back_as_it_was_put_in() -> None:
    page = scraped()
    assert value(page, "callcenter_queue_waiting", queue="sales") == 2
    assert value(page, "callcenter_queue_waiting", queue=HOSTILE) == 0
    assert value(page, "callcenter_queue_longest_wait_seconds", queue="sales") == 31.5
    assert value(page, "callcenter_queue_agents", queue="sales", state="talking") == 1
    assert value(page, "callcenter_queue_agents", queue="sales", state="paused") == 0
    assert value(page, "callcenter_agent_state", agent="PJSIP/1001", name="سارا", state="talking") == 1
    assert value(page, "callcenter_calls_up") == 7
    assert value(page, "callcenter_link_up", pbx="main") == 1
    assert value(page, "callcenter_queue_service_level_target_ratio", queue="sales") == 0.8
    assert value(page, "callcenter_build_info", version=__version__) == 1


def test_a_figure_is_shown_by_queue_and_for_all_together() -> None:
    page = scraped()
    assert value(page, "callcenter_queue_service_level_ratio", queue="sales", window="today") == 0.75
    assert value(page, "callcenter_service_level_ratio", window="today") == 0.75
    assert value(page, "callcenter_queue_window_longest_wait_seconds", queue="sales", window="today") == 81
    assert value(page, "callcenter_queue_window_visits", queue="sales", window="today", outcome="answered") == 8


def test_what_has_no_value_has_no_series() -> None:
    names = [(name, dict(labels)) for name, labels in samples(scraped())]
    assert not [n for n in names if n[0] == "callcenter_queue_occupancy_ratio"], "NaN"
    assert not [n for n in names if n[0] == "callcenter_queue_service_level_ratio" and n[1]["queue"] == HOSTILE], "None"
    assert not [n for n in names if n[0] == "callcenter_queue_longest_wait_seconds" and n[1]["queue"] == HOSTILE]


def test_no_phone_number_is_a_label() -> None:
    page = scraped()
    assert "9121234567" not in page
    assert value(page, "callcenter_queue_agents", queue=HOSTILE, state="available") == 1


@pytest.mark.parametrize("number", [
    "09121234567", "0912 123 4567", "0912-123-4567", "0912.123.45.67", "+98 (912) 123 4567", "(021) 8888-1234",
    "۰۹۱۲ ۱۲۳ ۴۵۶۷",
])  # fmt: skip
def test_a_phone_number_is_found_however_it_is_written(number: str) -> None:
    bare = no_number(f"home of {number}, Tehran")
    assert re.fullmatch(r"home of x[0-9a-f]{8}, Tehran", bare)


@pytest.mark.parametrize("name", ["PJSIP/1001", "Local/5001@from-queue/n", "sales 24/7", "support-2", "Agent 12 (34)"])
def test_a_name_with_an_extension_in_it_stays(name: str) -> None:
    assert no_number(name) == name


@pytest.mark.parametrize(("targets", "figure", "aim"), [
    ({"service_level": 0.9}, "service_level", (0.9, 0.9)),
    ({"service_level": 0.9}, "service_level_live", (0.9, 0.9)),
    ({"service_level": 0.9, "figures": {"service_level_live": (0.7, 0.7)}}, "service_level_live", (0.7, 0.7)),
    ({}, "abandon_rate", (0.05, 0.08)),
    ({"figures": {"abandon_rate": (0.02, 0.03)}}, "abandon_rate", (0.02, 0.03)),
    ({"figures": {"average_speed_of_answer": (15.0, 15.0)}}, "average_speed_of_answer", (15.0, 15.0)),
    ({}, "average_speed_of_answer", (None, None)),
])  # fmt: skip
def test_the_target_that_is_in_force_is_the_queue_s_own_or_the_field_s(
    targets: dict[str, Any], figure: str, aim: tuple[float | None, float | None]
) -> None:
    page = written(msgspec.structs.replace(board(), targets={"sales": targets}))
    told = tuple(value(page, f"callcenter_queue_target_{end}", queue="sales", figure=figure) for end in ("low", "high"))
    assert told == aim


def test_no_label_that_comes_from_the_pbx_has_a_phone_number() -> None:
    """A queue called by the number that it is dialled by, in every metric that has queues."""
    queue, counters = "line 0912 123 4567", Counters()
    counters.apply(VisitEntered(AT, "c1", 1, queue, 1))
    counters.apply(VisitEnded(AT, "c1", 1, Visit(queue, AT, wait_s=1.0, outcome=Outcome.ANSWERED)))
    counters.apply(VisitCompleted(AT, "c1", 1, Visit(queue, AT, wait_s=1.0, outcome=Outcome.ANSWERED, talk_s=2.0)))
    one = QueueNow(queue, 1, AT - 3, (AT - 3,), 1, {AgentState.AVAILABLE: 1})
    now = msgspec.structs.replace(board().now, queues=(one,))
    figures = {"today": {queue: {"offered": 1, "service_level": 1.0}}}
    filled = msgspec.structs.replace(board(), now=now, figures=figures, targets={queue: {"threshold_s": 20.0}})
    page = written(filled, counters)
    assert "123 4567" not in page
    of_queue = {name for name, labels in samples(page) if any(v.startswith("line x") for _, v in labels)}
    assert {"callcenter_queue_waiting", "callcenter_queue_visits_total", "callcenter_queue_wait_seconds_bucket",
            "callcenter_queue_service_level_ratio", "callcenter_queue_service_level_threshold_seconds"} <= of_queue


def test_visits_are_counted_by_outcome_and_their_waits_by_bucket() -> None:
    counters = Counters()
    counters.apply(VisitEntered(AT, "c1", 1, "sales", 1))
    answered, abandoned, refused = Outcome.ANSWERED, Outcome.ABANDONED, Outcome.REFUSED_FULL
    for key, (outcome, wait_s) in enumerate([(answered, 4.0), (answered, 20.0), (abandoned, 20.001), (refused, 0.0)]):
        counters.apply(VisitEnded(AT, "c1", key, visit(outcome, wait_s)))
    page = scraped(counters)
    assert value(page, "callcenter_queue_entered_total", queue="sales") == 1
    assert value(page, "callcenter_queue_visits_total", queue="sales", outcome="answered") == 2
    assert value(page, "callcenter_queue_visits_total", queue="sales", outcome="refused_full") == 1
    assert value(page, "callcenter_queue_visits_total", queue=HOSTILE, outcome="answered") == 0
    of_answered = {"queue": "sales", "outcome": "answered"}
    assert value(page, "callcenter_queue_wait_seconds_bucket", **of_answered, le="2.0") == 0
    assert value(page, "callcenter_queue_wait_seconds_bucket", **of_answered, le="5.0") == 1
    assert value(page, "callcenter_queue_wait_seconds_bucket", **of_answered, le="20.0") == 2, "the bound is inside"
    assert value(page, "callcenter_queue_wait_seconds_sum", **of_answered) == 24.0
    of_abandoned = {"queue": "sales", "outcome": "abandoned"}
    assert value(page, "callcenter_queue_wait_seconds_bucket", **of_abandoned, le="20.0") == 0
    assert value(page, "callcenter_queue_wait_seconds_count", **of_abandoned) == 1
    assert value(page, "callcenter_queue_wait_seconds_count", queue="sales", outcome="other") == 0, "refused"
    assert value(page, "callcenter_queue_wait_seconds_count", queue=HOSTILE, outcome="abandoned") == 0, "none yet"


def test_talk_transfers_rings_drift_and_link_losses_are_counted() -> None:
    counters = Counters()
    counters.apply(VisitCompleted(AT, "c1", 1, visit(Outcome.ANSWERED, 1.0, talk_s=12.25, transferred=True)))
    counters.apply(VisitCompleted(AT, "c2", 2, visit(Outcome.ANSWERED, 1.0, talk_s=None)))
    for unanswered in (True, False, True):
        attempt = Attempt("سارا", "PJSIP/1001", AT, 5.0, Result.NO_ANSWER, unanswered)
        counters.apply(AttemptEnded(AT, "c1", 1, "sales", attempt))
    counters.apply(Drift(AT, "", "leg_unknown", "x"))
    for up in (False, True, False, False, True):
        counters.apply(LinkChanged(AT, "", up, ""))
    counters.ami_events = 1234
    counters.ami_dropped["too_long"] += 1
    page = scraped(counters)
    assert value(page, "callcenter_queue_talk_seconds_total", queue="sales") == 12.25
    assert value(page, "callcenter_queue_transferred_total", queue="sales") == 1
    assert value(page, "callcenter_queue_ring_no_answer_total", queue="sales") == 2
    assert value(page, "callcenter_drift_total", kind="leg_unknown") == 1
    assert value(page, "callcenter_link_lost_total") == 1, "down before it was ever up, or down twice, is no loss"
    assert value(page, "callcenter_ami_events_total") == 1234
    assert value(page, "callcenter_ami_dropped_total", reason="too_long") == 1


def of_daemon(counters: Counters | None = None, at: float = AT, **health: Any) -> str:
    """What is scraped at a moment, of a daemon that is so."""
    now = msgspec.structs.replace(board(), now=msgspec.structs.replace(board().now, at=at), holes=HOLES, began=BEGAN)
    return written(now, counters, Health(**health))


HOLES = (
    Hole("main", AT - 7000, AT - 6000, "x", True), Hole("main", AT - 1000, AT - 880, "x", False),
    Hole("main", AT - 30, None, "x", False),
)  # fmt: skip
BEGAN = {"today": AT - 30_000, "15m": AT - 900}


def test_blind_time_grows_while_nothing_is_seen_and_stands_while_all_is() -> None:
    counters = Counters()
    steps = [
        (LinkChanged(AT, "", True, ""), AT + 50, 0),
        (LinkChanged(AT + 100, "", False, "lost"), AT + 100, 0),
        (LinkChanged(AT + 101, "", False, "refused"), AT + 107.5, 7.5),
        (LinkChanged(AT + 130, "", True, ""), AT + 500, 30),
        (LinkChanged(AT + 600, "", False, "lost"), AT + 604, 34),
        # The PBX's clock is set back an hour: 4 s have passed all the same.
        (TimeShifted(AT - 2996, "", -3600.0), AT - 2996, 34),
        (LinkChanged(AT - 2990, "", True, ""), AT, 40),
    ]
    for change, at, blind_s in steps:
        counters.apply(change)
        assert value(of_daemon(counters, at), "callcenter_ami_blind_seconds_total") == pytest.approx(blind_s), change
    assert value(of_daemon(counters), "callcenter_ami_reconnects_total") == 2
    assert value(of_daemon(counters), "callcenter_link_lost_total") == 2


def test_blind_time_that_was_told_is_never_less_afterwards() -> None:
    """The PBX's clock lost half a second meanwhile: to Prometheus a counter that falls has begun anew."""
    counters, told = Counters(), []
    counters.apply(LinkChanged(AT, "", True, ""))
    counters.apply(LinkChanged(AT + 100, "", False, "lost"))
    told.append(counters.picture(AT + 3700).blind_s(AT + 3700))
    counters.apply(LinkChanged(AT + 3699.5, "", True, ""))
    told.append(counters.picture(AT + 3700).blind_s(AT + 3700))
    counters.apply(LinkChanged(AT + 3800, "", False, "lost"))
    told += [counters.picture(AT + at).blind_s(AT + at) for at in (3800, 3810)]
    assert told == [3600, 3600, 3600, 3609.5]


def test_a_window_says_how_much_of_it_may_lack_calls() -> None:
    page = of_daemon()
    assert value(page, "callcenter_holes", repaired="true") == 1
    assert value(page, "callcenter_holes", repaired="false") == 2
    assert value(page, "callcenter_window_blind_seconds", window="15m") == 20 + 30
    assert value(page, "callcenter_window_blind_seconds", window="today") == 120 + 30, "what is repaired is no gap"
    unseen = value(page, "callcenter_window_agents_blind_seconds", window="today")
    assert unseen is not None and unseen > 120 + 30, "queue_log does not tell what agents did"


def test_repaired_visits_are_counted_by_their_true_outcome() -> None:
    counters = Counters()
    for outcome in (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.ABANDONED):
        counters.apply(VisitRepaired(AT, "c", visit(Outcome.UNKNOWN, 1.0), visit(outcome, 9.0)))
    page = of_daemon(counters)
    for outcome, n in (("answered", 2), ("abandoned", 1)):
        assert value(page, "callcenter_queue_log_repaired_visits_total", queue="sales", outcome=outcome) == n


def literals_of(call: str, place: int) -> set[str]:
    """Words that the code gives as the argument at that place, wherever it calls something of that name."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / "callcenter").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        one.value for node in calls if ast.unparse(node.func).rpartition(".")[2] == call and len(node.args) > place
        for one in [node.args[place]] if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }  # fmt: skip


def test_every_kind_that_the_code_names_begins_at_nothing() -> None:
    drifts = literals_of("drift", 1) | literals_of("Drift", 2)
    assert len(drifts) > 10 and drifts | doubts.KINDS == set(known.DRIFTS)
    told = "".join((ROOT / "callcenter/ami" / name).read_text() for name in ("framing.py", "link.py"))
    drops = set(re.findall(r'dropped\["(\w+)"\]|reason = (?:"" if .* else )?"(\w+)"', told))
    conditional = set(re.findall(r'dropped\["(\w+)" if .* else "(\w+)"\]', told))
    assert {word for pair in drops | conditional for word in pair} - {""} == set(known.DROPS)
    page = scraped()
    assert {value(page, "callcenter_drift_total", kind=kind) for kind in known.DRIFTS} == {0}
    assert {value(page, "callcenter_ami_dropped_total", reason=reason) for reason in known.DROPS} == {0}
    assert value(page, "callcenter_queue_log_repaired_visits_total", queue="sales", outcome="answered") == 0


def test_a_picture_of_the_counters_stays_as_it_is() -> None:
    counters = Counters()
    changes = (
        VisitEntered(AT, "c", 1, "sales", 1), VisitEnded(AT, "c", 1, visit(Outcome.ANSWERED, 4.0)),
        VisitCompleted(AT, "c", 1, visit(Outcome.ANSWERED, 4.0, talk_s=9.0)), Drift(AT, "", "x", ""),
        LinkChanged(AT, "", True, ""), LinkChanged(AT + 1, "", False, ""),
    )  # fmt: skip
    for change in changes:
        counters.apply(change)
    picture, before = counters.picture(AT), scraped(counters)
    assert scraped(picture) == before
    for change in changes:
        counters.apply(change)
    assert scraped(picture) == before != scraped(counters)


def test_the_page_is_as_prometheus_s_own_library_writes_it() -> None:
    """Also when its lines are remembered from a page before, and behind one of a single metric."""
    exposition, counters = Exposition(), Counters()
    counters.apply(VisitEnded(AT, "c1", 1, Visit(HOSTILE, AT, wait_s=1e-7, outcome=Outcome.ANSWERED)))
    without = msgspec.structs.replace(board(), now=msgspec.structs.replace(board().now, queues=(), agents=()))
    for one in (board(), without, board()):
        for names in ((), ("callcenter_queue_wait_seconds",), ()):
            args = one, counters, Health(store_writes=40, store_write_seconds=1e17, lag_s=math.inf), None, None, names
            assert exposition.page(told(*args)).decode() == by_library(told(*args))
            counters.apply(VisitEntered(AT, "c2", 1, HOSTILE, 1))


OF_HEALTH = [
    ({"lag_s": 61.5}, "callcenter_ami_lag_seconds", {}, 61.5),
    ({"clock_offset_s": -3600.0}, "callcenter_pbx_clock_offset_seconds", {}, -3600),
    ({}, "callcenter_ami_lag_seconds", {}, None), ({}, "callcenter_pbx_clock_offset_seconds", {}, None),
    ({"lag_s": 0.0}, "callcenter_ami_lag_seconds", {}, 0),
    ({"clock_offset_s": 0.0}, "callcenter_pbx_clock_offset_seconds", {}, 0),
    ({"inbox": 12}, "callcenter_inbox_pending", {}, 12),
    ({"store_pending": 5}, "callcenter_store_pending", {}, 5),
    ({"store_failure": "disk is full"}, "callcenter_store_failed", {}, 1),
    ({}, "callcenter_store_failed", {}, 0),
    ({"store_writes": 40, "store_write_seconds": 0.5}, "callcenter_store_write_seconds_count", {}, 40),
    ({"store_writes": 40, "store_write_seconds": 0.5}, "callcenter_store_write_seconds_sum", {}, 0.5),
    ({"store_dropped_journal": 7}, "callcenter_store_dropped_journal_total", {}, 7),
    ({"store_refused_rows": 2}, "callcenter_store_refused_rows_total", {}, 2),
    ({"queue_log_differences": {"sales": -2}}, "callcenter_queue_log_difference", {"queue": "sales"}, -2),
    ({"queue_log_lag_s": 1.5}, "callcenter_queue_log_lag_seconds", {}, 1.5),
    ({}, "callcenter_queue_log_lag_seconds", {}, None),
    ({"backup_at": AT}, "callcenter_backup_last_success_timestamp_seconds", {}, AT),
    ({}, "callcenter_backup_last_success_timestamp_seconds", {}, None),
    ({"backup_age_s": 7200.5}, "callcenter_store_backup_age_seconds", {}, 7200.5),
    ({}, "callcenter_store_backup_age_seconds", {}, None),
    ({"backup_failures": 3}, "callcenter_store_backup_failures_total", {}, 3),
    ({"backup_age_s": 7201.0, "backup_old_s": 7200.0}, "callcenter_alarm", {"kind": "old_backup"}, 1),
    ({"backup_age_s": 7199.0, "backup_old_s": 7200.0}, "callcenter_alarm", {"kind": "old_backup"}, 0),
    ({"link": False}, "callcenter_alarm", {"kind": "link"}, 1),
    ({"link": False}, "callcenter_alarm", {"kind": "store"}, 0),
    ({"store_failure": "database or disk is full"}, "callcenter_alarm", {"kind": "disk_full"}, 1),
    ({"store_failure": "database or disk is full"}, "callcenter_alarm", {"kind": "store"}, 0),
    ({"queue_log_differences": {"sales": 0}}, "callcenter_alarm", {"kind": "difference"}, 0),
]


@pytest.mark.parametrize(("health", "name", "labels", "expected"), OF_HEALTH)
def test_how_the_daemon_is_can_be_scraped(
    health: dict[str, Any], name: str, labels: dict[str, str], expected: float | None
) -> None:
    assert value(of_daemon(**health), name, **labels) == expected


def test_every_row_of_the_table_is_scraped_with_its_type_and_its_labels_and_nothing_else_is() -> None:
    counters = Counters()
    counters.apply(VisitEnded(AT, "c1", 1, visit(Outcome.ANSWERED, 4.0)))
    families = {f.name: f for f in text_string_to_metric_families(scraped(counters))}
    for name, row in METRICS.items():
        family = families.pop(name.removesuffix("_total") if row.type == "counter" else name)
        assert (family.type, family.documentation) == (row.type, row.help)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(row.labels)
    assert not families


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_can_be_asked_for_alone(name: str) -> None:
    counters = Counters()
    for change in (VisitEnded(AT, "c1", 1, visit(Outcome.ANSWERED, 4.0)), Drift(AT, "", "bug", "")):
        counters.apply(change)
    whole = written(board(), counters)
    alone = written(board(), counters, names=[name])
    assert {family.name for family in text_string_to_metric_families(alone)} == {name.removesuffix("_total")}
    assert samples(alone).items() <= samples(whole).items()
    assert bool(samples(alone)) is any(METRICS[name].name.removesuffix("_total") in key for key, _ in samples(whole))


def test_every_metric_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [name for name in METRICS if f"`{name}`" not in text] == []
    assert text == reference.page(), "python -m callcenter.metrics.reference > docs/metrics.md"


def test_promtool_finds_nothing_to_mend() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "promtool (Debian: prometheus) must be there in CI"
        pytest.skip("promtool is not here (Debian: prometheus)")
    counters = Counters()
    counters.apply(VisitEnded(AT, "c1", 1, visit(Outcome.ANSWERED, 4.0)))
    counters.apply(Drift(AT, "", "leg_unknown", "x"))
    done = subprocess.run([promtool, "check", "metrics"], input=scraped(counters), text=True, capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
