"""Timers and counters of ISO 15118-3:2015, as data: Table 3 (clause 8) and Table A.1 (Annex A).

The names in the metadata are the standard's; the figures are those that public implementations and test systems agree
on. Nothing else in this package knows a number of seconds. `Timings` is replaced as a whole only in tests and
laboratories.
"""

from dataclasses import dataclass, field, fields, replace


def _timer(seconds: float, name: str) -> float:
    value: float = field(default=seconds, metadata={"name": name})
    return value


def _count(number: int, name: str) -> int:
    value: int = field(default=number, metadata={"name": name})
    return value


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds (`_s`), counts and dB (`_db`); each field's metadata has its name in the standard (`name_of`)."""

    # The car's matching process, Table A.1.
    match_response_s: float = _timer(0.2, "TT_match_response, Table A.1")
    match_sequence_s: float = _timer(0.4, "TT_match_sequence, Table A.1")
    batch_interval_s: float = _timer(0.03, "TP_EV_batch_msg_interval, Table A.1 (0.02 to 0.05 s)")
    atten_results_s: float = _timer(1.2, "TT_EV_atten_results, Table A.1")
    match_join_s: float = _timer(12.0, "TT_match_join, Table A.1")
    matching_rate_s: float = _timer(0.4, "TT_matching_rate, Table A.1, [V2G3-A09-124]")
    matching_repetition_s: float = _timer(10.0, "TT_matching_repetition, Table A.1, [V2G3-A09-125]")
    match_retries: int = _count(2, "C_EV_match_retry, Table A.1")
    start_atten_char_inds: int = _count(3, "C_EV_start_atten_char_inds, Table A.1")
    sounds: int = _count(10, "C_EV_match_MNBC, Table A.1")
    direct_db: int = _count(10, "C_EV_match_signalattn_direct, Table A.1")
    indirect_db: int = _count(20, "C_EV_match_signalattn_indirect, Table A.1")
    # Validation by toggling the pilot between B and C, Table 3.
    toggle_state_s: float = _timer(0.3, "TP_EV_vald_state_duration, Table 3 (0.2 to 0.4 s)")
    toggle_window_most_s: float = _timer(3.5, "TP_EV_vald_toggle and TT_EVSE_vald_toggle, Table 3 (at most 3.5 s)")
    toggles_most: int = _count(3, "C_EV_vald_nb_toggles, Table 3 (1 to 3)")
    # The charger's matching process.
    evse_init_s: float = _timer(50.0, "TT_EVSE_SLAC_init, Table A.1 (20 to 50 s)")
    evse_match_mnbc_s: float = _timer(0.6, "TT_EVSE_match_MNBC, Table A.1")
    evse_match_session_s: float = _timer(10.0, "TT_EVSE_match_session, Table A.1")
    # The data link, clause 7 and Table 3.
    match_leave_s: float = _timer(1.0, "TP_match_leave, Table 3")
    step_ef_s: float = _timer(4.0, "T_step_EF, Table 3 (at least)")
    step_x1_s: float = _timer(3.0, "state X1 before a change of duty cycle, IEC 61851-1 sequence 9.2 (at least)")
    sequence_retries: int = _count(2, "C_sequ_retry, Table 3")
    matches_most: int = _count(3, "C_conn_max_match, Table 3 (at least)")
    # What the standard leaves to us.
    link_poll_s: float = _timer(0.2, "our own: how often the modem is asked for its link; well below TP_match_leave")
    link_negatives: int = _count(3, "our own: so many answers in a row without a link are a loss")
    link_silence_s: float = _timer(60.0, "our own: silence of the car that is a loss where the modem tells no link")
    assumed_join_s: float = _timer(5.0, "our own: a modem that tells no link is taken as joined after this")

    def scaled(self, factor: float) -> "Timings":
        """Every time-out `factor` times as long, for laboratories; intervals and counts stay."""
        keep = {"batch_interval_s", "link_poll_s", "toggle_state_s"}
        names = [f.name for f in fields(self) if f.name.endswith("_s") and f.name not in keep]
        return replace(self, **{name: getattr(self, name) * factor for name in names})


def name_of(timer: str) -> str:
    """The standard's name of a field, and where it stands."""
    return str(Timings.__dataclass_fields__[timer].metadata["name"])
