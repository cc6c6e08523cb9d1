"""The counts, sums and figures that a report offers, by what it is by. Pure values."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from callcenter.report.labels import TOLD
from callcenter.report.values import By
from kpi.columns import Floats
from kpi.table import AGENT_FIGURES, CALL_FIGURES, COUNTS, SUMS_S, VISIT_FIGURES, Figure

FORMULA = re.compile(r".*?(?=\. |\.?$)")
SOURCE = re.compile(r"Source: ((?:\([^)]*\)|[^.,:;(])+)")
LETTERS = {
    "A": "answered visits", "B": "abandoned", "Bs": "short abandoned", "O": "offered (all but the refused)",
    "W": "still waiting", "T": "the queue's threshold",
}
LETTER = re.compile(r"\b(?:Bs|[ABOWT])\b")


class Rows(enum.Enum):
    """Of which rows something is computed."""

    VISITS = "visits"
    TIME = "time"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Offer:
    """``of`` computes it from the sums of its rows. ``counted``: a count or a sum, which is 0 where nothing was.

    The rest is as in :class:`callcenter.report.values.Column`.
    """

    name: str
    rows: Rows
    of: Callable[[Any], Floats]  # Any: the sums of its rows
    unit: str
    label: dict[str, str]
    definition: str
    counted: bool = False
    better: str | None = None
    target: tuple[float, float] | None = None


def definition(figure: Figure[Any]) -> str:
    """One sentence: the formula, which opens the docstring of what computes it, what its letters mean, the source."""
    told = " ".join(inspect.cleandoc(figure.of.__doc__ or "").split())
    formula, source = FORMULA.match(told), SOURCE.search(told)
    if formula is None or source is None:
        raise ValueError(f"{figure.name}: the docstring of {figure.of} tells no formula or no source")
    letters = ", ".join(f"{letter}: {LETTERS[letter]}" for letter in dict.fromkeys(LETTER.findall(formula[0])))
    return "; ".join(filter(None, (formula[0], letters, f"source: {source[1]}.")))


def _figure(figure: Figure[Any], rows: Rows) -> Offer:
    return Offer(figure.name, rows, figure.of, figure.unit, figure.label, definition(figure), False,
                 figure.better.value, figure.target)  # fmt: skip


def _counted(name: str, unit: str) -> Offer:
    told = TOLD[name]
    return Offer(name, Rows.VISITS, lambda sums: getattr(sums, name), unit, told.label, told.definition, True)


EVERYTHING: tuple[Offer, ...] = (
    *(_counted(name, "count") for name in COUNTS),
    *(_counted(name, "s") for name in SUMS_S),
    *(_figure(figure, Rows.VISITS) for figure in VISIT_FIGURES),
    *(_figure(figure, Rows.TIME) for figure in AGENT_FIGURES),
    *(_figure(figure, Rows.CALLS) for figure in CALL_FIGURES),
)

OF_AGENTS = {
    "answered", "attempts", "ring_no_answer", "transferred", "talk_s", "hold_s", "wrap_up_s",
    "average_talk_time", "average_hold_time", "average_wrap_up_time", "average_handle_time", "transfer_rate",
    "ring_no_answer_rate", "occupancy", "utilisation",
    "first_call_resolution", "fcr_repeat", "fcr_agent", "fcr_survey", "fcr_provisional_share",
    "customer_satisfaction", "survey_response_rate", "quality_score",
}  # fmt: skip
"""An agent is asked about the visits that it answered, its rings, its time and its calls; not about those of a queue
that nobody answered."""

OFFERS: dict[By, dict[str, Offer]] = {
    By.QUEUE: {offer.name: offer for offer in EVERYTHING},
    By.TOPIC: {offer.name: offer for offer in EVERYTHING},
    By.SITE: {offer.name: offer for offer in EVERYTHING},
    By.AGENT: {offer.name: offer for offer in EVERYTHING if offer.name in OF_AGENTS},
}
