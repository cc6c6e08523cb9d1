"""What a new configuration changes in a daemon that is running. Pure.

Most of it can be taken up while the link stays as it is; where the daemon listens, which PBX and which file it works on
and the site's time zone need a restart, and are said so by name rather than taken half.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from callcenter.config import Config

AT_ONCE = (
    "queues", "tickets", "forecast",
    "store.journal_days", "store.backups", "store.backup_every_h", "store.backups_kept",
)  # fmt: skip


class Reload(NamedTuple):
    """``config``: what is in force from now on. The names of the changed keys, by when they are taken up."""

    config: Config
    at_once: list[str]
    after_restart: list[str]


def reload(running: Config, new: Config) -> Reload:
    changed = sorted(set(_changed(running.model_dump(), new.model_dump())))
    at_once = [key for key in changed if key.startswith(AT_ONCE)]
    store = {name: getattr(new.store, name) for name in _of("store")}
    whole = {name: getattr(new, name) for name in ("queues", "tickets", "forecast")}
    config = running.model_copy(update=whole | {"store": running.store.model_copy(update=store)})
    return Reload(config, at_once, [key for key in changed if key not in at_once])


def _of(section: str) -> list[str]:
    return [key.removeprefix(f"{section}.") for key in AT_ONCE if key.startswith(f"{section}.")]


def _changed(old: Any, new: Any, key: str = "") -> Iterator[str]:
    """Dotted names of the keys whose values differ; the one PBX is ``pbx``, as in the environment."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted(old.keys() | new.keys()):
            yield from _changed(old.get(name), new.get(name), f"{key}.{name}" if key else name)
    elif _tables(old) and _tables(new) and len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            yield from _changed(one, other, key)
    elif old != new:
        yield key


def _tables(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, dict) for item in value)
