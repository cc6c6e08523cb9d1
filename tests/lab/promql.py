"""PromQL as text: what Grafana makes of a panel's question, and which series an expression asks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

GRAFANA = {"__rate_interval": "1m0s", "__range": "28800s", "__interval": "30s"}
"""As Grafana has them for eight hours on a wide screen and a Prometheus that scrapes each 15 s."""

ALL = ("$__all",)
"""Chosen for a variable whose custom value of all is ".*"."""

_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}")
_SPECIAL = re.compile(r"[\\^$*+?.()|[\]{}/]")
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`')
_LABELS = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})
_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)(\s*\{[^}]*\})?(?!\w)(?!\s*\()")


def as_grafana_asks(expr: str, chosen: Mapping[str, str | Sequence[str]]) -> str:
    """With its variables filled in. KeyError: there is none such, or no such format.

    ``chosen``: one value where only one can be chosen, several values, or :data:`ALL`.
    """
    values = {**GRAFANA, **chosen}
    return _VARIABLE.sub(lambda found: FORMATS[found[3] or ""](values[found[1] or found[2]]), expr)


def _plain(values: str | Sequence[str]) -> str:
    """Grafana's interpolateQueryExpr (prometheus/datasource.ts): the value of a single choice goes in as it is, even
    into an expression; of several each is escaped, for PromQL's double quotes."""
    return values if isinstance(values, str) else _regex(values).replace("\\", "\\\\")


def _regex(values: str | Sequence[str]) -> str:
    """Grafana's formatRegistry, ``regex``: each is escaped, in either case; what is said to mean all is not."""
    if values == ALL:
        return ".*"
    escaped = [_SPECIAL.sub(r"\\\g<0>", one) for one in ([values] if isinstance(values, str) else values)]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


FORMATS: dict[str, Callable[[str | Sequence[str]], str]] = {"": _plain, "regex": _regex}


def selectors(expr: str) -> set[str]:
    """Each metric that the expression reads, with its labels in braces: ``up{job="callcenter"}``."""
    texts: list[str] = []

    def put_away(found: re.Match[str]) -> str:
        texts.append(found[0])
        return f'"{len(texts) - 1}"'  # braces and words within a text are not PromQL's

    bare = re.sub(r"\[[^\]]*\]", "", _LABELS.sub("", _TEXT.sub(put_away, expr)))
    found = {
        name + braces for name, braces in _SERIES.findall(_outside_of_aggregations(bare))
        if name.lower() not in _WORDS
    }  # fmt: skip
    return {re.sub(r'"(\d+)"', lambda n: texts[int(n[1])], one) for one in found}


def _outside_of_aggregations(expr: str) -> str:
    """``sum (x)`` and ``sum by (y) (x)`` read alike once the labels are gone: a function's name before a bracket."""
    return re.sub(r"\b[a-z_0-9]+\s*(?=\()", "", expr)
