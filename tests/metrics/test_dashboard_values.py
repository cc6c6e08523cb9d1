"""What the dashboards compute themselves, and what docs/metrics.md says to compute, by Prometheus on given series."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lab.promql import ALL, as_grafana_asks

from callcenter.floor.records import Outcome
from callcenter.metrics.dashboards.__main__ import files
from callcenter.metrics.recipes import recipes, within

HQ = 'instance="hq:8080"'
SALES, VIP = f'{HQ},queue="sales"', f'{HQ},queue="vip"'
SARA, ALI = f'{HQ},agent="PJSIP/1",name="sara"', f'{HQ},agent="PJSIP/2",name="ali"'

Samples = list[tuple[str, float]]


def check(folder: Path, series: Mapping[str, str], cases: Mapping[str, Samples]) -> None:
    """After an hour each expression has these samples (labels, value) and no others; a value comes each minute."""
    promtool = shutil.which("promtool")
    if promtool is None:
        assert not os.environ.get("CI"), "promtool (Debian: prometheus) must be there in CI"
        pytest.skip("promtool is not here (Debian: prometheus)")
    tests = [
        {"expr": expr, "eval_time": "60m", "exp_samples": [{"labels": of, "value": value} for of, value in samples]}
        for expr, samples in cases.items()
    ]
    given = [{"series": name, "values": values} for name, values in series.items()]
    (folder / "tests.yml").write_text(json.dumps({
        "rule_files": [], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "promql_expr_test": tests, "input_series": given}],
    }))  # fmt: skip
    done = subprocess.run([promtool, "test", "rules", "tests.yml"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def question(dashboard: str, title: str, query: int = 0, *, site: str = "hq:8080", queue: str = "sales") -> str:
    """What a panel asks of the site, and of all its queues, or of this one where only one can be chosen."""
    made = json.loads(files()[f"dashboards/en/{dashboard}.json"])
    panel = next(one for one in made["panels"] if one["title"] == title and one["type"] != "row")
    targets: list[dict[str, Any]] = panel["targets"]
    several = any(one["multi"] for one in made["templating"]["list"])
    return as_grafana_asks(targets[query]["expr"], {"instance": site, "queue": ALL if several else queue})


def test_what_is_chosen_means_itself_and_is_no_expression(tmp_path: Path) -> None:
    """Of other sites and queues whose names it would match as an expression nothing is shown."""
    site, queue, waiting = "[::1]:8080", "sales (EU)", "callcenter_queue_waiting"
    chosen = f'{waiting}{{instance="{site}",queue="{queue}"}}'
    others = [f'{waiting}{{instance="{site}",queue="sales EU"}}', f'{waiting}{{instance="1:8080",queue="{queue}"}}']
    link = {f'callcenter_link_up{{instance="{one}",pbx="main"}}': "1x60" for one in (site, "1:8080")}
    series = {chosen: "2x60", **dict.fromkeys(others, "5x60"), **link}
    asked = question("queue", "Waiting", site=site, queue=queue)
    check(tmp_path, series, {f"sum({asked})": [("{}", 2.0)]})
    check(tmp_path, series, {question("overview", "Waiting", site=site): [("{}", 7.0)]})


def test_a_service_level_is_held_to_the_target_of_its_own_queue(tmp_path: Path) -> None:
    level, target = "callcenter_queue_service_level_ratio", "callcenter_queue_service_level_target_ratio"
    series = {
        f'{level}{{{SALES},window="30m"}}': "0.75x60", f"{target}{{{SALES}}}": "0.5x60",
        f'{level}{{{VIP},window="30m"}}': "0.75x60", f"{target}{{{VIP}}}": "1x60",
    }  # fmt: skip
    gaps = [(f'{{{SALES},window="30m"}}', 0.25), (f'{{{VIP},window="30m"}}', -0.25)]
    check(tmp_path, series, {question("overview", "Service level less its target"): gaps})


LOW, HIGH = "callcenter_queue_target_low", "callcenter_queue_target_high"


def test_each_queue_is_judged_by_its_own_target(tmp_path: Path) -> None:
    """The same wait and the same rates are well for one queue and bad for the other."""
    series = {f'callcenter_link_up{{{HQ},pbx="main"}}': "1x60"}
    for queue, t, abandons, resolved in ((SALES, 120, (0.1, 0.2), 0.6), (VIP, 10, (0.02, 0.04), 0.9)):
        series |= {
            f"callcenter_queue_longest_wait_seconds{{{queue}}}": "40x60",
            f"callcenter_queue_service_level_threshold_seconds{{{queue}}}": f"{t}x60",
            f'callcenter_queue_abandon_rate_ratio{{{queue},window="today"}}': "0.1x60",
            f'{LOW}{{{queue},figure="abandon_rate"}}': f"{abandons[0]}x60",
            f'{HIGH}{{{queue},figure="abandon_rate"}}': f"{abandons[1]}x60",
            f'callcenter_queue_first_call_resolution_ratio{{{queue},window="28d"}}': "0.7x60",
            f'{LOW}{{{queue},figure="first_call_resolution"}}': f"{resolved}x60",
        }  # fmt: skip
    sales, vip = '{queue="sales"}', '{queue="vip"}'
    check(tmp_path, series, {
        question("overview", "Longest wait", 1): [("{}", 4.0)],
        question("queue", "Longest wait", 1): [("{}", 1 / 3)],
        question("overview", "Queues", 2): [(sales, 1 / 3), (vip, 4.0)],
        question("overview", "Queues", 9): [(sales, 0.0), (vip, 2.0)],
        question("overview", "Abandon rate today", 1): [("{}", 1.0)],
        question("history", "First-call resolution, 28 days", 1): [("{}", 1.0)],
    })  # fmt: skip


def test_the_fates_of_calls_are_all_that_were_decided(tmp_path: Path) -> None:
    """Each outcome is in one of the four parts that are stacked: a call a minute of each."""
    series = {f'callcenter_queue_visits_total{{{SALES},outcome="{outcome.value}"}}': "0+1x60" for outcome in Outcome}
    hours = {0: 60.0, 1: 60.0, 2: 60.0 * (len(Outcome) - 4), 3: 120.0}
    check(tmp_path, series, {
        f'round({question("overview", "What became of calls, an hour", n)})': [("{}", calls)]
        for n, calls in hours.items()
    })  # fmt: skip


def test_a_band_lies_between_its_edges(tmp_path: Path) -> None:
    """More is better: from the target to 1. Less is better: from 0 to the target, and from there to what is bad."""
    low, high = LOW, HIGH
    of = {name: f'{{{SALES},figure="{name}"}}' for name in ("service_level", "abandon_rate")}
    series = {
        low + of["service_level"]: "0.9x60", high + of["service_level"]: "0.9x60",
        low + of["abandon_rate"]: "0.02x60", high + of["abandon_rate"]: "0.03x60",
    }  # fmt: skip
    edges = {
        ("Service level", 1): (low + of["service_level"], 0.9), ("Service level", 2): (of["service_level"], 1.0),
        ("Abandon rate", 1): (of["abandon_rate"], 0.0), ("Abandon rate", 2): (low + of["abandon_rate"], 0.02),
        ("Abandon rate", 3): (low + of["abandon_rate"], 0.02), ("Abandon rate", 4): (high + of["abandon_rate"], 0.03),
    }  # fmt: skip
    check(tmp_path, series, {question("queue", title, n): [edge] for (title, n), edge in edges.items()})


def test_who_is_free_is_counted_once_and_nobody_is_0_only_while_the_daemon_says_so(tmp_path: Path) -> None:
    there = {
        f'callcenter_agent_state{{{SARA},state="talking"}}': "1x60", f'callcenter_agent_state{{{ALI},state="talking"}}':
        "1x60", f'callcenter_link_up{{{HQ},pbx="main"}}': "1x60",
    }  # fmt: skip
    asked = {title: question("agents", title) for title in ("Talking", "Available")}
    check(tmp_path, there, {asked["Talking"]: [("{}", 2.0)], asked["Available"]: [("{}", 0.0)]})
    check(tmp_path, {"up{job=\"callcenter\"}": "0x60"}, {asked["Available"]: [], asked["Talking"]: []})


GAUGES = ("waiting", "longest_wait_seconds", "talking", "agents_staffed", "staffing_gap_agents")
OF_NOW: dict[tuple[str, str, int], Samples] = {
    ("overview", "Waiting", 0): [("{}", 3.0)], ("overview", "Longest wait", 0): [("{}", 3.0)],
    ("queue", "Longest wait", 0): [("{}", 3.0)],
    ("overview", "Calls up", 0): [(f"callcenter_calls_up{{{HQ}}}", 3.0)], ("overview", "Free agents", 0): [("{}", 1.0)],
    ("overview", "Queues", 0): [('{queue="sales"}', 3.0)], ("overview", "Queues", 1): [('{queue="sales"}', 3.0)],
    ("overview", "Queues", 3): [('{queue="sales"}', 3.0)], ("overview", "Queues", 4): [('{queue="sales"}', 3.0)],
    ("overview", "Waiting by queue", 0): [(f"callcenter_queue_waiting{{{SALES}}}", 3.0)],
    ("overview", "Agents by state", 0): [("{}", 1.0)],
    ("queue", "Waiting", 0): [(f"callcenter_queue_waiting{{{SALES}}}", 3.0)],
    ("queue", "Talking", 0): [(f"callcenter_queue_talking{{{SALES}}}", 3.0)],
    ("queue", "Agents", 0): [(f'callcenter_queue_agents{{{SALES},state="available"}}', 3.0)],
    ("agents", "Available", 0): [("{}", 1.0)],
    ("agents", "What each agent did", 0): [('{agent="PJSIP/1",name="sara"}', 1.0)],
    ("agents", "On the phones", 0): [(f"callcenter_queue_agents_staffed{{{SALES}}}", 3.0)],
    ("agents", "Logged in", 0): [(f"callcenter:queue_agents_logged_in{{{SALES}}}", 3.0)],
    ("forecast", "Agents missing now", 0): [(f"callcenter_queue_staffing_gap_agents{{{SALES}}}", 3.0)],
    ("forecast", "Agents required and staffed: $queue", 0): [(f"callcenter_queue_agents_staffed{{{SALES}}}", 3.0)],
}


def test_nothing_of_now_is_shown_while_the_pbx_is_not_seen(tmp_path: Path) -> None:
    """The gauges stand still, as they do at /metrics; so would a wall."""
    stands = {f"callcenter_queue_{name}{{{SALES}}}": "3x60" for name in GAUGES}
    stands |= {f'callcenter_queue_agents{{{SALES},state="available"}}': "3x60", f"callcenter_calls_up{{{HQ}}}": "3x60",
               f"callcenter:queue_agents_logged_in{{{SALES}}}": "3x60",
               f'callcenter_agent_state{{{SARA},state="available"}}': "1x60"}  # fmt: skip
    link = f'callcenter_link_up{{{HQ},pbx="main"}}'
    asked = {question(*panel): samples for panel, samples in OF_NOW.items()}
    check(tmp_path, {**stands, link: "1x60"}, asked)
    check(tmp_path, {**stands, link: "1x30 0x30"}, {expr: [] for expr in asked})


THERE = {f'callcenter_build_info{{{HQ},version="1"}}': "1x60", f"callcenter_queue_waiting{{{SALES}}}": "0x60",
         f'callcenter_link_up{{{HQ},pbx="main"}}': "1x60"}  # fmt: skip
OF_BUILD, OF_WAITING = f'{{{HQ},version="1"}}', f"{{{SALES}}}"
WORDS: dict[tuple[str, str, int], tuple[str, str]] = {
    ("overview", "Longest wait", 0): ("{}", "nobody waits"),
    ("queue", "Longest wait", 0): ("{}", "nobody waits"),
    ("forecast", "Age of the forecast", 0): (OF_BUILD, "no forecast"),
    ("daemon", "MQTT", 0): (OF_BUILD, "no broker"),
    ("daemon", "Age of the last good backup", 0): (OF_BUILD, "none yet"),
    ("daemon", "Last good backup", 0): (OF_BUILD, "none yet"),
    ("daemon", "Difference from queue_log", 0): (OF_WAITING, "not compared"),
    ("daemon", "Since the start", 0): (OF_BUILD, "no broker"),
    ("daemon", "Since the start", 1): (OF_BUILD, "no broker"),
}


def test_what_is_absent_is_told_in_words_only_by_a_daemon_that_answers(tmp_path: Path) -> None:
    """Of one that does not answer nothing is told; and nobody knows whether anyone waits while the PBX is not seen."""
    asked = {question(*panel): [(labels, -1_000_000.0)] for panel, (labels, _) in WORDS.items()}
    check(tmp_path, THERE, asked)
    check(tmp_path, dict.fromkeys(THERE, "1x30 stale"), {expr: [] for expr in asked})
    waits = {question(*panel): [] for panel in list(WORDS)[:2]}
    check(tmp_path, {**THERE, f'callcenter_link_up{{{HQ},pbx="main"}}': "0x60"}, waits)


@pytest.mark.parametrize("panel", WORDS)
def test_the_value_of_what_is_absent_is_mapped_to_its_words(panel: tuple[str, str, int]) -> None:
    dashboard, title, query = panel
    made = json.loads(files()[f"dashboards/en/{dashboard}.json"])
    fields = next(one["fieldConfig"] for one in made["panels"] if one["title"] == title and one["type"] == "stat")
    own = [one["value"] for rule in fields["overrides"] if rule["matcher"]["options"] == "AB"[query]
           for one in rule["properties"] if one["id"] == "mappings"]  # fmt: skip
    (mapped,) = own[0] if own else fields["defaults"]["mappings"]
    assert mapped["options"]["-1000000"]["text"] == WORDS[panel][1]


def test_a_value_that_is_there_stands_for_itself(tmp_path: Path) -> None:
    there = {
        "longest_wait_seconds": ("overview", "Longest wait"), "log_difference": ("daemon", "Difference from queue_log"),
    }  # fmt: skip
    series = {f"callcenter_queue_{name}{{{SALES}}}": "-3x60" for name in there}
    check(tmp_path, THERE | series, {
        question(*there["longest_wait_seconds"]): [("{}", -3.0)],
        question(*there["log_difference"]): [(f"callcenter_queue_log_difference{{{SALES}}}", -3.0)],
    })  # fmt: skip


@pytest.mark.parametrize("dashboard", ["overview", "queue", "agents"])
def test_a_dashboard_of_now_says_whether_the_pbx_is_seen(dashboard: str, tmp_path: Path) -> None:
    asked, up = question(dashboard, "PBX"), f'up{{{HQ},job="callcenter"}}'
    link = f'callcenter_link_up{{{HQ},pbx="main"}}'
    for values, said in (("1x60", 1.0), ("0x60", 0.0)):
        check(tmp_path, {up: "1x60", link: values}, {asked: [(link, said)]})
    check(tmp_path, {up: "1x40 0x20", link: "1x40 stale"}, {asked: [(f'{{{HQ},job="callcenter"}}', -1.0)]})
    check(tmp_path, {}, {asked: []})


def test_the_time_of_an_agent_is_shared_out_among_its_states(tmp_path: Path) -> None:
    """Sara was available for three quarters of the hour and talked in the last one; of the half hour in which the link
    was down nothing is known. Both ends are looked at, each 30 s: the states 61 and 31 times, and 30 times she talked
    from the 45th minute on."""
    series = {
        f'callcenter_agent_state{{{SARA},state="available"}}': "1x44 stale",
        f'callcenter_agent_state{{{SARA},state="talking"}}': "_x45 1x15",
        f'callcenter_link_up{{{HQ},pbx="main"}}': "1x9 0x29 1x20",
    }
    of = '{agent="PJSIP/1",name="sara"}'
    shares = {0: 30 / 61, 2: 31 / 61, 3: 0.0}
    check(tmp_path, series, {
        question("agents", "How the time was spent", n): [(of, share)] for n, share in shares.items()
    })  # fmt: skip


def test_the_state_of_an_agent_is_told_by_its_number(tmp_path: Path) -> None:
    series = {f'callcenter_agent_state{{{SARA},state="talking"}}': "1x60",
              f'callcenter_agent_state{{{ALI},state="logged_out"}}': "1x60",
              f'callcenter_link_up{{{HQ},pbx="main"}}': "1x60"}  # fmt: skip
    expected = [('{agent="PJSIP/1",name="sara"}', 3.0), ('{agent="PJSIP/2",name="ali"}', 8.0)]
    check(tmp_path, series, {question("agents", "What each agent did"): expected})
    panel = next(one for one in json.loads(files()["dashboards/en/agents.json"])["panels"]
                 if one["title"] == "What each agent did")  # fmt: skip
    (mapped,) = panel["fieldConfig"]["defaults"]["mappings"]
    assert (mapped["options"]["3"]["text"], mapped["options"]["8"]["text"]) == ("Talking", "Logged out")


def test_today_is_told_as_a_share_of_the_forecast(tmp_path: Path) -> None:
    """Where nothing was forecast there is no share."""
    series = {
        f'callcenter_queue_window_visits{{{SALES},window="today",outcome="offered"}}': "31x60",
        f'callcenter_queue_window_visits{{{VIP},window="today",outcome="offered"}}': "5x60",
        f"callcenter_queue_forecast_calls{{{SALES}}}": "124x60", f"callcenter_queue_forecast_calls{{{VIP}}}": "0x60",
        f"callcenter_queue_entered_total{{{SALES}}}": "0+2x60",
        f"callcenter_forecast_made_timestamp_seconds{{{HQ}}}": "600x60",
    }  # fmt: skip
    share = [(f'{{{SALES},outcome="offered",window="today"}}', 0.25)]
    check(tmp_path, series, {
        question("forecast", "Come, as a share of the forecast"): share,
        question("forecast", "Calls of a quarter of an hour: $queue"): [(f"{{{SALES}}}", 30.0)],
        question("forecast", "Age of the forecast"): [(f"{{{HQ}}}", 3000.0)],
    })  # fmt: skip


def test_the_time_of_a_write_is_the_mean_and_none_while_nothing_is_written(tmp_path: Path) -> None:
    asked = question("daemon", "Time of a write")
    name = "callcenter_store_write_seconds"
    took, writes = f"{name}_sum{{{HQ}}}", f"{name}_count{{{HQ}}}"
    check(tmp_path, {took: "0+1x60", writes: "0+4x60"}, {asked: [(f"{{{HQ}}}", 0.25)]})
    check(tmp_path, {took: "9x60", writes: "90x60"}, {asked: []})


def test_figures_of_any_window_are_what_the_counters_grew_by(tmp_path: Path) -> None:
    """A minute brings ten visits: six answered, four of them within the queue's own 10 s, after 60 s of waiting in all;
    three abandoned, one within 5 s and two within 10 s, after 24 s; one left by key; and one refused. The hour before
    is not in it, nor does a queue have a service level whose T is no bound of the buckets."""
    visits, bucket = "callcenter_queue_visits_total", "callcenter_queue_wait_seconds_bucket"
    total, threshold = "callcenter_queue_wait_seconds_sum", "callcenter_queue_service_level_threshold_seconds"
    a_minute = {
        f'{visits}{{{SALES},outcome="answered"}}': 6, f'{visits}{{{SALES},outcome="abandoned"}}': 3,
        f'{visits}{{{SALES},outcome="exited"}}': 1, f'{visits}{{{SALES},outcome="refused_full"}}': 1,
        f'{bucket}{{{SALES},outcome="answered",le="5.0"}}': 1, f'{bucket}{{{SALES},outcome="answered",le="10.0"}}': 4,
        f'{bucket}{{{SALES},outcome="answered",le="20.0"}}': 5, f'{bucket}{{{SALES},outcome="abandoned",le="5.0"}}': 1,
        f'{bucket}{{{SALES},outcome="abandoned",le="10.0"}}': 2, f'{total}{{{SALES},outcome="answered"}}': 60,
        f'{total}{{{SALES},outcome="abandoned"}}': 24, f"callcenter_queue_talk_seconds_total{{{SALES}}}": 600,
        f"callcenter_queue_transferred_total{{{SALES}}}": 3, f"callcenter_queue_ring_no_answer_total{{{SALES}}}": 2,
        f'{bucket}{{{VIP},outcome="answered",le="10.0"}}': 4, f'{visits}{{{VIP},outcome="answered"}}': 6,
    }  # fmt: skip
    series = {name: f"1000+{grows}x60" for name, grows in a_minute.items()}
    series |= {f"{threshold}{{{SALES}}}": "10x60", f"{threshold}{{{VIP}}}": "12x60"}
    expected = {
        "offered": 300.0, "answered": 180.0, "abandoned": 90.0, "short_abandoned": 30.0, "ring_no_answer": 60.0,
        "transferred": 90.0, "wait_answered_s": 1800.0, "wait_abandoned_s": 720.0, "talk_s": 18000.0,
        "service_level": 4 / 9, "service_level_answered": 4 / 6, "service_level_with_abandons": 6 / 9,
        "abandon_rate": 2 / 9, "average_speed_of_answer": 10.0, "transfer_rate": 0.5,
    }  # fmt: skip
    asked = recipes(within("30m"))
    assert asked.keys() == expected.keys()
    for_sales = {f'({expr}) and on (queue) {threshold}{{queue="sales"}}': name for name, expr in asked.items()}
    check(tmp_path, series, {
        **{expr: [(f"{{{SALES}}}", expected[name])] for expr, name in for_sales.items()},
        f'({asked["service_level_answered"]}) and on (queue) {threshold}{{queue="vip"}}': [],
    })  # fmt: skip
