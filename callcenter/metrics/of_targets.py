"""The samples of what each queue aims at, so that a dashboard draws the target that is in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.floor.wallboard import Wallboard
from callcenter.metrics.exposition import Samples
from kpi.table import CALL_FIGURES, FIGURES

OF_FIELD: dict[str, tuple[float, float]] = {f.name: f.target for f in (*FIGURES, *CALL_FIGURES) if f.target is not None}
"""Figure → what the field aims at, from and to."""


def of_targets(board: Wallboard) -> dict[str, Samples]:
    """Metric → (labels, value) …, for each row of the table's part that is about targets."""
    c = "callcenter_queue_"
    return {
        c + "service_level_threshold_seconds": _one(board, "threshold_s"),
        c + "service_level_target_ratio": _one(board, "service_level"),
        c + "target_low": _ends(board, 0),
        c + "target_high": _ends(board, 1),
    }


def aims(targets: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Figure → from and to: what is configured for the queue, else what the field aims at.

    The live service level is held to the same aim as the one of whole windows unless it has one of its own.
    """
    level = targets.get("service_level")
    own = {} if level is None else dict.fromkeys(("service_level", "service_level_live"), (level, level))
    configured: Mapping[str, tuple[float, float]] = targets.get("figures", {})
    return {**OF_FIELD, **own, **configured}


def _one(board: Wallboard, key: str) -> Samples:
    return (((queue,), targets[key]) for queue, targets in board.targets.items() if key in targets)


def _ends(board: Wallboard, end: int) -> Samples:
    for queue, targets in board.targets.items():
        for figure, aim in aims(targets).items():
            yield (queue, figure), aim[end]
