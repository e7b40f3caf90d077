"""The standard's timers, as data.

Figures and table numbers are those of ISO 15118-20:2022. `Timings` is replaced as a whole only in tests and in
laboratories (see `scaled`); nothing else in this package knows a number of seconds.
"""

import math
from dataclasses import dataclass, field, fields, replace


def _timer(seconds: float, clause: str) -> float:
    value: float = field(default=seconds, metadata={"clause": clause})
    return value


@dataclass(frozen=True, slots=True)
class Timings:
    """All in seconds; each field's metadata names its clause (see `clause_of`)."""

    secc_sequence_s: float = _timer(60.0, "V2G_SECC_Sequence_Timeout, Table 215, [V2G20-441]")
    secc_sequence_charge_loop_s: float = _timer(
        0.5, "V2G_SECC_Sequence_Timeout after a ChargeLoopRes, Tables 216 and 217, [V2G20-1500] [V2G20-1502]"
    )
    evcc_message_s: float = _timer(2.0, "V2G_EVCC_Msg_Timeout, Table 215")
    evcc_message_service_detail_s: float = _timer(5.0, "V2G_EVCC_Msg_Timeout of ServiceDetailReq, Table 215")
    evcc_message_charge_loop_s: float = _timer(
        0.5, "V2G_EVCC_Msg_Timeout of AC_ChargeLoopReq and DC_ChargeLoopReq, Tables 216 and 217"
    )
    evcc_ongoing_s: float = _timer(60.0, "V2G_EVCC_Ongoing_Timeout, Table 215")
    evcc_cable_check_s: float = _timer(40.0, "V2G_EVCC_CableCheck_Timeout")
    evcc_pre_charge_s: float = _timer(10.0, "V2G_EVCC_PreCharge_Timeout")
    communication_setup_s: float = _timer(20.0, "V2G_EVCC_CommunicationSetup_Timeout")
    secc_ongoing_performance_s: float = _timer(55.0, "V2G_SECC_Ongoing_Performance_Time, Table 215")
    sdp_retry_s: float = _timer(0.25, "SDP response timeout, 7.10.1")
    sdp_attempts: int = field(default=50, metadata={"clause": "SDP request counter limit, 7.10.1"})
    poll_s: float = _timer(0.1, "our own: how soon the EVCC asks again after EVSEProcessing = Ongoing")

    def scaled(self, factor: float) -> "Timings":
        """Every time-out `factor` times as long: for laboratories whose peers are slower than the standard.

        Below 1 the search for a charger is shorter too; it never grows, as an answer to an earlier try counts as well.
        """
        untouched = {"sdp_attempts", "sdp_retry_s", "poll_s"}
        scaled = {f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in untouched}
        return replace(self, sdp_attempts=math.ceil(self.sdp_attempts * min(1.0, factor)), **scaled)


def clause_of(timer: str) -> str:
    """The clause behind a timer's field name."""
    return str(Timings.__dataclass_fields__[timer].metadata["clause"])
