"""What a recorded stream or the store comes to: the results of ``replay`` and ``verify``. A shell that reads files."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from callcenter.ami.replay import Cut, Replay, chunks
from callcenter.board import targets_of
from callcenter.config import Config, parse
from callcenter.errors import InputError
from callcenter.figures import Window
from callcenter.floor.changes import AgentChanged, ConversationEnded
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, as_api
from callcenter.numbers import e164
from callcenter.queue_log import read
from callcenter.store.peek import all_calls
from callcenter.verify import Range, Verdict, verdict
from kpi.table import COUNTS, SUMS_S

Numbers = dict[str, Counter[str]]


def replay_files(files: Iterable[Path], config: Config | None) -> tuple[dict[str, Any], Cut | None]:
    """The result of ``replay --json``, and what was cut off, if anything. Each file is a PBX of its own."""
    rules = config or parse({"pbx": [{"secret": "-"}]}, "defaults")
    total: dict[str, Any] = {"events": 0, "calls": [], "queues": {}, "agents": {}, "drift": 0}
    cut: Cut | None = None
    for path in files:
        one = _Played(rules)
        cut = one.play(path) or cut
        one.add_to(total, rules)
    return total, cut


class _Played:
    """One stream played whole."""

    def __init__(self, rules: Config) -> None:
        pbx = rules.pbx[0]
        self.floor = Floor(pbx.name, pbx.trunks, pbx.extension_digits, lambda queue: rules.queue(queue).wrap_up_s)
        self.window = Window(lambda name: targets_of(rules, self.floor, name), rules.site.zone, rules.site.day_starts)
        self.replay = Replay(self.floor)
        self.agents: Numbers = {}

    def play(self, path: Path) -> Cut | None:
        """Raises InputError; a file that ends in the middle is told after all before it was played."""
        try:
            for _, changes in self.replay.play(chunks(path)):
                for change in changes:
                    self.window.apply(change)
                    if isinstance(change, AgentChanged | ConversationEnded):
                        self._agent(change)
            self.replay.rest(path)
        except Cut as cut:
            return cut
        return None

    def _agent(self, change: AgentChanged | ConversationEnded) -> None:
        if isinstance(change, ConversationEnded):
            if change.conversation.agent is not None:
                self.agents.setdefault(change.conversation.interface, Counter())["conversations"] += 1
        elif change.ended:
            seconds: dict[str, float] = {f"{change.ended.state}_s": change.ended.to - change.ended.from_}
            self.agents.setdefault(change.agent, Counter()).update(seconds)

    def records(self) -> list[CallRecord]:
        """All calls, in the order they began; those that never ended are open."""
        ended = self.floor.take_finished().values()
        return sorted([*ended, *(c.record() for c in self.floor.by_id.values())], key=lambda r: r.started_at)

    def add_to(self, total: dict[str, Any], rules: Config) -> None:
        total["events"] += self.replay.events
        total["drift"] += self.floor.drifts.total()
        for record in self.records():
            total["calls"].append(as_api(record, rules.site.zone, lambda n: e164(n, rules.site.country)))
        for name, row in self.window.table(0.0, math.inf, self.replay.at).items():
            if name:
                _sum(total["queues"], name, {key: row[key] or 0 for key in (*COUNTS, *SUMS_S)})
        for interface, seconds in self.agents.items():
            _sum(total["agents"], interface, {key: round(value, 6) for key, value in seconds.items()})


def _sum(into: dict[str, dict[str, float]], name: str, row: dict[str, Any]) -> None:
    have = into.setdefault(name, {})
    for key, value in row.items():
        have[key] = have.get(key, 0) + value


def records_of(config: Config | None, capture: Path | None) -> tuple[list[CallRecord], Range, Cut | None]:
    """The calls of a store or of a recorded stream, and the first and newest moment that it knows of."""
    if capture is not None:
        played = _Played(parse({"pbx": [{"secret": "-"}]}, "defaults"))
        cut = played.play(capture)
        return played.records(), (played.replay.began, played.replay.at), cut
    assert config is not None
    return *asyncio.run(all_calls(config.store.url)), None


def compared(records: list[CallRecord], told: Range, queue_log: Path) -> tuple[Range, Verdict]:
    """Compare over the time that both tell of. Raises InputError."""
    lines = list(read(queue_log))
    if not lines:
        raise InputError(f"{queue_log}: empty")
    return verdict(records, told, lines)
