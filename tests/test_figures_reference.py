"""docs/figures.md tells of every figure, as the table and the functions do."""

from __future__ import annotations

from pathlib import Path

import kpi
from callcenter.metrics.figures_reference import document

WRITTEN = (Path(__file__).parents[1] / "docs" / "figures.md").read_text()


def test_the_document_is_as_the_table_says() -> None:
    assert document() == WRITTEN, "write it anew: python -m callcenter.metrics.figures_reference > docs/figures.md"


def test_every_figure_is_documented_by_its_own_words() -> None:
    for figure in (*kpi.FIGURES, *kpi.CALL_FIGURES, *kpi.PLANNING_FIGURES, *kpi.STAFF_FIGURES):
        assert WRITTEN.count(f"### `{figure.name}`\n") == 1, figure.name
        assert all(label in WRITTEN for label in figure.label.values()), figure.name
