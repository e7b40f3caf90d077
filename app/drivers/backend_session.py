"""From the car's session to OCPP facts: when a transaction starts, what it reports, when it ends.

Fed with pictures of the session (``CarSession``) and with readings; tells an OCPP client. Signs are the same on both
sides (> 0 charges). The transaction lasts as long as the plug: it begins with the car's first session on the cable,
once it is agreed who pays (its EVCCID is known by then), and ends when the car is unplugged or the backend stops it.
Where a contract pays (Plug & Charge) the transaction goes by its EMAID; else by the home's own token.

The backend may limit the power and end its own transaction. It cannot forbid the homeowner's car at home: where it
does not accept the home's token its transaction is closed and charging goes on, outside its contract.
"""

import re
from typing import Protocol

from app.ports import CarSession
from protocols.ocpp import ChargingNeeds, ChargingState, ConnectorStatus, IdToken, MeterSample, RemoteStart, RemoteStop
from protocols.ocpp.memory import OpenTransaction

EVSE = 1
EMAID = "eMAID"
"""OCPP's type of token for a contract's identifier."""
FLOWS_W = 50.0
"""Below this nothing flows but the converter's own losses."""
STATE_STANDS_S = 15.0
"""A charging state is told when it has stood this long, home time: no flood while power crosses zero."""
REMOTE_START_WAITS_S = 600.0

_PROTOCOL = re.compile(r"ISO 15118-\d+ (\w+), (\w+)")


class Station(Protocol):
    """What of ``OcppClient`` is used here."""

    @property
    def open_transactions(self) -> list[OpenTransaction]:
        """All that are open."""
        ...

    @property
    def pending_stops(self) -> frozenset[str]:
        """Transactions whose RemoteStop will be told again."""
        ...

    def registers(self, evse_id: int) -> tuple[float, float]:
        """Import and export, Wh."""
        ...

    def status_changed(self, evse_id: int, status: ConnectorStatus) -> None:
        """The connector's state."""
        ...

    def authorise(self, token: IdToken) -> None:
        """Ask for this token."""
        ...

    def transaction_started(
        self,
        evse_id: int,
        *,
        id_token: IdToken | None,
        remote_start_id: int | None,
        trigger: str,
        sample: MeterSample | None,
    ) -> str:
        """Open a transaction."""
        ...

    def transaction_updated(self, evse_id: int, *, state: ChargingState | None) -> None:
        """Tell a change."""
        ...

    def meter_sample(self, evse_id: int, sample: MeterSample) -> None:
        """Take a reading."""
        ...

    def transaction_ended(self, evse_id: int, *, reason: str, trigger: str, sample: MeterSample | None) -> None:
        """Close it."""
        ...

    def charging_needs(self, evse_id: int, needs: ChargingNeeds) -> None:
        """What the car asks for."""
        ...

    def command_done(self, command_id: int) -> None:
        """A remote start or stop is carried out."""
        ...


class BackendSession:
    """One EVSE's session as the backend sees it."""

    def __init__(self, client: Station, id_token: str, now_s: float) -> None:
        """``id_token``: what the home presents for its own car. Closes what a stopped engine left open."""
        self._client, self._id_token = client, id_token
        self._base_wh = client.registers(EVSE)
        """What the registers stood at when the session's own counters stood at 0."""
        self._setpoint_w: float | None = None
        self._frequency_hz: float | None = None
        self._needs: ChargingNeeds | None = None
        self._state: tuple[ChargingState, float] | None = None
        self._closed_by_backend = False
        self._start: tuple[RemoteStart, float] | None = None
        self._session: CarSession | None = None
        for transaction in client.open_transactions:
            if transaction.transaction_id in client.pending_stops:
                continue
            imported, exported = self._base_wh
            last = MeterSample(at_s=now_s, import_wh=imported, export_wh=exported)
            client.transaction_ended(EVSE, reason="Reboot", trigger="AbnormalCondition", sample=last)

    # ----- From the home -----

    def take(self, session: CarSession, now_s: float) -> None:
        """A new picture of the car."""
        before, self._session = self._session, session
        if before is None:
            # The registers hold what this session had moved when they were last booked.
            self._shift_base(-session.charged_wh, -session.discharged_wh)
        if before is None or before.ev.connected != session.ev.connected:
            self._plug(session.ev.connected, before, now_s)
        if before is not None and session.charged_wh + session.discharged_wh < before.charged_wh + before.discharged_wh:
            self._shift_base(before.charged_wh, before.discharged_wh)  # the counters began again
        if not session.ev.connected:
            return
        agreed = session.session_id is not None and session.authorization != ""
        if agreed and not self._closed_by_backend and not self._running:
            self._begin(session, now_s)
        if self._running:
            self._tell_needs(session)
            self._tell_state(session, now_s)
            self._client.meter_sample(EVSE, self._sample(session, now_s))

    def figures(self, setpoint_w: float | None, frequency_hz: float | None) -> None:
        """What the dispatch wants now, and the grid's frequency."""
        self._setpoint_w, self._frequency_hz = setpoint_w, frequency_hz

    # ----- From the backend -----

    def remote_start(self, command: RemoteStart, now_s: float) -> None:
        """Start for that token: at once with a car on the cable, else when one comes."""
        self._start = (command, now_s)
        self._closed_by_backend = False
        session = self._session
        if session is not None and session.ev.connected and not self._running:
            self._begin(session, now_s)

    def remote_stop(self, command: RemoteStop, now_s: float) -> bool:
        """End the transaction; returns whether the car's session is to end now."""
        running = any(t.transaction_id == command.transaction_id for t in self._client.open_transactions)
        if running:
            self._end("Remote", "RemoteStop", now_s)
            self._closed_by_backend = True
        self._client.command_done(command.command_id)
        return running

    def refused(self, now_s: float) -> None:
        """The backend does not accept the token: its transaction is over, charging is not."""
        if self._running:
            self._end("DeAuthorized", "Deauthorized", now_s)
        self._closed_by_backend = True

    # ----- Inside -----

    @property
    def _running(self) -> bool:
        return bool(self._client.open_transactions)

    def _plug(self, connected: bool, before: CarSession | None, now_s: float) -> None:
        self._client.status_changed(EVSE, ConnectorStatus.OCCUPIED if connected else ConnectorStatus.AVAILABLE)
        if connected:
            return
        if self._running:
            self._end("EVDisconnected", "EVDeparted", now_s, before)
        self._closed_by_backend = False

    def _begin(self, session: CarSession, now_s: float) -> None:
        command = self._due_start(now_s)
        if command is not None:
            token = IdToken(value=command.id_token.value, type=command.id_token.type, evcc_id=session.evcc_id)
        else:
            token = self._token(session)
        self._needs = self._state = None
        self._client.authorise(token)
        self._client.transaction_started(
            EVSE,
            id_token=token,
            remote_start_id=command.remote_start_id if command is not None else None,
            trigger="RemoteStart" if command is not None else "CablePluggedIn",
            sample=self._sample(session, now_s),
        )

    def _token(self, session: CarSession) -> IdToken:
        """The contract's where one pays, or the home's."""
        if session.authorization == "pnc" and session.contract:
            return IdToken(value=session.contract, type=EMAID, evcc_id=session.evcc_id)
        return IdToken(value=self._id_token, evcc_id=session.evcc_id)

    def _due_start(self, now_s: float) -> RemoteStart | None:
        """The remote start that waits for a car, unless it has waited too long."""
        waiting, self._start = self._start, None
        if waiting is None:
            return None
        command, asked_s = waiting
        if now_s - asked_s <= REMOTE_START_WAITS_S:
            return command
        self._client.command_done(command.command_id)
        return None

    def _end(self, reason: str, trigger: str, now_s: float, last: CarSession | None = None) -> None:
        session = last or self._session
        sample = self._sample(session, now_s) if session is not None else None
        self._client.transaction_ended(EVSE, reason=reason, trigger=trigger, sample=sample)

    def _shift_base(self, imported_wh: float, exported_wh: float) -> None:
        self._base_wh = (self._base_wh[0] + imported_wh, self._base_wh[1] + exported_wh)

    def _sample(self, session: CarSession, now_s: float) -> MeterSample:
        imported, exported = self._base_wh
        return MeterSample(
            at_s=now_s,
            import_wh=imported + session.charged_wh,
            export_wh=exported + session.discharged_wh,
            power_w=session.ev.power_w,
            soc=session.ev.soc,
            setpoint_w=self._setpoint_w,
            frequency_hz=self._frequency_hz,
        )

    def _tell_state(self, session: CarSession, now_s: float) -> None:
        state = _charging_state(session, self._setpoint_w)
        if self._state is None or self._state[0] is not state:
            self._state = (state, now_s)
        if now_s - self._state[1] >= STATE_STANDS_S:
            self._client.transaction_updated(EVSE, state=state)

    def _tell_needs(self, session: CarSession) -> None:
        needs = charging_needs(session)
        if needs is None or (self._needs is not None and _same_wish(needs, self._needs)):
            return
        self._needs = needs
        self._client.charging_needs(EVSE, needs)


def _charging_state(session: CarSession, setpoint_w: float | None) -> ChargingState:
    if abs(session.ev.power_w) > FLOWS_W:
        return ChargingState.CHARGING
    if not session.ev.can_charge and not session.ev.can_discharge:
        return ChargingState.EV_CONNECTED
    wanted = setpoint_w is not None and abs(setpoint_w) > FLOWS_W
    return ChargingState.SUSPENDED_EV if wanted else ChargingState.SUSPENDED_EVSE


def charging_needs(session: CarSession) -> ChargingNeeds | None:
    """What the car asks for, once service and limits are agreed; None before."""
    agreed = _PROTOCOL.match(session.protocol)
    if agreed is None or session.ev.soc is None:
        return None
    service, control = agreed.groups()
    ev, soc = session.ev.ev, session.ev.soc
    plain = "AC_single_phase" if session.charger.phases == 1 else "AC_three_phase"
    mode = plain if service == "AC" else service
    two_way = service.endswith("_BPT")
    one_way = {"AC_BPT": plain, "DC_BPT": "DC"}.get(service)
    target_wh = None if session.target_soc is None else max(0.0, session.target_soc - soc) * ev.capacity_wh
    return ChargingNeeds(
        mode=mode,
        available_modes=(mode,) if one_way is None else (one_way, mode),
        dynamic_control=control == "dynamic",
        departure_s=session.departure_s,
        charge_max_w=ev.charge_max_w,
        charge_min_w=ev.charge_min_w,
        discharge_max_w=ev.discharge_max_w if two_way else 0.0,
        target_energy_wh=target_wh,
        max_energy_wh=max(0.0, ev.soc_max - soc) * ev.capacity_wh,
        min_v2x_energy_wh=(ev.soc_min - soc) * ev.capacity_wh if two_way else None,
        capacity_wh=ev.capacity_wh,
        soc=soc,
        target_soc=session.target_soc,
    )


def _same_wish(a: ChargingNeeds, b: ChargingNeeds) -> bool:
    """The car's wish, apart from what moves with its charge."""
    return (a.mode, a.departure_s, a.target_soc) == (b.mode, b.departure_s, b.target_soc)
