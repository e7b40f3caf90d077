"""What both ends tell each other about power and energy, in this project's words and signs.

Power in W, > 0 charges the car, < 0 discharges it; limits are magnitudes (>= 0). Energy in Wh, SoC 0..1.
"""

from dataclasses import dataclass, replace

MAX_SIGNATURE = 64
"""Bytes of a meter's own signature that a message can carry."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one end can do, each way. Currents and voltages matter in DC only; None: not told."""

    max_charge_w: float
    min_charge_w: float = 0.0
    max_discharge_w: float = 0.0
    min_discharge_w: float = 0.0
    max_charge_a: float | None = None
    min_charge_a: float | None = None
    max_discharge_a: float | None = None
    min_discharge_a: float | None = None
    max_v: float | None = None
    min_v: float | None = None

    def clip(self, power_w: float) -> float:
        """`power_w` held inside what this end can do."""
        # Adding 0.0 turns -0.0 into 0.0, which reads better in logs.
        return max(-self.max_discharge_w, min(self.max_charge_w, power_w)) + 0.0

    def without_discharge(self) -> "Limits":
        """The same for a service that only charges."""
        return Limits(
            max_charge_w=self.max_charge_w,
            min_charge_w=self.min_charge_w,
            max_charge_a=self.max_charge_a,
            min_charge_a=self.min_charge_a,
            max_v=self.max_v,
            min_v=self.min_v,
        )


@dataclass(frozen=True, slots=True)
class EnergyNeeds:
    """What the car wants by when. `departure_in_s` counts from now; None: not told.

    `target_wh` is still to be charged to reach the driver's wish, `max_wh` to full, `min_wh` to the car's own
    minimum; all may be negative where the battery is above. The V2X pair bounds what may be cycled.
    """

    departure_in_s: float | None = None
    target_wh: float | None = None
    max_wh: float | None = None
    min_wh: float | None = None
    max_v2x_wh: float | None = None
    min_v2x_wh: float | None = None
    min_soc: float | None = None
    target_soc: float | None = None


@dataclass(frozen=True, slots=True)
class CarReport:
    """What the car told in one charge-loop request.

    `ev_w` is its own measurement (AC only; `phases_w` its parts), `target_w` what it asks for (DC, scheduled mode).
    Both are signed.
    """

    limits: Limits
    needs: EnergyNeeds
    soc: float | None = None
    ev_w: float | None = None
    target_w: float | None = None
    voltage_v: float | None = None
    complete: bool = False
    phases_w: tuple[float, ...] = ()
    capacity_wh: float | None = None

    def in_dc_loop(
        self,
        voltage_v: float,
        target_a: float,
        *,
        power_w: float | None,
        current_a: float | None,
        limit_v: float | None,
        soc: float | None,
        complete: bool,
    ) -> "CarReport":
        """This report brought up to date by a CurrentDemandReq at `voltage_v` on the outlet (-2, DIN).

        The limits that it does not tell (None) stay as they were.
        """
        known = self.limits
        limits = replace(
            known,
            max_charge_w=known.max_charge_w if power_w is None else max(0.0, power_w),
            max_charge_a=known.max_charge_a if current_a is None else max(0.0, current_a),
            max_v=known.max_v if limit_v is None else max(0.0, limit_v),
        )
        target_w = max(0.0, target_a) * voltage_v
        return replace(self, limits=limits, soc=soc, target_w=target_w, voltage_v=voltage_v, complete=complete)


@dataclass(frozen=True, slots=True)
class EvseReadings:
    """What the charger measures at its outlet. `power_w` is signed; voltage and current matter in DC.

    `phases_w` are its parts in AC; empty: not measured one by one.
    """

    power_w: float = 0.0
    voltage_v: float = 0.0
    current_a: float = 0.0
    phases_w: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class MeterReading:
    """The charger's energy meter: two registers that only grow, in Wh.

    `signature` and `status` are the meter's own, passed on as they are. Raises `ValueError` for what no message of any
    generation can carry.
    """

    meter_id: str
    charged_wh: int
    discharged_wh: int
    time_s: float | None = None
    signature: bytes = b""
    status: int | None = None

    def __post_init__(self) -> None:
        if len(self.signature) > MAX_SIGNATURE:
            raise ValueError(f"a meter's signature has {MAX_SIGNATURE} bytes at most, not {len(self.signature)}")
        if self.status is not None and not -(2**15) <= self.status < 2**15:
            raise ValueError(f"a meter's status is a number of 16 bits, not {self.status}")
