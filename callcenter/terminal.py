"""How the commands speak on a terminal, and the options that they share. A shell."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from callcenter.errors import InputError

if TYPE_CHECKING:
    from callcenter.history import importing

out, err = Console(emoji=False), Console(stderr=True, emoji=False)  # else ":100:" in a message becomes a picture

UsageError = cast(type[typer.BadParameter], typer.BadParameter.__base__)
"""Whatever is wrong with words and options. Typer has Click's, its own by now, and exports but this one below it."""

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the TOML file")]
DEFAULT_CONFIG = Path("/etc/callcenter/callcenter.toml")


_JOINERS = "\u200c\u200d"
"""They are no printable characters, and Persian is not written without them."""


def harmless(name: str) -> str:
    """A foreign name as one line of characters that a terminal shows and does not act on."""
    return "".join(c if c.isprintable() or c in _JOINERS else "?" for c in name) or "–"


def say(line: str) -> None:
    out.print(line, highlight=False, markup=False, soft_wrap=True)


def write_out(text: str, what: str) -> None:
    """All of it on standard output; raises InputError that says why not. sys.stdout would keep what it cannot write,
    and fail once more at the end of the process."""
    try:
        with open(1, "wb", closefd=False) as file:
            file.write(text.encode(sys.stdout.encoding or "utf-8", errors="replace"))
    except BrokenPipeError:
        raise
    except OSError as e:
        raise InputError(f"cannot write {what}: {e.strerror or e}") from e


class Output:
    """Standard output that raises InputError for what it cannot take (a full disk)."""

    def __init__(self, stream: IO[Any]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> Output:
        return Output(self._stream.buffer)  # type: ignore[attr-defined]

    def write(self, what: Any) -> int:
        if what == "":  # typer tries what a stream takes, and hides what comes of it
            return 0
        with self._told():
            return self._stream.write(what)

    def flush(self) -> None:
        with self._told():
            self._stream.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as e:
            with suppress(OSError):  # it keeps what it cannot write, and would fail once more at the end of the process
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            raise InputError(f"cannot write the output: {e.strerror or e}") from e


def tell_what_cannot_be_written() -> None:
    if sys.stdout is not None:  # it was closed
        sys.stdout = cast(TextIO, Output(sys.stdout))


def show_what_can_be_shown() -> None:
    """What the encoding does not have becomes a question mark on a terminal, and elsewhere its number, so that names
    stay different; it would be the end of the command."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace" if sys.stdout.isatty() else "backslashreplace")


def complain(line: str, command: str = "") -> None:
    """One line on stderr, whatever the names in it hold."""
    said = f"callcenter{command}: {' '.join(line.splitlines())}"
    err.print(said, highlight=False, markup=False, soft_wrap=True)


def complain_of_usage(problem: typer.BadParameter) -> None:
    """Of which command and of what in it; nothing where only the command was said: its help was printed."""
    if message := problem.format_message():
        at = problem.ctx
        command = at.command_path.removeprefix(at.find_root().command_path) if at is not None else ""
        complain(harmless(_plainly(message)), command)


def _plainly(message: str) -> str:
    """Typer's words as ours: the option ahead, no quotes about what one may write, no "Value error" of pydantic's."""
    message = message.removesuffix(".").replace("Value error, ", "")
    if of_option := re.fullmatch(r"Invalid value for ('[^']*'(?: / '[^']*')*): (.*)", message, re.DOTALL):
        message = of_option[1].replace("'", "") + f": {of_option[2]}"
    else:
        message = message[:1].lower() + message[1:]
    value, not_one, choices = message.partition(" is not one of ")
    return value + not_one + choices.replace("'", "")


@contextmanager
def progress() -> Iterator[importing.Progress]:
    """A bar for each part of the work on a terminal; nothing where stderr is none."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total or None)
            bars.update(tasks[what], completed=done)

        yield show
