"""Can what is named on this machine be used: queue_log, folders of the store and backups? A shell; reads only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from callcenter import clock
from callcenter.config import Config, Pbx, Store
from callcenter.errors import InputError
from callcenter.repairs import source_of
from callcenter.store.opening import path_of

DAY_S = 86_400.0


def check_files(config: Config) -> tuple[list[str], list[str]]:
    """What is good to know, and what is wrong; a line each."""
    notes: list[str] = []
    wrong: list[str] = []
    for pbx in config.pbx:
        for note, problem in _queue_log(pbx, config.site.zone):
            notes += [note] if note else []
            wrong += [problem] if problem else []
    notes += _store(path_of(config.store.url).parent)
    wrong += _backups(config.store)
    return notes, wrong


def _queue_log(pbx: Pbx, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    if pbx.queue_log is None:
        yield f"{pbx.name}: no pbx.queue_log: what happens while the link is down stays unknown", ""
        return
    now = clock.now()
    try:
        source = source_of(pbx.queue_log, zone, now - DAY_S)
        try:
            newest = 0.0
            while lines := source.read():
                newest = max(newest, *(line.at for line in lines))
        finally:
            source.close()
    except InputError as problem:
        yield "", f"{pbx.name}: pbx.queue_log: {problem}"
        return
    age = f"newest line {_age(clock.now() - newest)}" if newest else "no line of the last day"
    yield f"{pbx.name}: queue_log can be read, {age}", ""


def _store(folder: Path) -> Iterator[str]:
    """No fault: a service may have its folder made when it starts, and may be another user than who asks."""
    if not folder.is_dir():
        yield f"store.url: no folder {folder} yet, and run makes none; a service with StateDirectory does"
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield f"store.url: {folder} may not be written by who asks now"


def _age(seconds: float) -> str:
    """A PBX's clock may be ahead of ours, and a simulated one's runs away."""
    whole = round(seconds)
    return f"{whole} s ago" if whole >= 0 else f"{-whole} s ahead of our clock"


def _backups(store: Store) -> Iterator[str]:
    folder = store.backups
    if folder is not None and not folder.is_dir():
        yield f"store.backups: no folder {folder}"
    elif folder is not None and not os.access(folder, os.W_OK | os.X_OK):
        yield f"store.backups: {folder} may not be written"
