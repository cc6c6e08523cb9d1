"""Array arithmetic that the forecast shares: quotients, sums and medians where some are missing. Pure."""

from __future__ import annotations

import numpy as np

from kpi.columns import Bools, Floats


def over(part: Floats, whole: Floats, without: float = 0.0) -> Floats:
    """part / whole (numpy's broadcasting), ``without`` where whole is not above 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, without, np.float64), where=whole > 0)


def around(values: Floats, weights: Floats) -> Floats:
    """Weighted sums over the neighbours along the last axis; ``weights`` (an odd number) are centred on each place.
    Beyond the ends there is nothing."""
    half = len(weights) // 2
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(half, half)])
    views = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=-1)
    sums: Floats = views @ weights
    return sums


def medians(values: Floats, half: int) -> Floats:
    """The median of the numbers that are known within ``half`` places on either side, along the last axis; NaN without
    any."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(half, half)], constant_values=np.nan)
    return median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=-1))


def median(values: Floats) -> Floats:
    """The median along the last axis of the numbers that are not NaN; NaN without any."""
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    ordered = np.sort(values, axis=-1)  # NaN comes last
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    low, high = (np.take_along_axis(ordered, np.maximum(at, 0), -1) for at in ((count - 1) // 2, count // 2))
    return np.asarray(((low + high) / 2)[..., 0])


def runs(inside: Bools, values: Floats) -> Floats:
    """For each place, the sum of ``values`` over the unbroken run of ``inside`` that it is part of, along the last
    axis; 0 outside."""
    rows = inside.reshape(-1, inside.shape[-1])
    run = np.cumsum(~rows, axis=1) + (np.arange(len(rows)) * (rows.shape[1] + 1))[:, None]
    sums = np.bincount(run.ravel(), np.where(rows, values.reshape(rows.shape), 0.0).ravel())
    return np.where(rows, sums[run], 0.0).reshape(inside.shape)
