"""A report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. It can be mailed
and printed on A4. The template and the style sheet are beside this module; everything from outside is escaped.
"""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from callcenter.report.formats.cells import unicode_only
from callcenter.report.formats.options import Options
from callcenter.report.formats.page import page
from callcenter.report.values import Report

TEMPLATES = Environment(
    loader=PackageLoader("callcenter.report.formats", "template"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_html(report: Report, options: Options) -> bytes:
    template = TEMPLATES.get_template("report.html")
    return unicode_only(template.render(page=page(report, options.language))).encode()
