"""The table of figures is whole, and the package stands by itself."""

from __future__ import annotations

import subprocess
import sys

import kpi
from kpi.table import COUNTS, SUMS_S

EVERY_FIGURE = (*kpi.FIGURES, *kpi.CALL_FIGURES, *kpi.PLANNING_FIGURES, *kpi.STAFF_FIGURES)


def test_every_row_is_the_function_of_its_name() -> None:
    for figure in EVERY_FIGURE:
        assert figure.of is getattr(kpi, figure.name)


def test_every_figure_function_has_a_row() -> None:
    functions = {name for name in kpi.__all__ if getattr(getattr(kpi, name), "__module__", "").startswith(
        ("kpi.visits", "kpi.conversations", "kpi.resolution", "kpi.agents", "kpi.planning"))}  # fmt: skip
    assert functions == {figure.name for figure in EVERY_FIGURE}
    assert len(EVERY_FIGURE) == len(functions)


def test_every_figure_is_labelled_in_three_languages_and_no_label_is_used_twice() -> None:
    for language in ("en", "fa", "ar"):
        labels = [figure.label[language] for figure in EVERY_FIGURE]
        assert all(labels)
        assert len(set(labels)) == len(labels)


def test_every_figure_says_its_unit_its_empty_input_and_its_source() -> None:
    for figure in EVERY_FIGURE:
        text = figure.of.__doc__ or ""
        assert {"ratio": "Ratio", "s": "Seconds", "agents": "Agents"}[figure.unit] in text, figure.name
        assert "NaN" in text, figure.name
        assert "Source: " in text, figure.name


def test_a_target_goes_from_the_lower_to_the_higher() -> None:
    assert all(figure.target is None or figure.target[0] <= figure.target[1] for figure in EVERY_FIGURE)


def test_live_windows_are_asked_for_nothing_that_they_cannot_compute() -> None:
    names = {figure.name for figure in (*kpi.VISIT_FIGURES, *kpi.AGENT_FIGURES)}
    assert {figure.name for figure in kpi.FIGURES} == names


def test_published_counts_and_sums_are_fields_of_the_sums() -> None:
    assert set(COUNTS + SUMS_S) < set(kpi.VisitSums.__dataclass_fields__)


def test_kpi_imports_nothing_of_callcenter() -> None:
    loaded = "import kpi, sys; print([m for m in sys.modules if m.split('.')[0] in ('callcenter', 'msgspec')])"
    printed = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
