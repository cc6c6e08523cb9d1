"""The dashboards of deploy/grafana: made of the table, of Grafana's schema, and all they ask for is a metric of ours.

What they look like nobody has seen here: that needs a Grafana server. tests/live/test_prometheus.py asks a real
Prometheus each of their questions.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from grafana_schema import problems
from lab.promql import as_grafana_asks

from callcenter.metrics.dashboards.__main__ import files
from callcenter.metrics.dashboards.figures import LIVE, over_time
from callcenter.metrics.dashboards.history import TOLD
from callcenter.metrics.dashboards.values import LANGUAGES
from callcenter.metrics.table import METRICS, figure_metric
from kpi.table import CALL_FIGURES, FIGURES

GRAFANA = Path(__file__).parents[2] / "deploy/grafana"
RULES = Path(__file__).parents[2] / "deploy/prometheus/callcenter.rules.yml"
MADE = {name: json.loads(text) for name, text in files().items()}
ANYWHERE = {"instance": "hq:8080", "queue": "sales"}
PERSIAN = re.compile("[\u0600-\u06ff]")

UNASKED = {
    metric for figure in CALL_FIGURES if figure.name not in TOLD
    for metric in (figure_metric(figure.name, figure.unit, True), figure_metric(figure.name, figure.unit, False))
}  # fmt: skip
"""Of agents' words, surveys, the IVR, quality and callbacks: nothing tells them yet, their panels would stay empty."""


def panels(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in of["panels"] if panel["type"] != "row"]


def targets() -> Iterator[dict[str, Any]]:
    for made in MADE.values():
        for panel in panels(made):
            yield from panel["targets"]


def metrics_in(text: str) -> set[str]:
    """Names of the table in PromQL; of histograms and summaries without what is added to their names."""
    found = set(re.findall(r"\bcallcenter_\w+", text))
    return {name if name in METRICS else re.sub("_(bucket|sum|count)$", "", name) for name in found}


def test_the_files_are_those_of_the_table() -> None:
    kept = {str(path.relative_to(GRAFANA)): path.read_text(encoding="utf-8") for path in GRAFANA.glob("**/*.json")}
    assert kept == files(), "python -m callcenter.metrics.dashboards deploy/grafana"


def written_to(*folders: Path) -> tuple[int, str]:
    """Status and stderr of the command."""
    command = [sys.executable, "-m", "callcenter.metrics.dashboards", *folders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_where_they_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    usage = "usage: python -m callcenter.metrics.dashboards FOLDER\n"
    assert written_to() == written_to(tmp_path, tmp_path) == (2, usage)
    (tmp_path / "file").touch()
    assert written_to(tmp_path / "file") == (2, f"cannot write {tmp_path}/file/dashboards/en: Not a directory\n")
    assert written_to(tmp_path / "new") == (0, "")
    assert {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*.json")} == set(files())


@pytest.mark.parametrize("name", MADE)
def test_grafana_s_schema_knows_each_key_and_allows_each_value(name: str) -> None:
    assert problems(MADE[name]) == []


def _in_panel(key: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Changes the first panel of a kind."""
    return lambda made: change(next(panel for panel in panels(made) if panel["type"] == key))


WRONG: dict[str, Callable[[dict[str, Any]], Any]] = {
    ".tittle is unknown": lambda made: made.update(tittle="x"),
    ".options.legnd is unknown": _in_panel("timeseries", lambda panel: panel["options"].update(legnd={})),
    ".custom.spanNull is unknown": _in_panel(
        "timeseries", lambda panel: panel["fieldConfig"]["defaults"]["custom"].update(spanNull=True)),
    ".expression is unknown": _in_panel("stat", lambda panel: panel["targets"][0].update(expression="x")),
    "'bakground', not": _in_panel("stat", lambda panel: panel["options"].update(colorMode="bakground")),
    ".transformations[0].optoins is unknown": _in_panel(
        "table", lambda panel: panel["transformations"][0].update(optoins={})),
    "'6', not": _in_panel("table", lambda panel: panel["gridPos"].update(w="6")),
    ".custom.fillBelow is unknown": _in_panel("timeseries", lambda panel: panel["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": "custom.fillBelow", "value": "y"}]})),
    "'dashd+area', not": _in_panel("timeseries", lambda panel: panel["fieldConfig"]["overrides"].append(
        {"matcher": {"id": "byName", "options": "x"},
         "properties": [{"id": "custom.thresholdsStyle", "value": {"mode": "dashd+area"}}]})),
}  # fmt: skip


@pytest.mark.parametrize("said", WRONG)
def test_what_grafana_would_not_understand_is_found(said: str) -> None:
    made = copy.deepcopy(MADE["dashboards/en/overview.json"])
    WRONG[said](made)
    assert len(found := problems(made)) == 1 and said in found[0]


@pytest.mark.parametrize("name", MADE)
def test_no_panel_lies_over_another_and_none_is_wider_than_the_page(name: str) -> None:
    cells = [
        (x, y) for panel in MADE[name]["panels"] for at in [panel["gridPos"]]
        for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]  # fmt: skip
    assert cells and len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in MADE[name]["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", MADE)
def test_what_is_chosen_above_is_what_the_panels_ask_with(name: str) -> None:
    """A variable that is asked with and not there would be sent to Prometheus as it is written."""
    there = {one["name"] for one in MADE[name]["templating"]["list"]}
    asked = set(re.findall(r"\$(?!__)\{?(\w+)", json.dumps(panels(MADE[name]))))
    assert asked == there


@pytest.mark.parametrize("name", MADE)
def test_a_panel_repeated_for_each_queue_is_of_a_dashboard_with_several(name: str) -> None:
    queue = [one for one in MADE[name]["templating"]["list"] if one["name"] == "queue" and one["multi"]]
    for panel in panels(MADE[name]):
        assert panel.get("repeat") in ((None, "queue") if queue else (None,))


def test_both_languages_ask_the_same_and_the_other_speaks_persian() -> None:
    names = sorted(name for name in MADE if "/en/" in name)
    assert len({made["uid"] for made in MADE.values()}) == len(MADE) == 2 * len(names) == 12
    for name in names:
        english, persian = MADE[name], MADE[name.replace("/en/", "/fa/")]
        assert [target["expr"] for panel in panels(english) for target in panel["targets"]] == [
            target["expr"] for panel in panels(persian) for target in panel["targets"]
        ]
        assert not PERSIAN.search(json.dumps(english, ensure_ascii=False))
        told = [persian["title"], *(panel["title"] for panel in persian["panels"])]
        assert [title for title in told if not PERSIAN.search(title)] in ([], ["MQTT", "MQTT"])
        legends = {target["legendFormat"] for panel in panels(persian) for target in panel["targets"]}
        assert all(not legend or legend.startswith("{{") or PERSIAN.search(legend) for legend in legends)
        assert english["links"][0]["tags"] == english["tags"] != persian["tags"] == persian["links"][0]["tags"]


def test_a_window_in_a_table_has_a_name_in_each_language() -> None:
    for language, head in (("en", "Window"), ("fa", "بازه")):
        asked, named = set[str](), set[str]()
        made = (MADE[f"dashboards/{language}/{name}.json"] for name in ("overview", "history"))
        for panel in (one for each in made for one in panels(each) if "by (window)" in one["targets"][0]["expr"]):
            asked |= set("|".join(re.findall(r'window=~"([^"]+)"', panel["targets"][0]["expr"])).split("|"))
            (rule,) = (one for one in panel["fieldConfig"]["overrides"] if one["matcher"]["options"] == head)
            names = rule["properties"][0]["value"][0]["options"]
            named |= {window for window, name in names.items() if language == "en" or PERSIAN.search(name["text"])}
            assert head in panel["transformations"][1]["options"]["renameByName"].values()
        assert asked and asked == named == {"15m", "30m", "60m", "today", "7d", "28d"}


def test_a_line_of_a_window_has_a_name_in_each_language() -> None:
    lines = 0
    for panel in (one for name, made in MADE.items() if "/fa/" in name for one in panels(made)):
        named = {rule["matcher"]["options"]: one["value"] for rule in panel["fieldConfig"]["overrides"]
                 for one in rule["properties"] if one["id"] == "displayName"}  # fmt: skip
        by_window = any(target["legendFormat"] == "{{window}}" for target in panel["targets"])
        assert set(named) == ({"15m", "30m", "60m", "today", "7d", "28d"} if by_window else set()), panel["title"]
        assert all(PERSIAN.search(name) for name in named.values())
        lines += by_window
    assert lines > len(FIGURES)


def test_grafana_is_told_where_the_dashboards_of_each_language_are() -> None:
    told = (GRAFANA / "provisioning/dashboards/callcenter.yml").read_text(encoding="utf-8")
    folders = re.findall(r"^      path: /var/lib/grafana/dashboards/callcenter/(\w+)$", told, re.MULTILINE)
    assert folders == [folder.name for folder in sorted((GRAFANA / "dashboards").iterdir())] == list(LANGUAGES)


def test_nothing_of_now_is_read_from_the_past_and_no_line_leads_over_a_gap() -> None:
    for made in MADE.values():
        for panel in panels(made):
            of_now = panel["type"] in ("stat", "table", "bargauge")
            assert {target["instant"] for target in panel["targets"]} == {of_now}, panel["title"]
            if panel["type"] == "timeseries":
                assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


def test_no_word_stands_where_nothing_is_known() -> None:
    """An unreachable daemon has no series: what is shown then must not say anything of the call centre."""
    told = {panel["fieldConfig"]["defaults"]["noValue"] for made in MADE.values() for panel in panels(made)}
    assert told == {"–"}


def test_a_band_is_between_two_series_that_are_there() -> None:
    bands = 0
    for panel in (panel for made in MADE.values() for panel in panels(made)):
        names = [target["legendFormat"] for target in panel["targets"]]
        for rule in panel["fieldConfig"]["overrides"]:
            for one in (one for one in rule["properties"] if one["id"] == "custom.fillBelowTo"):
                upper = [target["refId"] for target in panel["targets"]].index(rule["matcher"]["options"])
                assert names.index(one["value"]) == upper - 1 and names.count(one["value"]) == 1
                bands += 1
    assert bands >= 2 * len([figure for figure in FIGURES if figure.target])


def test_a_figure_with_a_target_has_its_band_and_one_without_has_none() -> None:
    for figure in FIGURES:
        asked = [query.expr for query in over_time(figure).queries]
        assert any("callcenter_queue_target_" in expr for expr in asked) is (figure.target is not None)
        assert LIVE.removeprefix("~") in asked[0]


def test_every_metric_that_is_asked_for_is_in_the_table_and_every_one_of_the_table_is_asked_for() -> None:
    asked = {name for target in targets() for name in metrics_in(target["expr"])} | metrics_in(RULES.read_text())
    assert asked - METRICS.keys() == set()
    assert METRICS.keys() - asked == UNASKED


def test_the_labels_that_are_asked_for_are_those_of_the_metric() -> None:
    for target in targets():
        for name, inside in re.findall(r"\b(callcenter_\w+)\{([^}]*)\}", as_grafana_asks(target["expr"], ANYWHERE)):
            (metric,) = metrics_in(name)
            asked = set(re.findall(r"(\w+)(?:=~?|!~)[\"`]", inside)) - {"instance"}
            assert asked <= set(METRICS[metric].labels), target["expr"]
