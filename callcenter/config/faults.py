"""What is wrong with a configuration, in words of the file and of the environment. A shell: reads the environment."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_settings import SettingsError

from callcenter.config import variables


def said(errors: list[Any]) -> list[str]:
    """A line for each cause among pydantic's errors. All keys that stand in the table of the queues instead of in that
    of one queue are one complaint."""
    causes = _causes(errors)
    astray = [error for error in causes if error["loc"][:1] == ("queues",) and error["type"] == "model_type"]
    told = [_told(error) for error in causes if error not in astray]
    if astray:
        keys = ", ".join(f"{error['loc'][1]}{_by_environment(error['loc'])}" for error in astray)
        told.insert(0, f"queues: {keys}: under the name of no queue, as in [queues.NAME]")
    return told


def no_json(error: SettingsError) -> str:
    """Of a variable whose value is to be JSON."""
    text = getattr(error.__cause__, "doc", None)
    named = [key for key, value in variables.ours().items() if value == text]
    return f"{named[0]}: not valid JSON: {error.__cause__}" if named else str(error)


def _causes(errors: list[Any]) -> list[Any]:
    """Without what only follows: a table that is refused for a key of its own is then missing in its list."""
    within = {error["loc"][0] for error in errors if len(error["loc"]) > 1}
    return [error for error in errors if len(error["loc"]) != 1 or error["loc"][0] not in within]


_LISTS = {"pbx": "tables: [[pbx]]", "trunks": "strings", "days_off": "dates", "working_days": "dates"}


def _reason(error: Any) -> str:
    """pydantic's, but for what it calls as Python does."""
    if error["type"] in ("dict_type", "model_type"):
        return "Input should be a table"
    if error["type"] == "too_short":
        return "none is there"
    if error["type"] == "tuple_type":
        of = _LISTS.get(error["loc"][-1])
        return f"Input should be a list of {of}" if of else "Input should be a number, or a list of two"
    return str(error["msg"]).removeprefix("Value error, ")


def _told(error: Any) -> str:
    key = ".".join(str(p) for p in error["loc"]) or "configuration"
    if error["type"] == "extra_forbidden":
        return f"unknown key {key!r}{_by_environment(error['loc'])}"
    reason, keys = _reason(error), None
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        keys = _WORD.findall(reason)
    elif error["loc"] in (("pbx",), ("pbx", 0)):
        keys = []  # that they are no list of one table is not said by a key of it
    return f"{key}: {reason}{_by_environment(error['loc'], keys)}"


_WORD = re.compile(r"\w+")


def _by_environment(loc: tuple[Any, ...], keys: list[str] | None = None) -> str:
    """Which variable it comes from, where it is one: what is wrong is not in the file then. Of what is wrong with a
    whole table it is one of the ``keys`` that do not go together."""
    wanted = variables.PREFIX + "__".join(part.upper() for part in loc if isinstance(part, str))
    named = [key for key in variables.ours() if f"{key.upper()}__".startswith(f"{wanted}__")]
    named = [key for key in named if keys is None or key.upper() == wanted or _last(key) in keys]
    named += [key for key, value in variables.ours().items() if _holds(value, _within(key, loc), keys)]
    return f" (as {named[0]} says)" if named else ""


def _last(key: str) -> str:
    return key.lower().rsplit("__", 1)[-1]


def _within(key: str, loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where in the value of the variable ``key``, which holds a table or a list, ``loc`` would be; () if it cannot."""
    parts = key.upper().split("__")
    for n in range(1, len(loc)):
        if parts == [variables.PREFIX + str(loc[0]).upper(), *(str(part).upper() for part in loc[1:n])]:
            return loc[n:]
    return ()


def _holds(text: str, path: tuple[Any, ...], keys: list[str] | None) -> bool:
    if not path:
        return False
    try:
        value = json.loads(text, object_pairs_hook=_in_small_letters)
        for part in path:
            if part == 0 and isinstance(value, dict):
                continue  # the one PBX may come as a table
            value = value[part.lower() if isinstance(part, str) else part]
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
    return keys is None or not isinstance(value, dict) or not value.keys().isdisjoint(keys)


def _in_small_letters(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A queue of the file is meant whatever its letters."""
    return {key.lower(): value for key, value in pairs}
