"""The diagnostics bundle: one ZIP with what the engine answers now, and no secret in it."""

import io
import json
import platform
import re
import zipfile
from collections.abc import Mapping
from typing import Any

HIDDEN = "(removed)"
_SECRET_KEY = re.compile(
    r"token|secret|password|passwd|credential|private|api_?key|authori[sz]ation|signature|certificate|\bpin\b|emaid|contract",
    re.IGNORECASE,
)
_SECRET_TEXT = (
    re.compile(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL),
    re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_PARTLY = re.compile(r"subject|evcc_?id|session_?id|evse_?id|station_id|serial", re.IGNORECASE)


def redact(value: Any, key: str = "") -> Any:
    """The value without secrets, known by their key or by how a text looks; identities keep their last four letters."""
    if isinstance(value, Mapping):
        return {k: redact(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [redact(v, key) for v in value]
    if _SECRET_KEY.search(key) and value not in (None, "", True, False):
        return HIDDEN
    if not isinstance(value, str):
        return value
    if _PARTLY.search(key) and len(value) > 4:
        return "…" + value[-4:]
    for pattern in _SECRET_TEXT:
        value = pattern.sub(HIDDEN, value)
    return value


_TOML_SECRET = re.compile(
    r"^(\s*[\w.-]*(?:token|secret|password|credential|private|api_?key|id_token)[\w.-]*\s*=\s*).*$",
    re.IGNORECASE | re.MULTILINE,
)


def redact_toml(text: str) -> str:
    """A home file's text without secrets: it only names them, and this holds even where one was typed in."""
    text = _TOML_SECRET.sub(rf'\1"{HIDDEN}"', text)
    for pattern in _SECRET_TEXT:
        text = pattern.sub(HIDDEN, text)
    return text


def make_bundle(parts: Mapping[str, Any], home_toml: str) -> bytes:
    """The ZIP's bytes: a JSON file for each of ``parts``, the home file, and what this machine is."""
    machine = {"system": platform.platform(), "python": platform.python_version()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in {**parts, "machine": machine}.items():
            bundle.writestr(f"{name}.json", json.dumps(redact(content), indent=2, ensure_ascii=False, default=str))
        bundle.writestr("home.toml", redact_toml(home_toml))
    return buffer.getvalue()
