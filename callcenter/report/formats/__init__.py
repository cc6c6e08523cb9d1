"""How a report is written. ``FORMATS`` maps a format's name to its writer; a new format is one module and one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from callcenter.report.formats.options import Options
from callcenter.report.values import Report

__all__ = ["FORMATS", "Format", "Options"]

_HERE = "callcenter.report.formats"


@dataclass(frozen=True, slots=True)
class Format:
    """``module`` holds ``writer``; it is loaded when it is first asked for, as pyarrow and Jinja2 take a while."""

    module: str
    writer: str
    suffix: str
    media_type: str

    def write(self, report: Report, options: Options | None = None) -> bytes:
        """The whole file; text is UTF-8."""
        writer: Callable[[Report, Options], bytes] = getattr(import_module(f"{_HERE}.{self.module}"), self.writer)
        return writer(report, options or Options())


FORMATS: dict[str, Format] = {
    "table": Format("as_table", "write_table", ".txt", "text/plain; charset=utf-8"),
    "csv": Format("as_csv", "write_csv", ".csv", "text/csv; charset=utf-8; header=present"),
    "json": Format("as_json", "write_json", ".json", "application/json"),
    "parquet": Format("as_parquet", "write_parquet", ".parquet", "application/vnd.apache.parquet"),
    "html": Format("as_html", "write_html", ".html", "text/html; charset=utf-8"),
}
