"""A charging station to a CSMS, sans I/O: facts and frames in, frames and typed events out, time as an argument.

The parts: ``link`` sends and receives, ``transactions`` books, ``profile_book`` keeps what the backend asks,
``device_model`` what it may read and set, ``inbound`` answers its requests. This file joins them to the app.
"""

import logging
from collections import deque
from collections.abc import Callable
from uuid import uuid4

from protocols.ocpp import events, wire
from protocols.ocpp.config import StationConfig
from protocols.ocpp.device_model import DeviceModel
from protocols.ocpp.disk import Disk
from protocols.ocpp.events import ChargingState, ConnectorStatus, Guidance, IdToken, MeterSample
from protocols.ocpp.inbound import HANDLERS
from protocols.ocpp.link import OFFLINE, Link, OnAnswer, OnFailure, Owner, Request
from protocols.ocpp.live_variables import live_variables
from protocols.ocpp.memory import Memory, OpenTransaction
from protocols.ocpp.moment import Moment
from protocols.ocpp.profile_book import ProfileBook
from protocols.ocpp.profiles import Profile, ProfileRefused
from protocols.ocpp.queue import Outbox
from protocols.ocpp.rpc import TIMEOUT
from protocols.ocpp.schemas import Json
from protocols.ocpp.transactions import Transactions
from protocols.ocpp.versions import Version

_log = logging.getLogger(__name__)


class Station:
    """One station; see the package's docstring for the whole life."""

    def __init__(self, config: StationConfig, disk: Disk, *, new_id: Callable[[], str] = lambda: str(uuid4())) -> None:
        """On an open disk; reads back what was open when the engine last ended."""
        self.config = config
        self.memory = Memory(disk)
        self.outbox = Outbox(disk)
        self.transactions = Transactions(disk, self.outbox, self.memory, new_id)
        self.profiles = ProfileBook(config, self.memory, self.transactions.on_evse)
        self.model = DeviceModel(config, self.memory)
        self.link = Link(config, self.outbox, self.model, Owner(self.tell, self._answer, self._report_all), new_id)
        self._events: deque[events.Event] = deque()
        self._status: dict[int, tuple[ConnectorStatus, float]] = {}
        self._needs: dict[int, tuple[events.ChargingNeeds, float]] = {}
        self._guidance: dict[int, Guidance] = {}
        self._pulled: dict[int, float] = {}
        for variable in live_variables(self):
            self.model.add(variable)

    # ----- Facts from the app -----

    def resume(self, moment: Moment) -> None:
        """Once after the start: tell again what the CSMS asked for and nobody has reported as done."""
        timeout_s = self.model.number("TxCtrlr", "EVConnectionTimeOut")
        for command_id, command in self.memory.commands():
            if command.transaction_id is not None:
                self.tell(events.RemoteStop(command_id, command.transaction_id))
            elif moment.at - command.at_s > timeout_s or command.id_token is None:
                self.memory.drop_command(command_id)
            else:
                start_id = command.remote_start_id or 0
                self.tell(events.RemoteStart(command_id, start_id, command.evse_id, command.id_token))
        self.profiles.offline_since_s = moment.at
        self.evaluate(moment)

    def status_changed(self, moment: Moment, evse_id: int, status: ConnectorStatus) -> None:
        """The connector's state; told to the CSMS now, or when it is back."""
        if self._status.get(evse_id, (None,))[0] is not status:
            self._status[evse_id] = (status, moment.at)
            self.report_status(moment, evse_id)

    def authorise(self, moment: Moment, token: IdToken) -> None:
        """Ask whether this token may charge; the answer is an ``Authorisation`` event."""
        if not self.link.online:
            self.tell(events.Authorisation(token.value, OFFLINE))
            return

        def answered(payload: Json, moment: Moment) -> None:
            modes = tuple(payload.get("allowedEnergyTransfer", ()))
            self.tell(events.Authorisation(token.value, payload["idTokenInfo"]["status"], modes))

        def failed(code: str, moment: Moment) -> None:
            # A token that this version cannot even write is no token of this CSMS.
            status = "Invalid" if code == "FormatViolation" else OFFLINE
            self.tell(events.Authorisation(token.value, status))

        self.request("Authorize", {"idToken": wire.id_token(token)}, on_answer=answered, on_failure=failed)
        self.link.pump(moment)

    def transaction_started(
        self,
        moment: Moment,
        evse_id: int,
        *,
        id_token: IdToken | None = None,
        remote_start_id: int | None = None,
        state: ChargingState = ChargingState.EV_CONNECTED,
        trigger: str = "CablePluggedIn",
        sample: MeterSample | None = None,
    ) -> str:
        """Open a transaction; on disk when this returns its id. Raises ValueError where one is open."""
        transaction = self.transactions.start(
            evse_id,
            moment.at,
            id_token=id_token,
            remote_start_id=remote_start_id,
            state=state,
            trigger=trigger,
            sample=sample,
            offline=not self.link.online,
        )
        self._settle_start(transaction, remote_start_id, moment)
        self.evaluate(moment)
        self.link.pump(moment)
        return transaction.transaction_id

    def transaction_updated(
        self,
        moment: Moment,
        evse_id: int,
        *,
        trigger: str = "ChargingStateChanged",
        state: ChargingState | None = None,
        id_token: IdToken | None = None,
        remote_start_id: int | None = None,
        sample: MeterSample | None = None,
    ) -> None:
        """Tell a change; a charging state that did not change is not told. Raises NoTransaction."""
        before = self.transactions.on_evse(evse_id)
        if before is not None and trigger == "ChargingStateChanged" and state is before.charging_state:
            return
        transaction = self.transactions.update(
            evse_id,
            moment.at,
            trigger=trigger,
            state=state,
            id_token=id_token,
            remote_start_id=remote_start_id,
            sample=sample,
            offline=not self.link.online,
        )
        self._settle_start(transaction, remote_start_id, moment)
        self.evaluate(moment)
        self.link.pump(moment)

    def meter_sample(self, moment: Moment, evse_id: int, sample: MeterSample) -> None:
        """A reading, as often as there is one; SampledDataCtrlr.TxUpdatedInterval decides which are booked."""
        every_s = self.model.number("SampledDataCtrlr", "TxUpdatedInterval")
        self.transactions.sample(evse_id, sample, every_s=every_s, offline=not self.link.online)
        self.link.pump(moment)

    def transaction_ended(
        self,
        moment: Moment,
        evse_id: int,
        *,
        reason: str = "EVDisconnected",
        trigger: str = "EVCommunicationLost",
        sample: MeterSample | None = None,
    ) -> None:
        """Close the transaction; on disk when this returns. Raises NoTransaction."""
        ended = self.transactions.end(
            evse_id, moment.at, reason=reason, trigger=trigger, sample=sample, offline=not self.link.online
        )
        for command_id, command in self.memory.commands():
            if command.transaction_id == ended.transaction_id:
                self.memory.drop_command(command_id)
        self.profiles.transaction_ended(ended.transaction_id)
        self._needs.pop(evse_id, None)
        self.evaluate(moment)
        self.report_status(moment, evse_id, only_out_of_use=True)
        self.link.pump(moment)

    def charging_needs(self, moment: Moment, evse_id: int, needs: events.ChargingNeeds) -> None:
        """What the car asks for; sent again after a reconnect until the CSMS has answered."""
        self._needs[evse_id] = (needs, moment.at)
        self._request_needs(evse_id)
        self.link.pump(moment)

    def command_done(self, command_id: int) -> None:
        """A remote start or stop was carried out, or cannot be: forget it."""
        self.memory.drop_command(command_id)

    def pending_stops(self) -> frozenset[str]:
        """Transactions that the CSMS asked to end and that nobody has reported as done."""
        commands = (command for _, command in self.memory.commands())
        return frozenset(c.transaction_id for c in commands if c.transaction_id is not None)

    # ----- What is asked -----

    def guidance(self, evse_id: int, at_s: float) -> Guidance:
        """What the charging profiles ask at home time ``at_s``."""
        return self.profiles.guidance(evse_id, at_s)

    def guidance_ahead(self, evse_id: int, at_s: float, horizon_s: float) -> tuple[Guidance, ...]:
        """What they ask from then on, in steps without gaps."""
        return self.profiles.guidance_ahead(evse_id, at_s, horizon_s)

    def home_time(self, moment: Moment) -> None:
        """Home time has passed: profiles may have begun or ended. Call it about every second."""
        self.evaluate(moment)
        if self.link.version is not Version.V201 and self.link.online:
            for profile in list(self.profiles.due_for_update(moment.at)):
                self._pull(profile, moment)
        self.link.pump(moment)

    # ----- The link -----

    def connected(self, version: Version, moment: Moment) -> None:
        """A WebSocket stands, in this version."""
        self.profiles.back_online(moment.at)
        self.link.open(version, moment)
        self.evaluate(moment)
        self.link.pump(moment)

    def disconnected(self, reason: str, moment: Moment) -> None:
        """The WebSocket is gone, or a try to open it failed."""
        if self.profiles.offline_since_s is None:
            self.profiles.offline_since_s = moment.at
        self.link.close(reason, moment)
        self.evaluate(moment)

    def next_event(self) -> events.Event | None:
        """The next thing that the app should know, or None."""
        return self._events.popleft() if self._events else None

    # ----- Used by the answers, as ``StationInside`` -----

    def tell(self, event: events.Event) -> None:
        """Tell the app."""
        self._events.append(event)

    def availability(self, evse_id: int) -> ConnectorStatus:
        """What its connector's state is to the CSMS: out of use where the CSMS took it out of use."""
        if not self.operative(evse_id) and self.transactions.on_evse(evse_id) is None:
            return ConnectorStatus.UNAVAILABLE
        status, _ = self._status.get(evse_id, (ConnectorStatus.AVAILABLE, 0.0))
        return status

    def request(
        self,
        action: str,
        payload: Json,
        *,
        after_row: int = 0,
        on_answer: OnAnswer | None = None,
        on_failure: OnFailure | None = None,
    ) -> None:
        """Ask the CSMS as soon as it is its turn; lost with the link."""
        self.link.request(Request(action, payload, after_row, on_answer, on_failure))

    def evaluate(self, moment: Moment, *, changed: bool = False) -> None:
        """Find out what the profiles ask now; tell the app when that differs, or when their set ``changed``."""
        for evse in self.config.evses:
            known = self._guidance.get(evse.evse_id)
            guidance = self.profiles.guidance(evse.evse_id, moment.at)
            self._guidance[evse.evse_id] = guidance
            differs = not guidance.same_wish(known) if known is not None else bool(guidance.profile_ids)
            if differs or changed:
                self.tell(events.GuidanceChanged(evse.evse_id, guidance))
            if differs and known is not None:
                self._tell_mode(evse.evse_id, known, guidance, moment)

    def operative(self, evse_id: int) -> bool:
        """Has the CSMS left it in use?"""
        return not {f"inoperative/{evse_id}", "inoperative/0"} & self._out_of_use()

    def set_operative(self, evse_id: int, operative: bool) -> None:
        """The CSMS takes an EVSE (0: the station) out of use or back."""
        self.memory.keep_setting(f"inoperative/{evse_id}", "" if operative else "1")

    def report_status(self, moment: Moment, evse_id: int | None = None, *, only_out_of_use: bool = False) -> bool:
        """StatusNotification of one EVSE, or of all; returns whether there was anything to tell."""
        told = False
        for known_id, (_, at_s) in self._status.items():
            status = self.availability(known_id)
            wanted = status is ConnectorStatus.UNAVAILABLE or not only_out_of_use
            if evse_id in (None, known_id) and self.link.online and wanted:
                payload: Json = {
                    "timestamp": wire.time_text(at_s),
                    "connectorStatus": status,
                    "evseId": known_id,
                    "connectorId": 1,
                }
                self.request("StatusNotification", payload)
                told = True
        self.link.pump(moment)
        return told

    def report_meter(self, moment: Moment, evse_id: int | None) -> bool:
        """MeterValues with the newest reading."""
        told = False
        for evse in self.config.evses:
            sample = self.transactions.last_sample(evse.evse_id)
            if sample is not None and evse_id in (None, evse.evse_id):
                value = wire.meter_value(sample, "Trigger", self.link.version, self.link.measurands("Updated"))
                if value is not None:
                    self.request("MeterValues", {"evseId": evse.evse_id, "meterValue": [value]})
                    told = True
        return told

    def report_transaction(self, moment: Moment, evse_id: int | None) -> bool:
        """A TransactionEvent of each open transaction, because the CSMS asked."""
        chosen = [t for t in self.transactions.open if evse_id in (None, t.evse_id)]
        for transaction in chosen:
            sample = self.transactions.last_sample(transaction.evse_id)
            self.transactions.update(
                transaction.evse_id,
                moment.at,
                trigger="Trigger",
                sample=sample,
                context="Trigger",
                offline=not self.link.online,
            )
        return bool(chosen)

    def send_heartbeat(self) -> bool:
        """Heartbeat now."""
        self.request("Heartbeat", {})
        return True

    # ----- Inside -----

    def _answer(self, action: str, payload: Json, moment: Moment) -> Json | None:
        handler = HANDLERS.get(action)
        return None if handler is None else handler(self, payload, moment)

    def _out_of_use(self) -> set[str]:
        return {name for name, value in self.memory.settings().items() if value and name.startswith("inoperative/")}

    def _settle_start(self, transaction: OpenTransaction, remote_start_id: int | None, moment: Moment) -> None:
        """The remote start that led here is done; its profile becomes the transaction's."""
        if remote_start_id is None:
            return
        for command_id, command in self.memory.commands():
            if command.transaction_id is None and command.remote_start_id == remote_start_id:
                if command.profile is not None:
                    own = command.profile | {"transactionId": transaction.transaction_id}
                    try:
                        self.profiles.set(self.link.version, transaction.evse_id, own, moment.at)
                    except ProfileRefused as refusal:
                        _log.warning("the remote start's charging profile is refused: %s", refusal.text)
                self.memory.drop_command(command_id)

    def _tell_mode(self, evse_id: int, before: Guidance, after: Guidance, moment: Moment) -> None:
        """K01.FR.110."""
        if after.mode in (None, before.mode) or self.link.version is Version.V201:
            return
        if self.transactions.on_evse(evse_id) is not None:
            self.transactions.update(
                evse_id,
                moment.at,
                trigger="OperationModeChanged",
                operation_mode=after.mode,
                offline=not self.link.online,
            )

    def _request_needs(self, evse_id: int) -> None:
        """Ask, unless the transaction has ended meanwhile."""
        if evse_id not in self._needs or not self.link.online:
            return
        needs, at_s = self._needs[evse_id]

        def answered(payload: Json, moment: Moment) -> None:
            self._needs.pop(evse_id, None)
            self.tell(events.NeedsAnswer(evse_id, payload["status"]))

        def failed(code: str, moment: Moment) -> None:
            if code == TIMEOUT:
                self._request_needs(evse_id)
            elif code != OFFLINE:
                self._needs.pop(evse_id, None)
                self.tell(events.NeedsAnswer(evse_id, "Failed"))

        payload = wire.charging_needs(evse_id, needs, at_s, self.link.version)
        row = self.outbox.last_row()
        self.request("NotifyEVChargingNeeds", payload, after_row=row, on_answer=answered, on_failure=failed)

    def _pull(self, profile: Profile, moment: Moment) -> None:
        """Ask for a dynamic profile's new values; again only after its interval, however the answer is."""
        last = self._pulled.get(profile.profile_id, 0.0)
        if moment.at - last < (profile.update_every_s or 0.0):
            return
        self._pulled[profile.profile_id] = moment.at
        profile_id = profile.profile_id

        def answered(payload: Json, moment: Moment) -> None:
            if payload["status"] == "Accepted" and "scheduleUpdate" in payload:
                try:
                    self.profiles.update(self.link.version, profile_id, payload["scheduleUpdate"], moment.at)
                except ProfileRefused as refusal:
                    _log.warning("an update of charging profile %s is refused: %s", profile_id, refusal.text)
                    return
                self.evaluate(moment, changed=True)

        self.request("PullDynamicScheduleUpdate", {"chargingProfileId": profile_id}, on_answer=answered)

    def _report_all(self, moment: Moment) -> None:
        for evse in self.config.evses:
            self._status.setdefault(evse.evse_id, (ConnectorStatus.AVAILABLE, moment.at))
        self.report_status(moment)
        for evse_id in self._needs:
            self._request_needs(evse_id)
