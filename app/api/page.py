"""The API described on one page, made from its OpenAPI document: works offline, loads nothing from elsewhere."""

from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code{font-family:ui-monospace,monospace} h2{margin-top:2.5rem} table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
.verb{font-weight:600;text-transform:uppercase;margin-right:.5rem} p{margin:.25rem 0} pre{white-space:pre-wrap}
"""


def api_page(document: dict[str, Any]) -> str:
    """The HTML page of an OpenAPI 3.1 ``document``: every path, then every model with its fields."""
    info = document["info"]
    paths = "".join(_path(path, verb, op) for path, verbs in document["paths"].items() for verb, op in verbs.items())
    models = "".join(_model(name, model) for name, model in document.get("components", {}).get("schemas", {}).items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><pre>{escape(info.get('description', ''))}</pre>"
        f"<h2>Paths</h2>{paths}<h2>Models</h2>{models}</html>"
    )


def _path(path: str, verb: str, op: dict[str, Any]) -> str:
    parameters = ", ".join(f"<code>{escape(p['name'])}</code>" for p in op.get("parameters", []))
    body = op.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answer = op.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    lines = [
        f"<h3><span class=verb>{escape(verb)}</span><code>{escape(path)}</code></h3>",
        f"<p>{escape(op.get('description') or op.get('summary', ''))}</p>",
        f"<p>Takes: {parameters}</p>" if parameters else "",
        f"<p>Body: {_type(body)}</p>" if body else "",
        f"<p>Answers: {_type(answer)}</p>" if answer else "",
    ]
    return "".join(lines)


def _model(name: str, model: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code><td>{_type(facts)}<td>{escape(facts.get('description', ''))}"
        for field, facts in model.get("properties", {}).items()
    )
    return (
        f"<h3 id={escape(name)}>{escape(name)}</h3><p>{escape(model.get('description', ''))}</p><table>{rows}</table>"
    )


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(v))}</code>" for v in schema["enum"])
    return escape(str(schema.get("format") or schema.get("type") or "anything"))
