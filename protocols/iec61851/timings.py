"""The pilot's times, as data; seconds.

Those of IEC 61851-1 are in its table A.6, those of matching in ISO 15118-3; what is ours says so. Tests and
laboratories replace them as a whole, nothing else knows a number of seconds.
"""

from dataclasses import dataclass, field


def _time(seconds: float, clause: str) -> float:
    value: float = field(default=seconds, metadata={"clause": clause})
    return value


@dataclass(frozen=True, slots=True)
class PilotTimings:
    """Each field's metadata names its clause."""

    close_s: float = _time(3.0, "IEC 61851-1, table A.6: from C2 or D2 to the contactor closed")
    open_s: float = _time(0.1, "IEC 61851-1, table A.6: from the car's leaving C or D to the contactor open")
    stop_s: float = _time(6.0, "IEC 61851-1, table A.6: X1 while the car takes current, before the contactor opens")
    car_stop_s: float = _time(3.0, "IEC 61851-1, table A.6: in which a car opens its switch after X1")
    duty_reaction_s: float = _time(5.0, "IEC 61851-1, table A.6: in which a car follows a changed duty cycle")
    step_x1_s: float = _time(3.0, "ISO 15118-3: X1 between 5 % and another duty cycle, T_step_X1")
    step_ef_s: float = _time(4.0, "ISO 15118-3: state E or F before another 5 %, T_step_EF")
    digital_s: float = _time(40.0, "ISO 15118-3: TT_EVSE_SLAC_init, 20 to 50 s, in which matching begins")
    digital_tries: int = field(default=2, metadata={"clause": "ISO 15118-3: C_sequ_retry, steps through E or F"})
    session_s: float = _time(60.0, "ours: from matched to a session, which a car has its own 20 s for")
    wake_s: float = _time(30.0, "ours: in which a car that was asleep takes what it is offered")
    recover_s: float = _time(5.0, "ours: how long a shorted pilot must be well again")
    settle_s: float = _time(1.0, "ours: how old a pilot reading may be after the signal changed")
    mirror_s: float = _time(1.5, "ours: how long a mirror contact may contradict its command, the wire included")
