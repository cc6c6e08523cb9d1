"""Long work in a process of its own, so that the daemon's goes on undisturbed. A shell.

``python -m callcenter.worker`` reads one JSON object from stdin, ``{"config": …, "work": NAME, "words": {…}}``. The
result goes to stdout; to stderr a line of JSON each time that there is progress (``{"done": 3, "total": 31}``) or that
something is wrong (``{"error": "…"}``, status 2). To stop it, kill it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from callcenter.config import Config, parse
from callcenter.errors import CallcenterError

Tell = Callable[[int, int], None]
Work = Callable[[Config, dict[str, Any], Tell], bytes]


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
    """What a worker is to read: no secret is in it, as it logs in nowhere."""
    values = config.model_dump(mode="json", exclude={"pbx": {"__all__": {"secret", "secret_file"}}})
    return msgspec.json.encode(Order(values, work, words))


def _tell(line: dict[str, Any]) -> None:
    sys.stderr.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stderr.flush()


def main() -> int:
    os.nice(10)
    try:
        wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
        config = parse(wanted.config, "configuration", connects=False)
        result = WORKS[wanted.work](config, wanted.words, lambda done, total: _tell({"done": done, "total": total}))
    except (CallcenterError, msgspec.ValidationError) as problem:
        _tell({"error": str(problem)})
        return 2
    except MemoryError:
        _tell({"error": "out of memory: ask for a shorter range"})
        return 2
    sys.stdout.buffer.write(result)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
