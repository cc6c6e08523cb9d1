"""The command line. A shell: arguments in, one clear line per error out.

Exit status 0; 1 when what was asked does not hold; 2 for a wrong usage, configuration or file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO, cast

import structlog
import typer
from rich.table import Table

from callcenter import __version__, cli_forecast, cli_history
from callcenter.ami.replay import Cut
from callcenter.config import Store, load
from callcenter.errors import CallcenterError, LinkError, NotWritten
from callcenter.floor.records import rfc3339
from callcenter.terminal import (
    DEFAULT_CONFIG,
    ConfigFile,
    UsageError,
    complain,
    complain_of_usage,
    err,
    out,
    say,
    show_what_can_be_shown,
    tell_what_cannot_be_written,
)
from callcenter.unfailing import Unfailing
from callcenter.verify import Verdict

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="and exit")] = False,
) -> None:
    """The contact centre beside an Asterisk PBX."""


@app.command()
def run(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the daemon until SIGTERM or SIGINT; SIGHUP reads the configuration again."""
    loaded = load(config)
    from callcenter import daemon, ending  # takes a second or two, which a wrong configuration need not

    logging_to_stderr()

    def ready(port: int) -> None:
        with contextlib.suppress(OSError):  # a full disk under the log must not end what it tells of
            err.print(f"callcenter listens on http://{loaded.web.host}:{port}/", highlight=False, soft_wrap=True)

    asyncio.run(daemon.run(loaded, ready, reread=lambda: load(config), on_stop=ending.in_time))


@app.command()
def check(
    config: ConfigFile = DEFAULT_CONFIG,
    listen: Annotated[float, typer.Option(min=0.1, max=3600, help="so many seconds for events of each class")] = 2.0,
) -> None:
    """Check the configuration and the PBX; name what is wrong and what could not be seen."""
    from callcenter.ami.check import check_pbx
    from callcenter.check_files import check_files
    from callcenter.mqtt.outlet import check_broker

    loaded = load(config)
    logging_to_stderr(logging.ERROR)  # what is wrong is said below, once
    wrong, unseen = 0, False
    for pbx in loaded.pbx:
        try:
            found = asyncio.run(check_pbx(pbx, listen))
        except LinkError as problem:  # what does not need it is looked at all the same
            complain(str(problem))
            unseen = True
            continue
        for note in found.notes:
            say(f"{pbx.name}: {note}")
        for fault in found.wrong:
            complain(f"{pbx.name}: {fault}")
        wrong += len(found.wrong)
    for notes, problems in (check_files(loaded), asyncio.run(check_broker(loaded))):
        for note in notes:
            say(note)
        for fault in problems:
            complain(fault)
        wrong += len(problems)
    if unseen:
        raise typer.Exit(2)
    if wrong:
        raise typer.Exit(1)
    say("nothing wrong found")


@app.command()
def backup(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Copy the store into store.backups, verified, while the daemon goes on; prints the file."""
    from callcenter.store import backups

    store = load(config, connects=False).store
    say(str(backups.make(store.url, _backups_of(store), store.backups_kept)))


@app.command()
def restore(
    config: ConfigFile = DEFAULT_CONFIG,
    from_: Annotated[Path | None, typer.Option("--from", help="this backup; else the newest that is whole")] = None,
) -> None:
    """Put a backup in the place of the store; the daemon must not run. What was there is kept beside it."""
    from callcenter.store import backup_names, restoring

    loaded = load(config, connects=False)
    candidates = [from_] if from_ else backup_names.found(_backups_of(loaded.store))
    done = restoring.restore(loaded.store.url, candidates)
    say(f"restored {done.backup}: everything up to {rfc3339(done.alive, loaded.site.zone)}")
    for aside in done.aside:
        say(f"kept what was there: {aside}")


def _backups_of(store: Store) -> Path:
    if store.backups is None:
        raise CallcenterError("store.backups: no folder for backups is configured")
    return store.backups


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="recorded AMI streams, plain or gzip", metavar="FILE...")],
    json: Annotated[bool, typer.Option("--json", help="the whole result as JSON")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="for time zone, targets, wrap-up")] = None,
) -> None:
    """Play recorded AMI streams through the tracker and print what it made of them."""
    from callcenter.summary import replay_files

    result, cut = replay_files(files, load(config, connects=False) if config else None)
    if json:
        import msgspec

        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    else:
        _queue_table(result)
    _say_cut(cut)


def _queue_table(result: dict[str, Any]) -> None:
    table = Table("queue", *_COLUMNS, title=f"{result['events']} events, {len(result['calls'])} calls")
    for name, row in result["queues"].items():
        table.add_row(name, *(_shown(row[c]) for c in _COLUMNS))
    out.print(table)
    out.print(f"drift {result['drift']}")


_COLUMNS = ("offered", "answered", "abandoned", "timed_out", "ring_no_answer", "transferred", "talk_s")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:g}" if value == int(value) else f"{value:.1f}"


def _say_cut(cut: Cut | None) -> None:
    if cut:
        complain(str(cut))
        raise typer.Exit(1)


@app.command()
def verify(
    queue_log: Annotated[Path, typer.Option("--queue-log", help="the PBX's queue_log, plain or .gz")],
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help=f"names the store to compare with; else {DEFAULT_CONFIG}")
    ] = None,
    capture: Annotated[Path | None, typer.Option("--capture", help="compare with this recorded AMI stream")] = None,
) -> None:
    """Compare our figures with the PBX's own queue_log; status 1 and the calls named when they differ."""
    from callcenter.summary import compared, records_of

    if config is not None and capture is not None:
        raise CallcenterError("verify: --config and --capture exclude each other")
    loaded = None if capture else load(config or DEFAULT_CONFIG, connects=False)
    records, told, cut = records_of(loaded, capture)
    if not records:
        _not_compared(f"no calls in {capture or 'the store'} yet: nothing to compare")
    span, result = compared(records, told, queue_log)
    between = " to ".join(rfc3339(at, loaded.site.zone if loaded else UTC) for at in span)
    if not result.rows:
        _not_compared(f"no queue visit that both {queue_log} and we saw whole: nothing to compare")
    if result.differences:
        _difference_table(result)
        complain(f"{len(result.differences)} figures differ from {queue_log}, {between}" + (f"; {cut}" if cut else ""))
        raise typer.Exit(1)
    offered = sum(int(row["offered"][1]) for row in result.rows.values())
    say(f"compared {between}")
    say(f"equal: {offered} visits in {len(result.rows)} queues, every count the same, seconds within one a call")
    _say_cut(cut)


def _not_compared(why: str) -> NoReturn:
    complain(why)
    raise typer.Exit(1)


def _difference_table(result: Verdict) -> None:
    table = Table("queue", "figure", "ours", "queue_log", title="where they differ")
    for d in result.differences:
        table.add_row(d.queue, d.name, _shown(round(d.ours, 1)), _shown(d.theirs))
    out.print(table)
    for d in result.differences:
        if d.calls:
            say(f"{d.queue} {d.name}: look at calls {', '.join(d.calls)}")


@app.command()
def simulate(
    agents: Annotated[int, typer.Option(min=1, max=5000)] = 40,
    queues: Annotated[int, typer.Option(min=1, max=500)] = 6,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="simulated seconds a second")] = 1.0,
    calls: Annotated[
        int | None, typer.Option(min=1, help="stop after so many calls; time begins with the first login")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=1, max=100_000, help="calls a simulated hour")] = None,
    seed: int = 1,
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 5038,
    queue_log: Annotated[Path | None, typer.Option(help="write the simulated PBX's queue_log there")] = None,
) -> None:
    """Be an Asterisk: an AMI server with simulated callers and agents."""
    from callcenter.ami.simulator import server

    def ready(bound: int) -> None:
        say(f"simulated Asterisk on {host}:{bound}, user {server.USERNAME}, secret {server.SECRET}")

    asyncio.run(server.simulate(agents, queues, speed, calls, rate, seed, host, port, queue_log, ready))


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="of the pages")] = 8080,
    host: str = "127.0.0.1",
    agents: Annotated[int, typer.Option(min=1, max=1000)] = 40,
    queues: Annotated[int, typer.Option(min=1, max=50)] = 6,
    speed: Annotated[float, typer.Option(min=0.1, max=100)] = 2.0,
    seed: int = 1,
) -> None:
    """A simulated PBX and the daemon with everything embedded, in one process."""
    from callcenter import demo as demonstration

    logging_to_stderr(logging.ERROR)  # its time jumps over an hour at the start
    asyncio.run(demonstration.run(host, port, agents, queues, speed, seed, say))


@app.command()
def top(
    url: Annotated[str, typer.Option(help="of the daemon's pages")] = "http://127.0.0.1:8080",
    every: Annotated[float, typer.Option(min=0.2, max=3600, help="seconds from one look to the next")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="print it once, as where the output is no terminal")] = False,
    queue: Annotated[list[str] | None, typer.Option(help="only this queue; may be repeated")] = None,
) -> None:
    """Queues and agents of a running daemon in the terminal; q quits, a shows agents."""
    from callcenter.top import live as shown

    shown.run(url, every, once, tuple(queue or ()), out)


def logging_to_stderr(level: int = logging.INFO) -> None:
    """One line an event on stderr, UTC; journald adds nothing to it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,  # else a bug of ours leaves "exc_info=True" and no trace
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )


app.add_typer(cli_history.imports, name="import")
app.command()(cli_history.report)
app.command()(cli_forecast.forecast)


def main() -> None:
    """The command line, and its exit status."""
    show_what_can_be_shown()
    tell_what_cannot_be_written()
    try:
        sys.exit(app(standalone_mode=False))
    except UsageError as problem:
        complain_of_usage(problem)
        sys.exit(2)
    except typer.Abort:
        complain("aborted")
        sys.exit(1)
    except CallcenterError as problem:
        complain(str(problem))
        sys.exit(1 if isinstance(problem, NotWritten) else 2)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)


