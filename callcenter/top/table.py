"""A table that fits the terminal: what does not fit goes as a whole column, the least important first, and only names
are cut. A value that is cut tells another one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

FIRST = 4
"""Columns of a higher rank are there only where the names are not cut to their least for them."""


@dataclass(frozen=True, slots=True)
class Column:
    """``rank``: the smaller, the longer it stays. ``least``: so much room is kept, that columns do not come and go with
    their values; a ``name`` may be cut to it."""

    title: str
    rank: int
    least: int = 0
    name: bool = False
    right: bool = True


Row = Sequence[Text]


def table(columns: Sequence[Column], rows: Sequence[Row], total: Row | None, width: int, gap: int = 1) -> Table:
    """The rows, then the total in bold, in at most ``width`` cells of a terminal."""
    made = Table(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
    everyone = [*rows, total] if total else rows
    widths = _widths(columns, everyone, width, gap)
    for i in sorted(widths):
        justify: JustifyMethod = "right" if columns[i].right and not columns[i].name else "left"
        made.add_column(columns[i].title, width=widths[i], no_wrap=True, overflow="ellipsis", justify=justify)
    for row in everyone:
        made.add_row(*(row[i] for i in sorted(widths)), style="bold" if row is total else "")
    return made


def _widths(columns: Sequence[Column], rows: Sequence[Row], width: int, gap: int) -> dict[int, int]:
    """Of the columns that fit, by their number. The most important one is always there."""
    widest = [max(map(cell_len, (c.title, *(row[i].plain for row in rows)))) for i, c in enumerate(columns)]
    left, kept = width + gap, dict[int, int]()
    for i in sorted(range(len(columns)), key=lambda i: columns[i].rank):
        column = columns[i]
        needed = column.least if column.name else max(column.least, widest[i])
        for_names = columns[0].least if column.rank > FIRST else 0
        if not kept or needed + gap + for_names <= left:
            kept[i] = min(needed, width)
            left -= needed + gap
    names = sorted((i for i in kept if columns[i].name), key=lambda i: widest[i])
    for n, i in enumerate(names):
        more = max(0, min(widest[i] - kept[i], left // (len(names) - n)))
        kept[i] += more
        left -= more
    return kept
