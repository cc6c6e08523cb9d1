"""Long work in a process of its own, so that the daemon's goes on undisturbed. A shell.

``python -m callcenter.worker NAME`` loads what that work needs, then reads one JSON object from stdin, ``{"config": …,
"work": NAME, "words": {…}, "to": FILE}``. The result goes into the file; to stderr a line of JSON each time that there
is progress (``{"done": 3, "total": 31}``) or that something is wrong (``{"error": "…"}``, status 2). To stop it, kill
it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from callcenter.config import Config, parse
from callcenter.errors import CallcenterError, InputError
from callcenter.precedence import give_way

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
    to: str
    words: dict[str, Any] = {}


def _report() -> Work:
    import pyarrow

    from callcenter.report import work

    pyarrow.array(["loaded"])  # with its first list it looks for pandas, half a second where that is installed
    return lambda config, words, tell: work.written(config, msgspec.convert(words, work.Words), tell)


def _keep() -> Work:
    from callcenter.report import work

    def keep(config: Config, words: dict[str, Any], tell: Tell) -> bytes:
        work.history_of(config).keep(tell)
        return b""

    return keep


def _past() -> Work:
    from callcenter.report import past

    return lambda config, words, tell: msgspec.json.encode(past.windows(config, tell))


def _forecast() -> Work:
    from callcenter import forecasting

    return forecasting.forecast_work


WORKS: dict[str, Callable[[], Work]] = {"report": _report, "keep": _keep, "past": _past, "forecast": _forecast}
"""Name → what loads it."""


def order(config: Config, work: str, words: dict[str, Any], to: Path) -> bytes:
    """What a worker is to read; the result goes ``to`` this file. No secret is in it, as it logs in nowhere (a
    queue_log's URL may have one)."""
    values = config.model_dump(mode="json", exclude={"pbx": {"__all__": {"secret", "secret_file", "queue_log"}}})
    return msgspec.json.encode(Order(values, work, str(to), words))


def _tell(line: Said) -> None:
    os.write(2, msgspec.json.encode(line) + b"\n")


def _behave() -> None:
    """The PBX beside has precedence, in time and in memory: if any process is to be killed for it, it is this one."""
    give_way()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900")
    half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (half, half))


def main() -> int:
    _behave()
    for name in sys.argv[1:]:
        if name in WORKS:
            WORKS[name]()
    if sys.argv[1:] != ["forecast"]:  # its libraries may leave much in circles
        gc.disable()  # it lives for one order, whose hundred thousand rows would be gone through again and again
    try:
        wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
        if wanted.work not in WORKS:
            raise InputError(f"no such work: {wanted.work!r}")
        config = parse(wanted.config, "configuration", connects=False)
        result = WORKS[wanted.work]()(config, wanted.words, lambda done, total: _tell(Said(done, total)))
        _write(Path(wanted.to), result)
    except (CallcenterError, msgspec.ValidationError) as problem:
        _tell(Said(error=str(problem)))
        return 2
    except (MemoryError, RuntimeError) as problem:
        if isinstance(problem, RuntimeError) and "can't start new thread" not in str(problem):
            raise
        _tell(Said(error="out of memory: ask for a shorter range"))
        return 2
    return 0


def _write(path: Path, result: bytes) -> None:
    try:
        path.write_bytes(result)
    except OSError as e:
        raise InputError(f"cannot write the result: {e.strerror or e}") from e


if __name__ == "__main__":
    sys.exit(main())
