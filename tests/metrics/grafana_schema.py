"""Grafana's own schema of dashboards, by the types that its makers generate from it (grafana-foundation-sdk)."""

from __future__ import annotations

import enum
import json
import types
from collections.abc import Iterator
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

plugins.register_default_plugins()  # the types of each panel's options and of Prometheus' queries
SDK = "grafana_foundation_sdk."


def problems(dashboard: dict[str, Any]) -> list[str]:
    """What Grafana's schema does not know or does not allow, by its place; empty: nothing."""
    known = Dashboard.from_json(dashboard)
    found = [*_lost(dashboard, json.loads(JSONEncoder().encode(known)), ""), *_of_object(known, "")]
    for panel in dashboard["panels"]:
        for n, rule in enumerate(panel.get("fieldConfig", {}).get("overrides", [])):
            found += [f"{panel['title']} override {n}{one}" for one in _of_override(panel, rule["properties"])]
    return found


def _lost(given: Any, kept: Any, at: str) -> Iterator[str]:
    """Keys that are not there when the dashboard was read and written again: nobody reads them."""
    match given, kept:
        case dict(), dict():
            for key, value in given.items():
                if key in kept:
                    yield from _lost(value, kept[key], f"{at}.{key}")
                else:
                    yield f"{at}.{key} is unknown"
        case list(), list() if len(given) == len(kept):
            for n, (one, other) in enumerate(zip(given, kept, strict=True)):
                yield from _lost(one, other, f"{at}[{n}]")
        case _ if given != kept:
            yield f"{at} is {given!r} and was read as {kept!r}"


def _of_object(one: Any, at: str) -> Iterator[str]:
    for name, hint in get_type_hints(type(one)).items():
        yield from _of_value(getattr(one, name), hint, f"{at}.{name}")


def _of_value(value: Any, hint: Any, at: str) -> Iterator[str]:
    """Whether a value is of its type: reading alone takes any value for any key."""
    if get_origin(hint) in (Union, types.UnionType):
        if value is not None or types.NoneType not in get_args(hint):
            said = [list(_of_value(value, one, at)) for one in get_args(hint) if one is not types.NoneType]
            yield from [] if [] in said else said[0]
    elif get_origin(hint) is list and isinstance(value, list):
        for n, one in enumerate(value):
            yield from _of_value(one, *get_args(hint), f"{at}[{n}]")
    elif get_origin(hint) is dict and isinstance(value, dict):
        for key, one in value.items():
            yield from _of_value(one, get_args(hint)[1], f"{at}.{key}")
    elif type(value).__module__.startswith(SDK) and not isinstance(value, enum.Enum):
        yield from _of_object(value, at)
    elif isinstance(value, dict) and hasattr(hint, "from_json"):  # it was left as it stood
        known = hint.from_json(value)
        yield from _lost(value, json.loads(JSONEncoder().encode(known)), at)
        yield from _of_object(known, at)
    elif not _fits(value, hint):
        yield f"{at} is {value!r}, not {hint}"


def _fits(value: Any, hint: Any) -> bool:
    if hint in (Any, object):
        return True
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if not isinstance(hint, type):
        return False
    if issubclass(hint, enum.Enum):
        return value in [one.value for one in hint]
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))


def _of_override(panel: dict[str, Any], properties: list[dict[str, Any]]) -> list[str]:
    """An override is a list of free values by their paths: read as what they override they have types too."""
    defaults: dict[str, Any] = {}
    for one in properties:
        within, _, key = one["id"].rpartition(".")
        (defaults.setdefault(within, {}) if within else defaults)[key] = one["value"]
    alone = {"type": panel["type"], "title": "", "targets": [], "options": panel["options"],
             "fieldConfig": {"defaults": defaults, "overrides": []}}  # fmt: skip
    return problems({"title": "", "panels": [alone]})
