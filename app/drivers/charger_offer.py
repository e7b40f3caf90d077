"""The home file's ``[charger]`` in the protocols' words: what this charger offers to a car."""

from app.config.home import ChargerSection
from protocols import iso15118 as iso

SERVICES = {service.name.lower(): service for service in iso.Service}
MODES = {"dynamic": iso.ControlMode.DYNAMIC, "scheduled": iso.ControlMode.SCHEDULED}
PROTOCOLS = {
    "iso15118-20": (iso.ProtocolName.V20_DC, iso.ProtocolName.V20_AC),
    "iso15118-2": (iso.ProtocolName.V2,),
    "din70121": (iso.ProtocolName.DIN,),
}
BASIC = "basic"


def offer_of(section: ChargerSection) -> iso.EvseOffer:
    """What it offers to a car that speaks."""
    wanted = (PROTOCOLS.get(name, ()) for name in section.protocols)
    return iso.EvseOffer(
        evse_id=section.evse_id,
        protocols=tuple(protocol for protocols in wanted for protocol in protocols),
        lab_v20_without_tls=section.lab_v20_without_tls,
        services=tuple(SERVICES[name] for name in section.services),
        control_modes=(MODES[section.control_mode],),
        phases=section.phases,
    )


def limits_of(section: ChargerSection) -> iso.Limits:
    """Its powers, and a DC outlet's currents and voltages."""
    return iso.Limits(
        max_charge_w=section.charge_max_w,
        min_charge_w=section.charge_min_w,
        max_discharge_w=section.discharge_max_w,
        max_charge_a=section.dc_max_a,
        max_discharge_a=section.dc_max_a,
        max_v=section.dc_max_v,
        min_v=section.dc_min_v,
    )


def charges_basically(section: ChargerSection) -> bool:
    """Whether a car that does not speak may charge by the pilot's duty cycle: at an AC outlet, if the home says so."""
    return BASIC in section.protocols and any(SERVICES[name].energy is iso.Energy.AC for name in section.services)
