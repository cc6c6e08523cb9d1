"""The daemon over a disk that does not answer while a file FLAG is there: ``hanging.py FLAG ARGUMENT...``.

What is asked of the database waits in its thread, where nothing can interrupt it: that is how a dead disk looks to it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosqlite.core

from callcenter import cli

FLAG = Path(sys.argv[1])


class Queue(aiosqlite.core.SimpleQueue):  # type: ignore[type-arg]
    """In place of the queue to the database's thread."""

    def put_nowait(self, job: tuple[Any, Callable[[], Any]]) -> None:
        future, work = job

        def hangs() -> Any:
            while FLAG.exists():
                time.sleep(0.01)
            return work()

        super().put_nowait((future, hangs))


if __name__ == "__main__":
    aiosqlite.core.SimpleQueue = Queue  # type: ignore[attr-defined]
    sys.argv = ["callcenter", *sys.argv[2:]]
    cli.main()
