"""How the engine's facts become the API's."""

from zoneinfo import ZoneInfo

from app.config.home import ConnectionSection, FrequencySection, HomeConfig
from app.engine.fixed import fixed
from app.engine.views import opt_out_consequence


def test_a_standing_frequency_service_is_worded_for_people() -> None:
    config = HomeConfig(
        connection=ConnectionSection(fuse_a=35), frequency=FrequencySection(curve="fcr_d_up", power_w=3000)
    )
    [event] = fixed(config).standing_events
    assert event.title == "Frequency reserve: FCR-D up"
    told = opt_out_consequence(event, ZoneInfo("Europe/Berlin"))
    assert told.startswith("The car stops supporting")
