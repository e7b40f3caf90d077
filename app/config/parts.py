"""What the home file's sections are made of: bounded numbers, names, addresses."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Watt = Annotated[float, Field(ge=0, le=1_000_000)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Efficiency = Annotated[float, Field(gt=0.5, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Host = Annotated[str, Field(max_length=253, pattern=r"^([^\s/@?#:]+|[^\s/@?#:]*:[^\s/@?#:]*:[^\s/@?#]*)$")]
"""A name, or an IPv4 or IPv6 address, without a port."""
Port = Annotated[int, Field(ge=1, le=65535)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Section(BaseModel):
    """A table of the home file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModbusPlace(Section):
    """Where a device is found over Modbus TCP, and how often it is asked."""

    name: Name
    profile: str = "sunspec"
    """"sunspec" (found by its model chain) or the name of a file in resources/profiles."""
    host: Host = "127.0.0.1"
    port: Port = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    interval_s: Annotated[float, Field(ge=0.2, le=60)] = 1.0
    stale_s: Annotated[float, Field(ge=1, le=300)] = 10.0
