"""Makes the tests' manager interface importable here: import this module before ``tiny_manager``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests" / "ami"))
