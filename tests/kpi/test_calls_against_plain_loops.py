"""The sums of whole calls against the definitions as plain loops, on random tables."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import kpi
from kpi import Calls

QUEUES = 2
FLOATS = {"started_at", "points", "points_possible"}
BOOLS = {"answered", "surveyed", "in_ivr", "self_served", "callback_requested", "callback_done"}
said = st.integers(-1, 1)
call_rows = st.lists(st.fixed_dictionaries({
    "queue": st.integers(-1, QUEUES - 1), "customer": st.integers(-1, 1), "started_at": st.integers(0, 9).map(float),
    "resolved": said, "survey_resolved": said, "rating": st.integers(0, 5),
    "points": st.integers(0, 4).map(float), "points_possible": st.sampled_from([0.0, 4.0, 5.0]),
    **{name: st.booleans() for name in sorted(BOOLS)},
}), max_size=12)  # fmt: skip
# Few customers and few moments: most rows have others before, after and beside them. Most rows are old enough.
nows = st.integers(4, 16).map(float)
windows = st.integers(0, 5).map(float)
spans = st.sampled_from([(-math.inf, math.inf), (0.0, 9.0), (3.0, 8.0), (8.0, 3.0)])
Row = dict[str, Any]


def table(rows: list[Row]) -> Calls:
    def kind(name: str) -> type:
        return float if name in FLOATS else bool if name in BOOLS else int

    return Calls(**{name: np.array([row[name] for row in rows], kind(name)) for name in Calls.__dataclass_fields__})


def called_again(rows: list[Row], place: int, within: float) -> bool:
    """Any later row of the same known customer, however the rows are sorted."""
    one = rows[place]
    return one["customer"] >= 0 and any(
        other["customer"] == one["customer"]
        and (other["started_at"], at) > (one["started_at"], place)
        and other["started_at"] <= one["started_at"] + within
        for at, other in enumerate(rows)
    )


def called_before(rows: list[Row], place: int, within: float) -> bool:
    one = rows[place]
    return one["customer"] >= 0 and any(
        other["customer"] == one["customer"]
        and (other["started_at"], at) < (one["started_at"], place)
        and other["started_at"] >= one["started_at"] - within
        for at, other in enumerate(rows)
    )


def share(rows: list[tuple[Row, int]], of: Any) -> float:
    """Of these rows, those that are so."""
    return sum(bool(of(*row)) for row in rows) / len(rows) if rows else math.nan


def loop(rows: list[Row], chosen: list[int], now: float, window: float, day: float) -> dict[str, float]:
    """The figures of the chosen rows, by their definitions."""
    mine = [(rows[place], place) for place in chosen]
    followed = [(row, place) for row, place in mine if row["answered"] and row["customer"] != -1]
    old = [(row, place) for row, place in followed if now - row["started_at"] >= window]
    entered = [(row, place) for row, place in mine if row["in_ivr"]]
    scored = [row for row, _ in mine if row["points_possible"] > 0]

    def kept(row: Row, place: int) -> bool:
        return not called_again(rows, place, window)

    return {
        "fcr_repeat": share(old, kept),
        "first_call_resolution": share(
            old, lambda row, place: kept(row, place) and 0 not in (row["resolved"], row["survey_resolved"])),
        "fcr_agent": share([r for r in mine if r[0]["answered"] and r[0]["resolved"] != -1],
                           lambda row, _: row["resolved"]),
        "fcr_survey": share([r for r in mine if r[0]["answered"] and r[0]["survey_resolved"] != -1],
                            lambda row, _: row["survey_resolved"]),
        "fcr_provisional_share": share(followed, lambda row, _: now - row["started_at"] < window),
        "repeat_call_rate": share([r for r in mine if r[0]["customer"] != -1],
                                  lambda _, place: called_before(rows, place, window)),
        "self_service_rate": share(entered, lambda row, _: row["self_served"]),
        "self_service_rate_net": share(
            [r for r in entered if now - r[0]["started_at"] >= day],
            lambda row, place: row["self_served"] and not called_again(rows, place, day)),
        "customer_satisfaction": share([r for r in mine if r[0]["rating"]], lambda row, _: row["rating"] in (4, 5)),
        "survey_response_rate": share([r for r in mine if r[0]["surveyed"]], lambda row, _: row["rating"]),
        "quality_score": sum(row["points"] for row in scored) / sum(row["points_possible"] for row in scored)
        if scored else math.nan,
        "callback_completion_rate": share([r for r in mine if r[0]["callback_requested"]],
                                          lambda row, _: row["callback_done"]),
    }  # fmt: skip


@settings(max_examples=300)
@given(call_rows, nows, windows, windows, spans)
def test_call_figures_equal_a_plain_loop(
    rows: list[Row], now: float, window: float, day: float, span: tuple[float, float]
) -> None:
    start, end = span
    sums = kpi.sum_calls(table(rows), QUEUES, now, window, day, start, end)
    for place, queue in enumerate([*range(QUEUES), None]):
        inside = [at for at, row in enumerate(rows) if start <= row["started_at"] < end]
        chosen = [at for at in inside if queue in (None, rows[at]["queue"])]
        expected = loop(rows, chosen, now, window, day)
        assert sums.calls[place] == len(chosen)
        for figure in kpi.CALL_FIGURES:
            np.testing.assert_allclose(figure.of(sums)[place], expected[figure.name], rtol=1e-9, err_msg=figure.name)


@given(call_rows, nows, windows)
def test_no_call_figure_leaves_0_to_1(rows: list[Row], now: float, window: float) -> None:
    sums = kpi.sum_calls(table(rows), QUEUES, now, window, window)
    for figure in kpi.CALL_FIGURES:
        values = figure.of(sums)
        assert ((values >= 0) & (values <= 1) | np.isnan(values)).all(), figure.name
