"""The commands of history: ``import``, ``report``, ``forecast``. A shell, part of :mod:`callcenter.cli`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from callcenter.config import Config, load
from callcenter.errors import InputError
from callcenter.history import importing, place
from callcenter.history.archive import Archive
from callcenter.history.importing import Imported

DEFAULT_CONFIG = Path("/etc/callcenter/callcenter.toml")
out, err = Console(emoji=False), Console(stderr=True, emoji=False)
ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the TOML file")]

imports = typer.Typer(no_args_is_help=True, help="Take in what was before the daemon.")


@imports.callback()
def _imports() -> None:
    """Take in what was before the daemon."""


@imports.command("queue_log")
def import_queue_log(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="queue_log, plain or packed, in any order; or a database's URL#table"),
    ],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Import the PBX's queue_log into the history. What is known already is not counted twice."""
    loaded = load(config, connects=False)
    os.nice(10)  # the PBX beside has precedence
    archive = place.archive_of(loaded)
    with archive.alone(), _progress() as progress:
        done, failed = _all(archive, loaded, sources, progress)
        visits = importing.make(archive, place.numbers_of(loaded), progress) if done else 0
    for one in done:
        _tell(one)
    for problem in [*failed, *(one.cut for one in done if one.cut)]:
        _complain(problem)
    if done:
        lines, added = sum(one.lines for one in done), sum(one.added for one in done)
        _say(f"{lines:,} lines, {added:,} of them new; the history tells of {visits:,} visits")
    if failed or any(one.cut for one in done):
        raise typer.Exit(1 if done else 2)


def _all(
    archive: Archive, config: Config, sources: list[str], progress: importing.Progress
) -> tuple[list[Imported], list[str]]:
    """What became of each source, and why others could not be read. Files in the order of their first lines: then
    each day is written once."""
    files = sorted((Path(source) for source in sources if "://" not in source), key=importing.first_moment)
    works = [partial(importing.import_file, archive, path, progress) for path in files] + [
        partial(importing.import_table, archive, url, config.site.zone, progress) for url in sources if "://" in url
    ]
    done, failed = [], []
    for work in works:
        try:
            done.append(work())
        except InputError as problem:
            failed.append(str(problem))
    return done, failed


def _tell(one: Imported) -> None:
    for line in one.named:
        _complain(line)
    more = f", {one.broken:,} broken ones left out" if one.broken else ""
    _say(f"{one.name}: {one.lines:,} lines, {one.added:,} new{more}")


def _say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def _complain(line: str) -> None:
    err.print(f"callcenter: {line}", highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[importing.Progress]:
    """A bar for each file on a terminal; nothing where stderr is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done)

        yield show

