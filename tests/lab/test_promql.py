"""What the live test takes for the series of an expression."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lab.promql import ALL, as_grafana_asks, selectors

CASES = [
    ('up{job="callcenter"} == 0', {'up{job="callcenter"}'}),
    ("time() - made_at{instance=~\"a\"}", {'made_at{instance=~"a"}'}),
    ("sum by (instance, queue) (increase(visits_total{outcome!~\"refused_.*\"}[1h]))",
     {'visits_total{outcome!~"refused_.*"}'}),
    ("(a{w=\"30m\"} < on (instance, queue) group_left () b) and on (queue) c{o=\"offered\"} >= 10",
     {'a{w="30m"}', "b", 'c{o="offered"}'}),
    ("waiting > 0 unless on (instance, queue) callcenter:logged_in > 0", {"waiting", "callcenter:logged_in"}),
    ("histogram_quantile(0.9, sum by (le) (increase(w_bucket[15m])))", {"w_bucket"}),
    ("1 * s{state=\"a and b(c)\"} or 2 * s{state=\"up{x}\"}", {'s{state="a and b(c)"}', 's{state="up{x}"}'}),
    ("s{q=~`a}(b`} or on (q) t{q=~`\\[x`}", {"s{q=~`a}(b`}", "t{q=~`\\[x`}"}),
    ("rate(x_sum[5m]) / (rate(x_count[5m]) > 0)", {"x_sum", "x_count"}),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "series"), CASES)
def test_the_series_of_an_expression(expr: str, series: set[str]) -> None:
    assert selectors(expr) == series


def test_variables_are_filled_in_as_grafana_does() -> None:
    asked = 'increase(x{instance=~"$instance",queue=~"${queue}"}[$__rate_interval])'
    filled = as_grafana_asks(asked, {"instance": "[::1]:80", "queue": ["sales", "a.b"]})
    assert filled == r'increase(x{instance=~"[::1]:80",queue=~"(sales|a\\.b)"}[1m0s])'
    for unknown in ("$unknown", "${instance:glob}"):
        with pytest.raises(KeyError):
            as_grafana_asks(unknown, {"instance": "hq"})


REGEX: list[tuple[str | Sequence[str], str]] = [
    ("[::1]:80", r"\[::1\]:80"), (["sales (EU)"], r"sales \(EU\)"), (["sales", "a.b"], r"(sales|a\.b)"), (ALL, ".*"),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "filled"), REGEX)
def test_a_variable_asked_for_as_an_expression_is_escaped(chosen: str | Sequence[str], filled: str) -> None:
    assert as_grafana_asks("x{y=~`${y:regex}`}", {"y": chosen}) == f"x{{y=~`{filled}`}}"
