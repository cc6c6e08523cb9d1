"""Writes the dashboards: ``python -m callcenter.metrics.dashboards deploy/grafana``. A shell."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from callcenter.metrics.dashboards.grafana import dashboard
from callcenter.metrics.dashboards.table import DASHBOARDS
from callcenter.metrics.dashboards.values import LANGUAGES


def files() -> dict[str, str]:
    """Path below the folder that is given → what is in it."""
    return {
        f"dashboards/{language}/{made.name}.json": json.dumps(dashboard(made, language), indent=1, ensure_ascii=False)
        + "\n"
        for language in LANGUAGES for made in DASHBOARDS
    }  # fmt: skip


def write(folder: Path) -> None:
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """The exit status; what is wrong is one line on stderr."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m callcenter.metrics.dashboards FOLDER\n")
        return 2
    try:
        write(Path(arguments[0]))
    except OSError as e:
        sys.stderr.write(f"cannot write {e.filename or arguments[0]}: {e.strerror or e}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
