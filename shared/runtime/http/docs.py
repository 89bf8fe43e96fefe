"""`/docs`: the OpenAPI document as one plain page; no script, no style, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

_METHODS: Final = ("get", "post", "put", "patch", "delete")


def page(document: Mapping[str, Any]) -> bytes:
    """The page, grouped by tag as the document is."""
    info = document["info"]
    return "".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8>",
            f"<title>{escape(info['title'])}</title>",
            f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>",
            f"<p>{escape(info['description'])}</p>",
            '<p><a href="/openapi.json">openapi.json</a></p>',
            *_groups(document),
            "</html>",
        ]
    ).encode()


def _groups(document: Mapping[str, Any]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = operation.get("tags", ["other"])[0]
                groups.setdefault(tag, []).append(_operation(method, path, operation))
    for tag, rows in sorted(groups.items()):
        yield f"<h2>{escape(tag)}</h2><dl>{''.join(rows)}</dl>"


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    named = [p["name"] for p in operation.get("parameters", []) if p["in"] != "path"]
    body = operation.get("requestBody", {}).get("content", {})
    shapes = [_shape(content["schema"]) for content in body.values()]
    details = [
        f"permission {operation['x-permission']}",
        *([f"body {', '.join(shapes)}"] if shapes else []),
        *([f"takes {', '.join(named)}"] if named else []),
    ]
    return (
        f"<dt><code>{method.upper()} {escape(path)}</code></dt>"
        f"<dd>{escape(operation.get('summary', ''))}<br><small>{escape(' · '.join(details))}"
        "</small></dd>"
    )


def _shape(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name: str = schema["$ref"].rsplit("/", 1)[-1]
        return name
    return ", ".join(_shape(each) for each in schema.get("anyOf", []) if "$ref" in each) or "JSON"
