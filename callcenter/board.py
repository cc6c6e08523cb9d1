"""From the Floor and the figures to one immutable Wallboard. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.config import Config
from callcenter.figures import Targets, window_starts
from callcenter.floor.floor import Floor
from callcenter.floor.records import Hole
from callcenter.floor.wallboard import Alarm, FloorNow, Wallboard

THRESHOLD_S = 20.0
"""The field's usual service-level threshold, where neither the configuration nor the PBX names one."""

Figures = dict[str, dict[str, dict[str, float | None]]]


def targets_of(config: Config, floor: Floor, name: str) -> Targets:
    """What is in force for a queue: the configuration, else the PBX's own ``servicelevel``, else 20 s."""
    rules = config.queue(name)
    threshold = rules.service_level_s
    if threshold is None:
        queue = floor.queues.get(name)
        threshold = (queue.service_level_s if queue else None) or THRESHOLD_S
    return Targets(threshold, rules.service_level_target, rules.short_abandon_s)


def wallboard(
    seq: int, now: FloorNow, figures: Figures, config: Config, floor: Floor,
    holes: Iterable[Hole] = (), alarms: Iterable[Alarm] = (),
) -> Wallboard:  # fmt: skip
    targets = {}
    for queue in now.queues:
        t = targets_of(config, floor, queue.name)
        targets[queue.name] = {
            "threshold_s": t.threshold_s,
            "service_level": t.service_level,
            "short_abandon_s": t.short_abandon_s,
            "figures": config.queue(queue.name).targets,
        }
    began = window_starts(now.at, config.site.zone, config.site.day_starts)
    return Wallboard(seq, now, figures, targets, began, _touching(holes, min(began.values())), tuple(alarms))


def _touching(holes: Iterable[Hole], start: float) -> tuple[Hole, ...]:
    return tuple([hole for hole in holes if hole.to is None or hole.to > start])
