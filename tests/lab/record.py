"""Records a scenario: the AMI stream, the PBX's queue_log and the phones' own story side by side. Shell.

usage: PYTHONPATH=tests python -m lab.record VERSION SCENARIO SEED OUT_FOLDER NAME

``ast16-told-twice`` is ``16 handovers:60:3`` with a queue_log that takes its time, which shows what threads do::

    strace -f -qq -e trace=write -P QUEUE_LOG -e inject=write:delay_exit=40000 -p PID_OF_ASTERISK
"""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import sys
from pathlib import Path

from .ami import recording
from .asterisk import SUITES, Asterisk, running
from .drive import drive
from .stage import Placed


async def record(lab: Asterisk, scenario: str, seed: int, out: Path) -> list[Placed]:
    """Writes ``out``.ami.gz, .queue_log and .story.json."""
    raw = out.with_name(out.name + ".ami")
    async with recording(lab.ami_port, raw):
        placed = await drive(lab, scenario, seed)
    packed = gzip.compress(raw.read_bytes(), 9, mtime=0)
    out.with_name(out.name + ".ami.gz").write_bytes(packed)
    raw.unlink()
    shutil.copy(lab.queue_log, out.with_name(out.name + ".queue_log"))
    story = {"asterisk": lab.version, "scenario": scenario, "seed": seed, "calls": [one.plain() for one in placed]}
    out.with_name(out.name + ".story.json").write_text(json.dumps(story, ensure_ascii=False, indent=1) + "\n")
    return placed


def main(version: str, scenario: str, seed: str, folder: str, name: str) -> None:
    with running(SUITES[int(version)]) as lab:
        placed = asyncio.run(record(lab, scenario, int(seed), Path(folder) / name))
        print(f"{lab.version}: {len(placed)} calls")


if __name__ == "__main__":
    main(*sys.argv[1:])
