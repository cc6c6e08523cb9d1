"""How a report is to be written. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """What the formats heed; each ignores what means nothing to it.

    ``language`` (en, fa, ar): table and HTML. ``width`` in characters, ``definitions`` below the figures and ``colour``
    (ANSI escapes): table. ``bom``: CSV begins with a byte order mark.
    """

    language: str = "en"
    width: int = 100
    definitions: bool = False
    colour: bool = False
    bom: bool = True
