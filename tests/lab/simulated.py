"""The simulated PBX as a process of its own. Shell."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def simulating(folder: Path, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``callcenter simulate`` on a free port, with its queue_log in ``folder``."""
    command = [sys.executable, "-m", "callcenter", "simulate", "--port", "0", "--queue-log", str(folder / "queue_log")]
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        port = process.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0]
        yield int(port), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
