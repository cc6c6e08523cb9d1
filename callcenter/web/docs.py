"""The page that explains the API, made from its own OpenAPI document: plain HTML, no script. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title} API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/docs.css"></head>
<body><header><h1>{title} API <small>{version}</small></h1><p>{about}</p>
<p><a href="/openapi.json">OpenAPI document</a> · <a href="/">Wallboard</a> · <a href="/metrics">Metrics</a></p>
</header><main>{operations}<h2 id="shapes">Shapes</h2>{shapes}</main></body></html>
"""

PARAMETER = ("parameter", "in", "meaning", "shape", "default", "limits")
LIMITS = {
    "minimum": "from {}", "maximum": "to {}", "minLength": "at least {} character",
    "maxLength": "at most {} characters",
}


def rendered(openapi: dict[str, Any]) -> str:
    """The whole page."""
    info = openapi["info"]
    return PAGE.format(
        title=escape(info["title"]), version=escape(info["version"]), about=escape(info.get("description", "")),
        operations="".join(_operations(openapi["paths"])), shapes="".join(_shapes(openapi["components"]["schemas"])),
    )


def _operations(paths: dict[str, Any]) -> Iterator[str]:
    for path, operations in paths.items():
        for method, operation in operations.items():
            yield (
                f"<section><h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
                f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>"
                f"{_table(PARAMETER, map(_parameter, operation.get('parameters', ())))}"
                f"{_table(('body', 'shape'), _body(operation))}"
                f"{_table(('answer', 'meaning', 'shape'), _answers(operation['responses']))}</section>"
            )


def _parameter(p: dict[str, Any]) -> tuple[str, ...]:
    name = escape(p["name"]) + (" *" if p.get("required") else "")
    schema = p["schema"]
    default = f"<code>{escape(str(schema['default']))}</code>" if schema.get("default") is not None else ""
    about = escape(p.get("description", ""))
    return f"<code>{name}</code>", escape(p["in"]), about, kind(schema), default, escape(limits(schema))


def _body(operation: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<code>{escape(media)}</code>", kind(content.get("schema", {}))


def _answers(responses: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for status, answer in responses.items():
        shapes = [
            f"<code>{escape(media)}</code> {kind(content.get('schema', {}))}"
            for media, content in answer.get("content", {}).items()
        ]
        yield escape(status), escape(answer.get("description", "")), "<br>".join(shapes)


def _shapes(schemas: dict[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        rows = [
            (f"<code>{escape(key)}</code>", kind(s), escape(s.get("description", "")))
            for key, s in schema.get("properties", {}).items()
        ]
        body = _table(("key", "shape", "meaning"), rows) if rows else f"<p>{kind(schema)}</p>"
        about = escape(schema.get("description", ""))
        yield f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{about}</p>{body}</section>'


def limits(schema: dict[str, Any]) -> str:
    """The bounds that a schema, or one of its choices, sets; in words."""
    bounds = [word.format(part[key]) for part in (schema, *schema.get("anyOf", ())) for key, word in LIMITS.items()
              if key in part]
    return ", ".join(bounds)


def kind(schema: dict[str, Any]) -> str:
    """What a schema allows, in short: a link to a named shape, a type, a list of values."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(kind(s) for s in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(v))}</code>" for v in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map to {kind(schema['additionalProperties'])}"
    return escape(schema.get("format") or schema.get("type") or "any")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{h}</th>" for h in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
