"""The console script, and ``python -m callcenter``. A shell.

What :mod:`callcenter.cli` imports takes a third of a second: who interrupts it then is not shown what was imported.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else nobody wants it to end us
            signal.signal(signal.SIGINT, _end)  # an exception might be caught, or shown, by what is imported
        from callcenter import cli

        if signal.getsignal(signal.SIGINT) is _end:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        cli.main()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _end(signal_number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
