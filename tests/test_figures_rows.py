"""Growing columns against a plain list of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.figures.rows import FIRST_CAPACITY, Rows

BLANKS: dict[str, np.generic] = {"code": np.int32(-1), "wait_s": np.float64(math.nan)}


def fill(rows: Rows, codes: range) -> None:
    for code in codes:
        row = rows.add()  # before the column is looked up: adding may move it
        rows.columns["code"][row] = code


def test_rows_outgrow_the_first_capacity_and_keep_what_they_hold() -> None:
    rows = Rows(BLANKS)
    fill(rows, range(3 * FIRST_CAPACITY))
    assert rows.column("code").tolist() == list(range(3 * FIRST_CAPACITY))
    assert np.isnan(rows.column("wait_s")).all()


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_kept_rows_move_together_and_new_rows_are_blank(kept: list[bool]) -> None:
    rows = Rows(BLANKS)
    fill(rows, range(len(kept)))
    rows.columns["wait_s"][: rows.size] = 5.0
    moved = rows.keep(np.array(kept))
    left = [code for code, stays in enumerate(kept) if stays]
    assert rows.column("code").tolist() == left
    assert [moved[code] for code in left] == list(range(len(left)))
    assert all(moved[code] == -1 for code, stays in enumerate(kept) if not stays)
    new = [rows.add() for _ in kept]
    assert rows.column("code")[new].tolist() == [-1] * len(kept)
    assert np.isnan(rows.column("wait_s")[new]).all()


@pytest.mark.parametrize("wanted", [[True, True, True], [True, False, True], [False, False, False]])
def test_only_wanted_rows_are_read(wanted: list[bool]) -> None:
    rows = Rows(BLANKS)
    fill(rows, range(3))
    assert rows.read(np.array(wanted))["code"].tolist() == [code for code in range(3) if wanted[code]]
