"""The page that Prometheus reads, in its text format 0.0.4. Pure but for what it remembers.

prometheus_client writes the same, and the tests hold the two against each other; but it makes each line from its parts
every time, which for a hundred queues and a thousand agents takes three times as long as a scrape may. Here the head of
a line, which is the same at each scrape, is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.utils import floatToGoString

from callcenter.metrics.table import Row
from callcenter.numbers import no_number

Labels = tuple[str, ...]
Samples = Iterator[tuple[Labels, float]]
"""Values of a row's labels, in its order. Of a histogram or summary the suffix comes first (``_bucket``, ``_count``,
``_sum``), of a bucket the upper bound last."""
Family = tuple[Row, Samples]

PARTED = frozenset({"histogram", "summary"})
"""Types whose samples have names of their own."""
FROM_PBX = frozenset({"queue", "agent", "name"})
"""Labels whose values are Asterisk's; the others are words of ours."""
_number: Callable[[float], str] = floatToGoString
ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Exposition:
    """Remembers the series of the last page: it takes no more than that."""

    def __init__(self) -> None:
        self._heads: dict[str, dict[Labels, str]] = {}

    def page(self, families: Iterable[Family]) -> bytes:
        """Families that are not in ``families`` keep their memory: they may have been left out this time only."""
        lines: list[str] = []
        made = {row.name: self._write(row, samples, lines) for row, samples in families}
        self._heads = self._heads | made
        return "".join(lines).encode()

    def _write(self, row: Row, samples: Samples, lines: list[str]) -> dict[Labels, str]:
        known, used, ends = self._heads.get(row.name, {}), dict[Labels, str](), _Ends()
        lines.append(f"# HELP {row.name} {_help(row.help)}\n# TYPE {row.name} {row.type}\n")
        for labels, value in samples:
            head = used[labels] = known.get(labels) or _head(row, labels)
            lines.append(head + ends[value])
        return used


class _Ends(dict[float, str]):
    """A number as it ends its line. Most are 0."""

    def __missing__(self, value: float) -> str:
        end = self[value] = f"{_number(value)}\n"
        return end


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _head(row: Row, labels: Labels) -> str:
    """``name{label="value"}`` and a space; labels in the order of their names."""
    name, names = row.name, row.labels
    if row.type in PARTED:
        name, labels, names = name + labels[0], labels[1:], (*names, "le")[: len(labels) - 1]
    pairs = sorted(zip(names, labels, strict=True))
    inside = ",".join(f'{label}="{_bare(label, value).translate(ESCAPED)}"' for label, value in pairs)
    return f"{name}{{{inside}}} " if inside else f"{name} "


def _bare(label: str, value: str) -> str:
    return no_number(value) if label in FROM_PBX else value
