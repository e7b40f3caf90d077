"""What differs between OpenADR 3.0.1 and 3.1.0 on the wire, as data.

3.1 is not backwards compatible with 3.0.1: resources stand at the first level, targets are plain strings, the
token endpoint is discovered, and requests carry a discriminator. Everything else of this package is the same
for both. Source: the OpenADR Alliance's OpenAPI definitions of 3.0.1 and 3.1.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class UnknownVersionError(ValueError):
    """The configured OpenADR version is none that this package speaks."""


@dataclass(frozen=True, slots=True)
class Target:
    """One addressee: 3.0.1 gives it a type (``GROUP``, ``VEN_NAME`` …), 3.1 only the string."""

    value: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """The wire differences of one version of OpenADR 3."""

    name: str
    resources_path: str
    """Path of a VEN's resources; ``{ven_id}`` is filled in."""
    auth_server_path: str | None
    """Where the token endpoint is discovered; None: it is always ``/auth/token``."""
    typed_targets: bool
    """Targets are ``{"type", "values"}`` objects instead of strings."""
    report_names_program: bool
    """A report carries ``programID`` (3.1 names only the event)."""
    scopes: tuple[str, ...]
    """What a VEN asks the token endpoint for."""
    ven_marks: Mapping[str, str]
    """Members that a VEN adds when it registers itself."""
    resource_marks: Mapping[str, str]
    """Members that a VEN adds when it registers a resource."""

    def resources(self, ven_id: str) -> str:
        """Path of the resources of ``ven_id``."""
        return self.resources_path.format(ven_id=ven_id)


V3_0_1 = Version(
    name="3.0.1",
    resources_path="/vens/{ven_id}/resources",
    auth_server_path=None,
    typed_targets=True,
    report_names_program=True,
    scopes=("read_all", "write_reports", "write_vens"),
    ven_marks=MappingProxyType({}),
    resource_marks=MappingProxyType({}),
)

V3_1_0 = Version(
    name="3.1.0",
    resources_path="/resources",
    auth_server_path="/auth/server",
    typed_targets=False,
    report_names_program=False,
    scopes=("read_targets", "read_ven_objects", "write_reports", "write_vens"),
    ven_marks=MappingProxyType({"objectType": "VEN_VEN_REQUEST"}),
    resource_marks=MappingProxyType({"objectType": "VEN_RESOURCE_REQUEST"}),
)

VERSIONS: dict[str, Version] = {v.name: v for v in (V3_0_1, V3_1_0)} | {"3.0": V3_0_1, "3.1": V3_1_0}


def version_of(name: str) -> Version:
    """The version of that name; raises ``UnknownVersionError`` naming those that exist."""
    try:
        return VERSIONS[name]
    except KeyError:
        raise UnknownVersionError(f"OpenADR version “{name}” is unknown; use 3.0.1 or 3.1.0") from None


def read_targets(raw: object) -> tuple[Target, ...]:
    """Targets of either version's form; what is neither is a ``ValueError``, absent is empty."""
    if raw is None:
        return ()
    if not isinstance(raw, list):
        raise ValueError("targets is not a list")
    targets: list[Target] = []
    for item in raw:
        match item:
            case str():
                targets.append(Target(item))
            case {"type": str(kind), "values": list(values)}:
                targets += [Target(str(value), kind) for value in values]
            case _:
                raise ValueError(f"a target is neither a string nor a type with values: {str(item)[:60]}")
    return tuple(targets)
