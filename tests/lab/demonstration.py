"""The demonstration as a process of its own. Shell."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def demo(*words: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``callcenter demo`` on a free port, and its address. ``environment``: keys of its configuration besides."""
    command = [sys.executable, "-m", "callcenter", "demo", "--port", "0", *words]
    own = {**os.environ, **(environment or {})}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=own)
    assert process.stdout and process.stderr
    try:
        printed = [process.stdout.readline() for _ in range(2)]
        yield process, printed[1].split()[0].rstrip("/")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
