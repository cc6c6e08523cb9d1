"""Where the history of a configuration's PBX is. A shell only in that it names a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from callcenter.config import Config
from callcenter.history.archive import Archive
from callcenter.numbers import e164
from callcenter.store import opening


def archive_of(config: Config) -> Archive:
    """Raises StoreError for a store that is none."""
    return Archive(folder_of(config), config.pbx[0].name, config.site.country)


def folder_of(config: Config) -> Path:
    """``store.history``, else a folder beside the store."""
    if config.store.history is not None:
        return config.store.history
    store = opening.path_of(config.store.url)
    return store.with_name(f"{store.stem}-history")


def numbers_of(config: Config) -> Callable[[str], str | None]:
    return lambda number: e164(number, config.site.country)
