"""The commands of history: ``import`` and ``report``. A shell, part of :mod:`callcenter.cli`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from callcenter import clock
from callcenter.config import Config, load
from callcenter.errors import InputError
from callcenter.precedence import give_way
from callcenter.report.formats import FORMATS
from callcenter.report.values import By, Every
from callcenter.terminal import DEFAULT_CONFIG, ConfigFile, complain, out, say
from callcenter.terminal import progress as shown_progress
from callcenter.whole_file import write_whole

if TYPE_CHECKING:
    from callcenter.history import importing
    from callcenter.history.archive import Archive


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
    from callcenter.history import importing, place

    loaded = load(config, connects=False)
    if "" in sources:
        raise InputError("an empty name is no file")
    give_way()
    archive = place.archive_of(loaded)
    with archive.alone(), shown_progress() as progress:
        done, failed = _all(archive, loaded, sources, progress)
        visits, damaged = importing.make(archive, place.numbers_of(loaded), progress) if done else (0, [])
    for one in done:
        _tell(one)
    damaged = sorted({*damaged, *(problem for one in done for problem in one.damaged)})
    problems = [*failed, *(one.cut for one in done if one.cut), *damaged]
    for problem in problems:
        complain(problem)
    if done:
        lines, added = sum(one.lines for one in done), sum(one.added for one in done)
        say(f"{lines:,} lines, {added:,} of them new; the history tells of {visits:,} visits")
    if problems:
        raise typer.Exit(1 if done else 2)


def report(
    since: Annotated[
        str, typer.Argument(help="a day (2026-11-01, 1405-08-10), a moment (2026-11-01T08:00), or yesterday, 7d, …")
    ] = "yesterday",
    until: Annotated[str | None, typer.Argument(help="the last day, or the moment at which it ends")] = None,
    config: ConfigFile = DEFAULT_CONFIG,
    every: Annotated[Every, typer.Option(help="how long its periods are")] = Every.DAY,
    by: Annotated[By, typer.Option(help="what its rows are of")] = By.QUEUE,
    name: Annotated[list[str] | None, typer.Option("--name", "-n", help="only this queue, agent or topic")] = None,
    figure: Annotated[
        list[str] | None, typer.Option("--figure", "-f", help="only this figure or count; repeatable")
    ] = None,
    threshold: Annotated[float | None, typer.Option(min=0, help="T in seconds, instead of the configured")] = None,
    short_abandon: Annotated[float | None, typer.Option(min=0, help="in seconds, instead of the configured")] = None,
    format: Annotated[str | None, typer.Option(help=f"{', '.join(FORMATS)}; else as the file is called")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="a file; else it is printed")] = None,
    language: Annotated[str, typer.Option(help="of table and html: en, fa, ar")] = "en",
    definitions: Annotated[bool, typer.Option("--definitions", help="say below the table what each figure is")] = False,
) -> None:
    """Figures of any time: what was seen and what was imported. Counts a moment that nobody saw as not known."""
    from callcenter.report import work

    loaded = load(config, connects=False)
    give_way()
    of_file = output.suffix if output else ".txt"
    named = format or next((name for name, kind in FORMATS.items() if kind.suffix == of_file), None)
    if named is None:
        raise InputError(f"{output}: which format? --format {', '.join(FORMATS)}")
    words = work.Words(
        since, until, every, by, tuple(name or ()), tuple(figure or ()), threshold, short_abandon, named, language,
        definitions, out.width, output is None and out.is_terminal,
    )  # fmt: skip
    work.asked(loaded, words, clock.now())  # a word that is wrong is said also where there is no history yet
    work.check_history(loaded)
    with shown_progress() as progress:
        result = work.written(loaded, words, lambda done, total: progress("days", done, total))
    try:
        if output is not None:
            write_whole(output, result)
            return
        with open(1, "wb", closefd=False) as file:  # sys.stdout may be unbuffered, and write less than it is given
            file.write(result)
    except BrokenPipeError:
        raise
    except OSError as e:
        raise InputError(f"cannot write {output or 'the report'}: {e.strerror or e}") from e


def _all(
    archive: Archive, config: Config, sources: list[str], progress: importing.Progress
) -> tuple[list[importing.Imported], list[str]]:
    """What became of each source, and why others could not be read. Files in the order of their first lines: then
    each day is written once."""
    from callcenter.history import importing

    files = sorted((Path(source) for source in sources if "://" not in source), key=importing.first_moment)
    works = [partial(importing.import_file, archive, path, progress) for path in files] + [
        partial(importing.import_table, archive, url, config.site.zone, progress) for url in sources if "://" in url
    ]
    done, failed = [], []
    for take_in in works:
        try:
            done.append(take_in())
        except InputError as problem:
            failed.append(str(problem))
    return done, failed


def _tell(one: importing.Imported) -> None:
    for line in one.named:
        complain(line)
    if one.left_out:
        days = ", ".join(map(str, one.left_out))
        complain(f"{one.name}: already there from the other source, file or table, and left out: {days}")
    if one.set_back:
        times = "once" if one.set_back == 1 else f"{one.set_back:,} times"
        complain(f"{one.name}: its time goes back {times}; taken for a PBX whose clock was set back")
    more = f", {one.broken:,} broken ones left out" if one.broken else ""
    say(f"{one.name}: {one.lines:,} lines, {one.added:,} new{more}")
