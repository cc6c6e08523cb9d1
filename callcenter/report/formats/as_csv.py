"""A report as CSV: one row a period and a name, numbers as a machine reads them (RFC 4180, UTF-8). Pure.

Three decisions. Totals are left out: who adds a column up would count everything twice (``every`` range and ``by`` site
give them). Definitions, targets and what trust tells of the whole range are left out too, so that the file is one plain
table; JSON, Parquet and HTML have them. And it begins with a byte order mark unless told otherwise: without one Excel
reads Persian and Arabic names as something else and says nothing, while the other readers skip it or are told to
(Python: ``utf-8-sig``).
"""

from __future__ import annotations

import csv
import re
from io import StringIO

from callcenter.report.formats.cells import number, rfc3339, rows, told, unicode_only, unknown
from callcenter.report.formats.options import Options
from callcenter.report.values import Report

_UNSEEN = r"[\s\"'\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_FORMULA = re.compile(rf"(^|[;\t\r\n])(?={_UNSEEN}[=+\-@＝＋－＠﹢﹣−﹦﹫])")
"""Where a spreadsheet would begin a formula: at the start, and after what it may take for the end of a cell (Excel
splits at semicolons where the decimal sign is a comma)."""

_BLANK = re.compile(r"^[\t\r\n]")


def harmless(text: str) -> str:
    """A text that no spreadsheet computes: a leading apostrophe, as OWASP advises against CSV injection."""
    safe = _FORMULA.sub(r"\1'", unicode_only(text))
    return f"'{safe}" if _BLANK.match(safe) else safe


def write_csv(report: Report, options: Options) -> bytes:
    """``start``, ``end`` (not included), the queue, agent, topic or site, then the columns by their names, and
    ``unknown_s``: of so much of the period nothing is known. Ratios are 0 to 1, times seconds; an empty cell is a value
    that is not known."""
    out, columns = StringIO(newline=""), told(report)
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(["start", "end", report.ask.by.value, *(c.name for c in columns), "unknown_s"])
    times = [[rfc3339(at, report.zone) for at in period] for period in report.periods]
    names, unknown_s = [harmless(name) for name in report.names], unknown(report)
    for p, n in rows(report):
        values = (number(float(c.values[p, n]), c.unit) for c in columns)
        writer.writerow([*times[p], names[n], *values, unknown_s[p]])
    return ("\ufeff" if options.bom else "").encode() + out.getvalue().encode()
