"""A report for a terminal, by rich. A shell only in that it draws: nothing is printed here.

What does not fit side by side is folded into several tables, each with the periods and names on its left. A line is one
rich text, not a row of rich's own table: that takes a third of a millisecond a cell, a minute for a year of 20 queues.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from callcenter.errors import InputError
from callcenter.report.formats.cells import aim, chosen, judged, label, shown, zone_name
from callcenter.report.formats.dates import Calendar
from callcenter.report.formats.numerals import said, whole
from callcenter.report.formats.options import Options
from callcenter.report.formats.trust import PARTLY, remarks, seen, thresholds
from callcenter.report.formats.words import WORDS, fill
from callcenter.report.values import By, Column, Report

MOST_LINES = 20_000
"""More than a terminal keeps or a person reads, and each takes half a millisecond to be laid out."""
NAME_WIDTH = 24
GAP = 3
_STYLE = {"near": "yellow", "bad": "red"}
_ISOLATES = str.maketrans("", "", "\u2066\u2067\u2068\u2069")
"""Terminals show them as boxes."""


def write_table(report: Report, options: Options) -> bytes:
    """InputError for more than ``MOST_LINES``."""
    language = options.language
    console = Console(
        file=StringIO(), width=options.width, force_terminal=options.colour, highlight=False, legacy_windows=False,
        color_system="standard" if options.colour else None, _environ={},
    )  # fmt: skip
    words = WORDS[language]
    console.print(Text(f"{words['report']}: {shown(report.site)}", style="bold"))
    console.print(Text(Calendar(language, report.zone, report.day_starts).range(report.ask.range)))
    columns = chosen(report)
    lines = _Lines(report, language)
    if len(lines.places) > MOST_LINES:
        raise InputError(f"the table would have {len(lines.places):,} lines, {MOST_LINES:,} are allowed: ask for "
                         "longer periods, fewer names or the format csv")
    for block in _blocks(lines, columns, options.width) if report.periods else ():
        console.print()
        console.print(Text("\n").join(lines.table(block)), soft_wrap=True)
    console.print("" if report.periods else Text(f"\n{words['empty']}\n"))
    for line in _below(report, columns, language):
        console.print(Padding(Text(line.translate(_ISOLATES)), (0, 0, 0, 2), expand=False))
    if options.definitions:
        console.print()
        console.print(_definitions(columns, language))
    assert isinstance(console.file, StringIO)
    text = "\n".join(line.rstrip() for line in console.file.getvalue().split("\n"))
    return text.encode()


class _Lines:
    """The rows of the table: each period's names, then all of them; at the end the whole range."""

    def __init__(self, report: Report, language: str) -> None:
        self.report, self.language, self.words = report, language, WORDS[language]
        self.periods, self.names = len(report.periods), len(report.names)
        self.several = self.periods > 1
        self.by_name = report.ask.by is not By.SITE or not self.several  # some column must say what a line is of
        self.heads = [self.words["period"]] * self.several + [self.words[report.ask.by.value]] * self.by_name
        self.places = list(self._places())
        self._cells: dict[str, list[Text]] = {}

    def _places(self) -> Iterator[tuple[int, int]]:
        if not self.periods:
            return
        names = [*range(self.names), self.names] if self.by_name and self.names != 1 else [0 if self.names else -1]
        for p in [*range(self.periods), self.periods] if self.several else [self.periods]:
            yield from ((p, n) for n in names)

    def left(self, p: int, n: int, first: bool) -> list[str]:
        name = self.words["all"] if n == self.names else shown(self.report.names[n])
        name = name if len(name) <= 2 * NAME_WIDTH else f"{name[:2 * NAME_WIDTH - 1]}…"
        return [self.period(p) if first else ""] * self.several + [name] * self.by_name

    def period(self, p: int) -> str:
        if p == self.periods:
            return self.words["whole"]
        first, last = (self.report.periods[i][0] for i in (0, -1))
        name = Calendar(self.language, self.report.zone, self.report.day_starts).period(
            self.report.periods[p], self.report.ask.every, year=last - first > 300 * 86_400
        )
        return name + PARTLY * self.report.partly_seen(p)

    def cell(self, column: Column, p: int, n: int) -> Text:
        value = float(column.values[p, n])
        name = None if n == self.names else self.report.names[n]
        verdict = judged(value, column.better, aim(self.report, column, name))
        return Text(said(value, column.unit, self.language), style=_STYLE.get(verdict, ""))

    def left_widths(self) -> list[int]:
        periods = (self.period(p) for p in range(self.periods + 1))
        names = (self.left(0, n, False)[-1] for n in range(self.names + 1)) if self.by_name else ()
        period = max(map(cell_len, periods)) if self.several else 0
        name = max(map(cell_len, names), default=0)
        return [period] * self.several + [min(NAME_WIDTH, max(name, cell_len(self.heads[-1])))] * self.by_name

    def cells_of(self, column: Column) -> list[Text]:
        """From top to bottom; asked for thrice, made once."""
        if column.name not in self._cells:
            self._cells[column.name] = [self.cell(column, p, n) for p, n in self.places]
        return self._cells[column.name]

    def width(self, column: Column) -> int:
        words = label(column, self.language).split()
        return max(1, *(cell_len(word) for word in words), *(cell_len(cell.plain) for cell in self.cells_of(column)))

    def table(self, columns: list[Column]) -> Iterator[Text]:
        left = self.left_widths()
        widths = [*left, *(self.width(column) for column in columns)]
        heads = [[head] for head in self.heads] + [
            _wrapped(label(column, self.language), width)
            for column, width in zip(columns, widths[len(left):], strict=True)
        ]  # fmt: skip
        high = max(map(len, heads))
        for i in range(high):
            yield _line([Text((([""] * high) + head)[len(head) + i]) for head in heads], widths, len(left))
        yield Text("─" * (sum(widths) + GAP * (len(widths) - 1)))
        before, grouped = None, self.by_name and self.names != 1
        cells = [self.cells_of(column) for column in columns]
        for i, (p, n) in enumerate(self.places):
            if before not in (None, p) and (p == self.periods or grouped):
                yield Text()
            names = [chop_cells(t, w) or [""] for t, w in zip(self.left(p, n, before != p), left, strict=True)]
            yield _line([*(Text(name[0]) for name in names), *(column[i] for column in cells)], widths, len(left))
            for k in range(1, max(map(len, names), default=0)):
                yield _line([Text(name[k] if k < len(name) else "") for name in names], widths, len(left))
            before = p


def _wrapped(words: str, width: int) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _line(cells: list[Text], widths: list[int], left: int) -> Text:
    """The first ``left`` cells begin where their column does, the others end there."""
    line = Text()
    for i, (cell, width) in enumerate(zip(cells, widths[: len(cells)], strict=True)):
        blank = " " * (width - cell_len(cell.plain))
        line.append(" " * GAP if i else "").append(blank if i >= left else "").append(cell.plain, cell.style)
        line.append(blank if i < left else "")
    return line


def _blocks(lines: _Lines, columns: list[Column], width: int) -> Iterator[list[Column]]:
    """As many columns side by side as fit, at least one."""
    room = width - sum(width + GAP for width in lines.left_widths())
    block: list[Column] = []
    used = 0
    for column in columns:
        need = lines.width(column) + GAP
        if block and used + need > room:
            yield block
            block, used = [], 0
        block.append(column)
        used += need
    if block:
        yield block


def _below(report: Report, columns: list[Column], language: str) -> Iterator[str]:
    words = WORDS[language]
    yield f"{words['zone']}: {zone_name(report.zone)}"
    yield f"{words['made']}: {Calendar(language, report.zone, report.day_starts).moment(report.made_at)}"
    for queue, within, short, level in thresholds(report, language):
        yield f"{words['thresholds']}: {queue}: {fill(words['within'], p=level, s=within)}; {words['short']} {short}"
    yield seen(report, language)[0]
    if len(report.periods) > 1 and any(map(report.partly_seen, range(len(report.periods)))):
        yield words["partly"]
    yield from remarks(report, language)
    if len(columns) < len(report.columns):
        yield fill(words["columns_cut"], n=whole(len(columns), language), m=whole(len(report.columns), language))


def _definitions(columns: list[Column], language: str) -> Table:
    table = Table(box=None, pad_edge=False, title=WORDS[language]["definitions"], title_justify="left")
    table.add_column(WORDS[language]["figure"], max_width=30)
    table.add_column(WORDS[language]["definition"])
    for column in columns:
        table.add_row(Text(label(column, language)), Text(column.definition))
    return table
