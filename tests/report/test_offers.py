"""What a report offers is told in three languages, with its definition."""

from __future__ import annotations

import re

import pytest

from callcenter.report.labels import TOLD
from callcenter.report.offers import EVERYTHING, OFFERS, Offer
from callcenter.report.values import By
from kpi.table import AGENT_FIGURES, CALL_FIGURES, COUNTS, SUMS_S, VISIT_FIGURES

KNOWN = {offer.name: offer for offer in EVERYTHING}


def test_every_count_sum_and_figure_is_offered_by_queue_and_site() -> None:
    names = [*COUNTS, *SUMS_S, *(f.name for f in (*VISIT_FIGURES, *AGENT_FIGURES, *CALL_FIGURES))]
    assert list(OFFERS[By.QUEUE]) == list(OFFERS[By.SITE]) == names
    assert set(TOLD) == {*COUNTS, *SUMS_S}


def test_an_agent_is_not_asked_about_what_a_queue_did() -> None:
    assert not set(OFFERS[By.AGENT]) & {"offered", "abandoned", "service_level", "abandon_rate", "self_service_rate"}
    assert {"answered", "average_handle_time", "occupancy", "fcr_agent", "quality_score"} <= set(OFFERS[By.AGENT])


@pytest.mark.parametrize("offer", EVERYTHING, ids=lambda offer: offer.name)
def test_each_has_labels_and_one_sentence(offer: Offer) -> None:
    assert list(offer.label) == ["en", "fa", "ar"]
    assert offer.label["en"].isascii()
    assert all(re.search("[ء-ی]", offer.label[language]) for language in ("fa", "ar"))
    assert not re.search("[يك]", offer.label["fa"])  # Arabic letters, which Persian writes ی and ک
    assert re.fullmatch(r"[^`]+[^.`]\.", offer.definition)
    assert offer.unit in ("count", "s", "ratio")


@pytest.mark.parametrize(("name", "said"), [
    ("service_level", "A(wait<=T) / (O - Bs); A: answered visits, T: the queue's threshold, O: offered (all but the "
                      "refused), Bs: short abandoned; source: the field's definition."),
    ("service_level_answered", "A(wait<=T) / A; A: answered visits, T: the queue's threshold; source: Asterisk's "
                               "ServicelevelPerf (app_queue.c)."),
    ("longest_wait", "The largest wait of the window's visits, refused ones left out; source: the field's definition."),
    ("utilisation", "(talk + hold + wrap-up) / logged-in time, pauses and unreachable phones included; source: the "
                    "field's definition."),
    ("offered", "Visits that entered the queue within the period, all but the refused."),
])  # fmt: skip
def test_a_definition_is_the_formula_its_letters_and_the_source(name: str, said: str) -> None:
    assert KNOWN[name].definition == said


def test_target_and_direction_are_those_of_the_figure() -> None:
    assert (KNOWN["service_level"].better, KNOWN["service_level"].target) == ("higher", (0.8, 0.8))
    assert (KNOWN["occupancy"].better, KNOWN["occupancy"].target) == ("between", (0.85, 0.90))
    assert (KNOWN["offered"].better, KNOWN["offered"].target, KNOWN["offered"].counted) == (None, None, True)
