"""Drives scripted calls over a real Asterisk and returns what the phones themselves measured. Shell.

Scenarios: ``behaviours`` and ``load:CALLS:RATE:MEAN_STAY`` (plain agents and callers), ``everything`` (each behaviour
of :mod:`lab.plans` and :mod:`lab.acts` once), ``mix:CALLS:RATE`` (a random mix of all of them, by seed) and
``handovers:CALLS:RATE`` (attended transfers to phones that still ring).
"""

from __future__ import annotations

import random

from .ami import session
from .asterisk import Asterisk
from .phones import Phones
from .scenario import SCENARIOS
from .stage import Placed, Stage
from .steps import Step


async def drive(lab: Asterisk, scenario: str, seed: int = 1) -> list[Placed]:
    """Drives ``scenario`` and returns its calls in the order of their end. No call is up afterwards.

    Raises :class:`~lab.debian.LabError` when something does not come to an end, and what a phone's script raised.
    """
    dice = random.Random(seed)
    agents = Phones(lab.uas_port, lab.sip_port, Step(ring=dice.uniform(0.5, 1.5)))
    outside = Phones(lab.trunk_port, lab.sip_port, Step(), trunk=True)
    async with agents, outside, session(lab.ami_port) as ami:
        stage = Stage(lab, int(lab.version.split(".")[0]), agents, outside, ami, dice)
        kind, *words = scenario.split(":")
        try:
            await SCENARIOS[kind](stage, *words)
        finally:
            _raise_failures(agents, outside)
        await stage.silence()
        _raise_failures(agents, outside)
        return stage.placed


def _raise_failures(*phones: Phones) -> None:
    """A broken script must not pass for a quiet call."""
    if failures := [failure for one in phones for failure in one.failures]:
        raise BaseExceptionGroup("a phone's script failed", failures)
