"""``[weather]`` of the home file: who forecasts the weather."""

from typing import Annotated, Literal

from pydantic import Field

from app.config.parts import Section

NAME = "weather"
"""Of the driver, and of its line in the health book."""


class WeatherSection(Section):
    """``[weather]``: a provider of weather by the hour."""

    kind: Literal["open_meteo", "csv"]
    """"open_meteo": JSON over HTTP as Open-Meteo documents it; a server of one's own speaks the same."""
    url: str = ""
    """Of the forecast, as far as the question mark: "https://…/v1/forecast"."""
    secret: str | None = None
    """Name of the API key in the secrets file, for those that ask for one."""
    file: str | None = None
    """Of kind "csv", relative to the home file: time_utc and any of temperature_c, cloud_share, ghi_w_m2, dni_w_m2,
    dhi_w_m2, solar_w. It is read again when it changes."""
    poll_s: Annotated[float, Field(ge=300, le=86_400)] = 3600.0
