"""Pure code stays pure: the modules that are meant to run without a clock, a socket or a database import none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

QUEUE_LOG_SHELLS = ("__init__", "beside", "files", "follow", "rotated", "table")

FORMAT_SHELLS = ("as_csv", "as_html", "as_parquet", "as_table")
"""They write into memory, by libraries that could write elsewhere."""

PURE = sorted(
    path
    for pattern in ("callcenter/floor/*.py", "callcenter/figures/*.py", "kpi/*.py", "callcenter/crm/rules.py",
                    "callcenter/crm/ticket.py", "callcenter/ami/framing.py", "callcenter/ami/commands.py",
                    "callcenter/ami/pbx_clock.py", "callcenter/holes.py",
                    "callcenter/verify.py", "callcenter/board.py", "callcenter/queue_log/*.py",
                    "callcenter/alerts.py", "callcenter/day_series.py",
                    "callcenter/top/seen.py",
                    "callcenter/ami/starts.py", "callcenter/ami/headers.py", "callcenter/store/values.py",
                    "callcenter/numbers.py", "callcenter/shown.py", "callcenter/mqtt/messages.py",
                    "callcenter/mqtt/home_assistant.py", "callcenter/mqtt/table.py",
                    "callcenter/history/columns.py", "callcenter/history/ranges.py", "callcenter/history/lines.py",
                    "callcenter/history/tables.py", "callcenter/history/folding.py", "callcenter/history/joined.py",
                    "callcenter/history/choosing.py", "callcenter/history/matching.py",
                    "callcenter/report/values.py", "callcenter/forecast/*.py",
                    "callcenter/report/site_calendar.py", "callcenter/report/periods.py",
                    "callcenter/report/range_text.py", "callcenter/report/groups.py", "callcenter/report/sums.py",
                    "callcenter/report/labels.py", "callcenter/report/offers.py", "callcenter/report/compute.py",
                    "callcenter/report/formats/[!_]*.py")
    for path in ROOT.glob(pattern)
    if path not in [ROOT / f"callcenter/queue_log/{shell}.py" for shell in QUEUE_LOG_SHELLS]
    and path not in [ROOT / f"callcenter/report/formats/{shell}.py" for shell in FORMAT_SHELLS]
)  # fmt: skip

FORBIDDEN = {
    "asyncio", "socket", "time", "sqlalchemy", "aiosqlite", "panoramisk", "fastapi", "uvicorn", "random", "secrets",
    "os", "sys", "subprocess", "threading", "structlog", "logging", "typer", "rich", "gzip", "pathlib", "io",
}  # fmt: skip

ALLOWED: dict[str, tuple[set[str], str]] = {}
"""Module → (what it may import all the same, why)."""

SHELLS = {
    "callcenter.ami.link", "callcenter.ami.protocol", "callcenter.ami.check", "callcenter.ami.replay",
    "callcenter.ami.simulator", "callcenter.daemon", "callcenter.pipeline", "callcenter.cli", "callcenter.summary",
    "callcenter.store.store", "callcenter.store.opening", "callcenter.store.reading", "callcenter.store.writing",
    "callcenter.web", "callcenter.metrics", "callcenter.repairs", "callcenter.self_check",
    *(f"callcenter.queue_log.{shell}" for shell in QUEUE_LOG_SHELLS if shell != "__init__"),
}  # fmt: skip

CLOCKS = {
    ("time", "time"), ("time", "monotonic"), ("time", "perf_counter"), ("datetime", "now"), ("datetime", "utcnow"),
    ("datetime", "today"), ("date", "today"), ("clock", "now"), ("clock", "monotonic"),
}  # fmt: skip


def imported(tree: ast.AST) -> set[str]:
    """Full names of all modules that are imported anywhere in it, also inside functions, but not for types only."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def clocks_read(tree: ast.AST) -> list[str]:
    calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return [ast.unparse(f) for f in calls if (ast.unparse(f.value).rpartition(".")[2], f.attr) in CLOCKS]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_imports_no_clock_and_no_io(path: Path) -> None:
    allowed, _ = ALLOWED.get(name_of(path), (set(), ""))
    names = imported(ast.parse(path.read_text()))
    assert {n.partition(".")[0] for n in names} & FORBIDDEN <= allowed
    assert not {n for n in names if n in SHELLS or any(n.startswith(f"{shell}.") for shell in SHELLS)}


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_a_pure_module_reads_no_clock(path: Path) -> None:
    assert clocks_read(ast.parse(path.read_text())) == []


@pytest.mark.parametrize("path", sorted((ROOT / "kpi").glob("*.py")), ids=name_of)
def test_the_kpis_need_nothing_but_numpy(path: Path) -> None:
    """They are usable without callcenter."""
    tops = {n.partition(".")[0] for n in imported(ast.parse(path.read_text()))}
    assert tops <= {"__future__", "kpi", "numpy", "collections", "dataclasses", "typing", "math", "enum", "functools"}


def test_what_is_searched_for_is_found_where_it_is() -> None:
    """The search itself: shells do what pure code may not."""
    session = ast.parse((ROOT / "callcenter/ami/session.py").read_text())
    assert {"asyncio", "hashlib", "ssl"} <= imported(session)
    assert "time.time" in clocks_read(ast.parse((ROOT / "callcenter/clock.py").read_text()))
    both = "import datetime\ndatetime.datetime.now()\nfrom datetime import date\ndate.today()"
    assert clocks_read(ast.parse(both)) == ["datetime.datetime.now", "date.today"]
    assert len(PURE) > 30


@pytest.mark.parametrize("path", sorted((ROOT / "callcenter").rglob("*.py")), ids=name_of)
def test_only_one_module_reads_the_wall_clock(path: Path) -> None:
    """A clock that is set must be noticed by nobody: all others ask callcenter.clock, which never steps."""
    wall = set(clocks_read(ast.parse(path.read_text()))) - {"clock.now", "clock.monotonic", "time.perf_counter"}
    assert not wall or name_of(path) == "callcenter/clock.py"


def test_no_exception_is_kept_that_is_not_needed() -> None:
    for name, (allowed, _) in ALLOWED.items():
        tops = {n.partition(".")[0] for n in imported(ast.parse((ROOT / name).read_text()))}
        assert allowed <= tops
