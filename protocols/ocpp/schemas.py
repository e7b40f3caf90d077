"""The official JSON schemas, compiled when first needed, and what a violation is called on the wire.

The schemas are those of the Open Charge Alliance as the ``ocpp`` package carries them; nothing else of that package
is used. One check costs a few microseconds, so both directions are always checked.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import orjson

from protocols.ocpp.versions import Version

Json = dict[str, Any]
"""A JSON object in the wire's own camelCase names."""

_FOLDERS = {Version.V21: "v21", Version.V201: "v201"}

# Error codes of OCPP-J 2.1 table 9 by the JSON schema keyword that is violated; others: FormatViolation.
_CODES = {
    "Required": "OccurrenceConstraintViolation",
    "MinItems": "OccurrenceConstraintViolation",
    "MaxItems": "OccurrenceConstraintViolation",
    "AdditionalItems": "OccurrenceConstraintViolation",
    "Type": "TypeConstraintViolation",
    "Enum": "PropertyConstraintViolation",
    "Minimum": "PropertyConstraintViolation",
    "Maximum": "PropertyConstraintViolation",
    "MaxLength": "PropertyConstraintViolation",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a payload is not what the standard asks for."""

    code: str
    """An RPC framework error code."""
    text: str
    """One line that names the field."""


@cache
def _names(version: Version) -> frozenset[str]:
    folder = files("ocpp") / _FOLDERS[version] / "schemas"
    return frozenset(entry.name.removesuffix(".json") for entry in folder.iterdir())


@cache
def _compiled(version: Version, name: str) -> jsonschema_rs.Draft4Validator:
    resource = files("ocpp") / _FOLDERS[version] / "schemas" / f"{name}.json"
    # Some of the official files open with a byte order mark.
    schema = orjson.loads(resource.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    _bound_integers(schema)
    # The files say draft 6, where 3.0 is an integer; they use nothing beyond draft 4, where it is none.
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True)


def _bound_integers(schema: Any) -> None:
    """An OCPP integer has 32 bits (part 2, primitive datatypes); JSON schema's has no end: 1e308 is one to it."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            schema.setdefault("minimum", -(2**31))
            schema.setdefault("maximum", 2**31 - 1)
        for child in schema.values():
            _bound_integers(child)
    elif isinstance(schema, list):
        for child in schema:
            _bound_integers(child)


def knows(version: Version, action: str) -> bool:
    """Is there such a request in that version?"""
    return f"{action}Request" in _names(version)


def check_request(version: Version, action: str, payload: Json) -> Violation | None:
    """Check the payload of a CALL; NotImplemented for an action that the version does not have."""
    return _check(version, f"{action}Request", payload)


def check_response(version: Version, action: str, payload: Json) -> Violation | None:
    """Check the payload of a CALLRESULT to ``action``."""
    return _check(version, f"{action}Response", payload)


def _check(version: Version, name: str, payload: Json) -> Violation | None:
    if name not in _names(version):
        return Violation("NotImplemented", f"OCPP {version.value} has no {name[:60]}")
    try:
        error = next(iter(_compiled(version, name).iter_errors(payload)), None)
    except ValueError as problem:  # nested deeper than the validator follows
        return Violation("FormatViolation", f"{name}: {problem}"[:255])
    if error is None:
        return None
    place = "/".join(str(step) for step in error.instance_path) or name
    code = _CODES.get(type(error.kind).__name__, "FormatViolation")
    return Violation(code, f"{place}: {error.message}"[:255])
