"""Makes ``report_tables`` known: the columns of a test from rows as dicts."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
