"""Long work in a process of its own, so that the daemon's goes on undisturbed. A shell.

``python -m callcenter.worker`` reads one JSON object from stdin, ``{"config": …, "work": NAME, "words": {…}}``. The
result goes to stdout; to stderr a line of JSON each time that there is progress (``{"done": 3, "total": 31}``) or that
something is wrong (``{"error": "…"}``, status 2). To stop it, kill it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from callcenter.config import Config, parse
from callcenter.errors import CallcenterError

Tell = Callable[[int, int], None]
Work = Callable[[Config, dict[str, Any], Tell], bytes]


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of stderr."""

    done: int = 0
    total: int = 0
    error: str = ""


class Order(msgspec.Struct, frozen=True):
    config: dict[str, Any]
    work: str
    words: dict[str, Any] = {}


def _report(config: Config, words: dict[str, Any], tell: Tell) -> bytes:
    from callcenter.report import work

    return work.written(config, msgspec.convert(words, work.Words), tell)


def _keep(config: Config, words: dict[str, Any], tell: Tell) -> bytes:
    from callcenter.report import work

    work.history_of(config).keep(tell)
    return b""


def _past(config: Config, words: dict[str, Any], tell: Tell) -> bytes:
    from callcenter.report import past

    return msgspec.json.encode(past.windows(config, tell))


def _forecast(config: Config, words: dict[str, Any], tell: Tell) -> bytes:
    from callcenter import forecasting

    return forecasting.forecast_work(config, words, tell)


WORKS: dict[str, Work] = {"report": _report, "keep": _keep, "past": _past, "forecast": _forecast}


def order(config: Config, work: str, words: dict[str, Any]) -> bytes:
    """What a worker is to read: no secret is in it, as it logs in nowhere (a queue_log's URL may have one)."""
    values = config.model_dump(mode="json", exclude={"pbx": {"__all__": {"secret", "secret_file", "queue_log"}}})
    return msgspec.json.encode(Order(values, work, words))


def _tell(line: Said) -> None:
    os.write(2, msgspec.json.encode(line) + b"\n")


def _behave() -> None:
    """The PBX beside has precedence, in time and in memory: if any process is to be killed for it, it is this one."""
    os.nice(10)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    resource.setrlimit(resource.RLIMIT_DATA, (half, half))


def main() -> int:
    _behave()
    try:
        wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
        config = parse(wanted.config, "configuration", connects=False)
        result = WORKS[wanted.work](config, wanted.words, lambda done, total: _tell(Said(done, total)))
    except (CallcenterError, msgspec.ValidationError) as problem:
        _tell(Said(error=str(problem)))
        return 2
    except MemoryError:
        _tell(Said(error="out of memory: ask for a shorter range"))
        return 2
    with open(1, "wb", closefd=False) as out:  # sys.stdout may be unbuffered, and then writes less than it is given
        out.write(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
