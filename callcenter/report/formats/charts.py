"""Charts as SVG, by plain functions. Pure; colours and fonts are classes of the page's style sheet.

In a language that is written from right to left a chart is turned over as the tables are: time runs from right to left,
numbers stand on the right, and the axis of time says so with an arrow. All of it happens in ``Frame.x``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from callcenter.report.formats.axis import every_nth, majors, shortened, text_width, ticks
from callcenter.report.formats.dates import Mark
from callcenter.report.formats.numerals import aimed, said, whole
from kpi.columns import Floats

WIDTH = 720.0
HEIGHT = 236.0
TOP = 10.0
FOOT = 40.0
ROW = 19.0
FONT = 11.0


@dataclass(frozen=True, slots=True)
class Series:
    """``css``: the class of its bars. NaN: not known."""

    label: str
    css: str
    values: Floats


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things are drawn: from ``left`` to ``right`` in the reading direction."""

    left: float
    right: float
    rtl: bool
    language: str

    @property
    def size(self) -> float:
        return self.right - self.left

    def x(self, at: float) -> float:
        """``at`` from 0 to 1 in the reading direction."""
        place = self.left + at * self.size
        return WIDTH - place if self.rtl else place

    def edge(self, place: float) -> float:
        return WIDTH - place if self.rtl else place

    def bar(self, css: str, start: float, end: float, top: float, bottom: float, title: str = "") -> Markup:
        """``start`` and ``end`` from 0 to 1."""
        x, width = min(self.x(start), self.x(end)), abs(self.x(end) - self.x(start))
        inner = tag("title", escape(title)) if title else Markup()
        return tag("rect", inner, class_=css, x=x, y=top, width=width, height=max(0.0, bottom - top))

    def text(self, css: str, x: float, y: float, words: str, anchor: str = "start") -> Markup:
        """``x`` is a place of the frame, before it is turned over; the anchor turns with the direction of the text."""
        return tag("text", escape(words), class_=css, x=self.edge(x), y=y, text_anchor=anchor)


def tag(name: str, content: Markup | str = "", **attributes: object) -> Markup:
    """Everything but ``content`` that is Markup already is escaped."""
    named = ((key.rstrip("_").replace("_", "-"), _written(value)) for key, value in attributes.items())
    pairs = Markup("").join(Markup(' {}="{}"').format(*pair) for pair in named)
    return Markup("<{0}{1}>{2}</{0}>").format(name, pairs, content)


def columns_chart(
    marks: Sequence[Mark], series: Sequence[Series], void: Sequence[bool], rtl: bool, language: str, time: str
) -> Markup:
    """Bars by period, the series on top of each other. What was not known whole (``void``) is hatched: it is not 0."""
    known = [[s.values[i] for s in series if not math.isnan(s.values[i])] for i in range(len(marks))]
    scale = ticks(max((sum(values) for values in known), default=0.0))
    frame, plot = _upright(marks, [whole(int(t), language) for t in scale], rtl, language, time)
    slot, most, base = 1 / len(marks), scale[-1], HEIGHT - FOOT
    plot += _voids(frame, void)
    for i in range(len(known)):
        bottom = base
        for one in (s for s in series if s.values[i] > 0):
            top = bottom - float(one.values[i]) / most * (base - TOP)
            title = f"{_named(marks[i])}: {one.label} {said(float(one.values[i]), 'count', language)}"
            plot.append(frame.bar(one.css, (i + 0.12) * slot, (i + 0.88) * slot, top, bottom, title))
            bottom = top
    return _svg(plot, HEIGHT, rtl)


def level_chart(
    marks: Sequence[Mark], values: Floats, aim: float | None, void: Sequence[bool], rtl: bool, language: str, time: str
) -> Markup:
    """A line of a ratio by period, with its target; it is broken where there is no value. ``void`` as above."""
    frame, plot = _upright(marks, [aimed(t / 5, language) for t in range(6)], rtl, language, time)
    slot, base = 1 / len(marks), HEIGHT - FOOT
    height = base - TOP
    plot += _voids(frame, void)
    if aim is not None:
        y = base - aim * height
        plot.append(tag("line", class_="aim", x1=frame.x(0), x2=frame.x(1), y1=y, y2=y))
    points = [(frame.x((i + 0.5) * slot), base - v * height, float(v)) for i, v in enumerate(values)]
    for run in _runs(points):
        plot.append(tag("polyline", class_="level", points=" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in run)))
    for i, (x, y, value) in enumerate(points):
        if not math.isnan(value):
            title = tag("title", escape(f"{_named(marks[i])}: {said(value, 'ratio', language)}"))
            plot.append(tag("circle", title, class_="level", cx=x, cy=y, r=2.4))
    return _svg(plot, HEIGHT, rtl)


def rows_chart(names: Sequence[str], series: Sequence[Series], rtl: bool, language: str) -> Markup:
    """Bars by name, one below the other, with the sum at their end."""
    sums = [sum(s.values[i] for s in series if not math.isnan(s.values[i])) for i in range(len(names))]
    scale = ticks(max(sums, default=0.0))
    frame, plot = _lying(names, [whole(int(t), language) for t in scale], rtl, language)
    for i in range(len(names)):
        at, (top, bottom) = 0.0, _row(i)
        for one in (s for s in series if s.values[i] > 0):
            end = at + float(one.values[i]) / scale[-1]
            title = f"{one.label} {said(float(one.values[i]), 'count', language)}"
            plot.append(frame.bar(one.css, at, end, top, bottom, title))
            at = end
        all_unknown = all(math.isnan(s.values[i]) for s in series)
        text = said(math.nan if all_unknown else sums[i], "count", language)
        plot.append(frame.text("value", frame.left + at * frame.size + 4, bottom - 3.5, text))
    return _svg(plot, _height(names), rtl)


def levels_chart(
    names: Sequence[str], values: Floats, aims: Sequence[float | None], css: Sequence[str], rtl: bool, language: str
) -> Markup:
    """Bars of a ratio by name, each with a tick at its own target."""
    frame, plot = _lying(names, [aimed(t / 5, language) for t in range(6)], rtl, language)
    for i, value in enumerate(float(v) for v in values):
        top, bottom = _row(i)
        end = 0.0 if math.isnan(value) else value
        plot.append(frame.bar(css[i], 0, end, top, bottom))
        plot.append(frame.text("value", frame.right + 8, bottom - 3.5, said(value, "ratio", language)))
        aim = aims[i]
        if aim is not None:
            x = frame.x(aim)
            plot.append(tag("line", class_="aim-tick", x1=x, x2=x, y1=top - 1.5, y2=bottom + 1.5))
    return _svg(plot, _height(names), rtl)


def _voids(frame: Frame, void: Sequence[bool]) -> list[Markup]:
    slot = 1 / max(len(void), 1)
    return [frame.bar("void", i * slot, (i + 1) * slot, TOP, HEIGHT - FOOT) for i, some in enumerate(void) if some]


def _upright(
    marks: Sequence[Mark], scale: Sequence[str], rtl: bool, language: str, time: str
) -> tuple[Frame, list[Markup]]:
    """The axes of a chart of time: lines with their numbers, periods below, what they belong to below these."""
    left = max(42.0, *(text_width(label, FONT) for label in scale)) + 10
    frame = Frame(left, WIDTH - 8, rtl, language)
    base = HEIGHT - FOOT
    plot = [Markup()]
    for i, label in enumerate(scale):
        y = base - i / (len(scale) - 1) * (base - TOP)
        plot.append(tag("line", class_="grid" if i else "base", x1=frame.x(0), x2=frame.x(1), y1=y, y2=y))
        plot.append(frame.text("tick", left - 6, y + 3.8, label, "end"))
    room = frame.size / len(marks)
    every = every_nth(marks, room, FONT)
    plot += [
        frame.text("tick", left + (i + 0.5) * room, base + 14, marks[i].minor, "middle")
        for i in range(0, len(marks), every)
    ]
    arrow = f"{time} {'←' if rtl else '→'}"
    free = frame.size - text_width(arrow, FONT) - FONT
    for i, words in majors(marks, room, FONT):
        x = i * room
        if x + text_width(words, FONT) < free:
            plot.append(frame.text("major", left + x + 2, base + 31, words))
        if i:
            place = frame.edge(left + x)
            plot.append(tag("line", class_="grid", x1=place, x2=place, y1=base, y2=base + 32))
    plot.append(frame.text("tick", frame.right, base + 31, arrow, "end"))
    return frame, plot


def _lying(names: Sequence[str], scale: Sequence[str], rtl: bool, language: str) -> tuple[Frame, list[Markup]]:
    """The axes of a chart by name: names before the bars, numbers above them."""
    left = min(190.0, max((text_width(name, FONT) for name in names), default=0.0)) + 12
    frame = Frame(left, WIDTH - 58, rtl, language)
    plot = [Markup()]
    bottom = _height(names) - 4
    for i, label in enumerate(scale):
        at = i / (len(scale) - 1)
        plot.append(tag("line", class_="grid" if i else "base", x1=frame.x(at), x2=frame.x(at), y1=18, y2=bottom))
        plot.append(frame.text("tick", left + at * frame.size, 12, label, "middle"))
    for i, name in enumerate(names):
        short = f"\u2068{shortened(name, left - 12, FONT)}\u2069"
        text = frame.text("name", left - 6, _row(i)[1] - 3.5, short, "end")
        plot.append(tag("g", tag("title", escape(name)) + text))
    return frame, plot


def _row(i: int) -> tuple[float, float]:
    return 22 + i * ROW + 2, 22 + (i + 1) * ROW - 2


def _height(names: Sequence[str]) -> float:
    return 22 + len(names) * ROW + 6


def _runs(points: Sequence[tuple[float, float, float]]) -> list[list[tuple[float, float, float]]]:
    """What belongs together: a line ends where there is no value."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    for point in points:
        if not math.isnan(point[2]):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _named(mark: Mark) -> str:
    return f"{mark.minor} {mark.major}"


def _written(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _svg(plot: Sequence[Markup], height: float, rtl: bool) -> Markup:
    box = f"0 0 {_written(WIDTH)} {_written(height)}"
    return tag("svg", Markup("").join(plot), viewBox=box, direction="rtl" if rtl else "ltr", role="img")
