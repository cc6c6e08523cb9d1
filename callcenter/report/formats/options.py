"""How a report is to be written. Pure values."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.errors import InputError
from callcenter.report.formats.words import WORDS


@dataclass(frozen=True, slots=True)
class Options:
    """What the formats heed; each ignores what means nothing to it.

    ``language`` (en, fa, ar): table and HTML. ``width`` in characters, ``definitions`` below the figures and ``colour``
    (ANSI escapes): table. ``bom``: CSV begins with a byte order mark. InputError for a language without words.
    """

    language: str = "en"
    width: int = 100
    definitions: bool = False
    colour: bool = False
    bom: bool = True

    def __post_init__(self) -> None:
        if self.language not in WORDS:
            raise InputError(f"no such language: {self.language!r}; known are {', '.join(WORDS)}")
