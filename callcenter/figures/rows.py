"""Rows in growing numpy columns: adding one and setting a cell are cheap, and a column is read without a copy. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[Any]

FIRST_CAPACITY = 1024


class Rows:
    """``columns[name][row]`` for row < ``size``; beyond it every cell is blank."""

    __slots__ = ("_blanks", "_capacity", "columns", "size")

    def __init__(self, blanks: Mapping[str, np.generic]) -> None:
        self._blanks = dict(blanks)
        self._capacity = FIRST_CAPACITY
        self.columns: dict[str, Column] = {n: np.full(FIRST_CAPACITY, blank) for n, blank in self._blanks.items()}
        self.size = 0

    def add(self) -> int:
        """The number of a new, blank row. Look columns up after it: they move when they grow."""
        row = self.size
        if row == self._capacity:
            for name, blank in self._blanks.items():
                self.columns[name] = np.concatenate([self.columns[name], np.full(row, blank)])
            self._capacity = row * 2
        self.size = row + 1
        return row

    def picture(self) -> Rows:
        """A copy that stays as it is, for reading only: its capacity is its size."""
        picture = copy(self)
        picture.columns = {name: self.column(name).copy() for name in self.columns}
        picture._capacity = self.size
        return picture

    def column(self, name: str) -> Column:
        """One column without a copy: not to be kept past the next change."""
        return self.columns[name][: self.size]

    def read(self, wanted: NDArray[np.bool_]) -> dict[str, Column]:
        """The columns of the wanted rows: not to be kept past the next change (of all rows it is no copy)."""
        if wanted.all():
            return {name: self.column(name) for name in self.columns}
        rows = np.flatnonzero(wanted)
        return {name: self.column(name).take(rows) for name in self.columns}

    def keep(self, kept: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Drop the rows where ``kept`` is False. The answer is each old row's new number, -1 where it is gone."""
        moved = np.where(kept, np.cumsum(kept) - 1, -1)
        rows = np.flatnonzero(kept)
        for name, column in self.columns.items():
            column[: len(rows)] = column[rows]
            column[len(rows) : self.size] = self._blanks[name]
        self.size = len(rows)
        return moved
