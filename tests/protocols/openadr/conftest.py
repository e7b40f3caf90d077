"""Helpers for the OpenADR room: events as a VTN writes them, and the Alliance's own schemas."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

NOW_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z
START = "2026-01-01T00:00:00Z"


def make_event(**members: Any) -> dict[str, Any]:
    """A price event of one hour from ``NOW_S``; members override or (when None) leave out."""
    event: dict[str, Any] = {
        "id": "event-1",
        "objectType": "EVENT",
        "createdDateTime": START,
        "modificationDateTime": START,
        "programID": "program-1",
        "intervalPeriod": {"start": START, "duration": "PT1H"},
        "intervals": [{"id": 0, "payloads": [{"type": "PRICE", "values": [0.25]}]}],
    }
    return {key: value for key, value in (event | members).items() if value is not None}


def payload(payload_type: str, *values: Any, interval_id: int = 0, **period: Any) -> dict[str, Any]:
    """One interval with one payload."""
    made: dict[str, Any] = {"id": interval_id, "payloads": [{"type": payload_type, "values": list(values)}]}
    return made | ({"intervalPeriod": period} if period else {})


@pytest.fixture
def event() -> Callable[..., dict[str, Any]]:
    return make_event


@pytest.fixture
def interval() -> Callable[..., dict[str, Any]]:
    return payload


@pytest.fixture
def now_s() -> float:
    return NOW_S


class Spec:
    """One version of the Alliance's definition."""

    def __init__(self, name: str) -> None:
        self.doc = json.loads((Path(__file__).parent / "spec" / f"openadr-{name}.json").read_text())

    def check(self, component: str, instance: object) -> None:
        """Raises ``jsonschema_rs.ValidationError`` where ``instance`` is no such component."""
        schema = {"$ref": f"#/components/schemas/{component}", "components": self.doc["components"]}
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(instance)


@pytest.fixture
def spec() -> Callable[[str], Spec]:
    return Spec
