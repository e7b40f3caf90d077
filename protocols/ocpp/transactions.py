"""The transactions of a station: each fact becomes one numbered event in the queue, on disk before the call returns."""

from collections.abc import Callable

import msgspec

from protocols.ocpp.disk import Disk
from protocols.ocpp.events import ChargingState, IdToken, MeterSample
from protocols.ocpp.memory import Memory, OpenTransaction
from protocols.ocpp.queue import Outbox, TransactionRecord


class NoTransaction(LookupError):
    """There is no open transaction on that EVSE."""


class Transactions:
    """At most one open transaction an EVSE."""

    def __init__(self, disk: Disk, outbox: Outbox, memory: Memory, new_id: Callable[[], str]) -> None:
        """Read back what was open when the engine last ended."""
        self._disk, self._outbox, self._memory, self._new_id = disk, outbox, memory, new_id
        self._open = {transaction.evse_id: transaction for transaction in memory.transactions()}
        self._samples: dict[int, MeterSample] = {}
        self._sampled_s: dict[str, float] = {}

    def on_evse(self, evse_id: int) -> OpenTransaction | None:
        """The open transaction there."""
        return self._open.get(evse_id)

    def find(self, transaction_id: str) -> OpenTransaction | None:
        """The open transaction of that id."""
        return next((t for t in self._open.values() if t.transaction_id == transaction_id), None)

    @property
    def open(self) -> list[OpenTransaction]:
        """All that are open."""
        return list(self._open.values())

    def last_sample(self, evse_id: int) -> MeterSample | None:
        """The newest reading there, whether it was sent or not."""
        return self._samples.get(evse_id)

    def registers(self, evse_id: int) -> tuple[float, float]:
        """The newest booked energy registers there, import and export in Wh; 0 before the first. Outlive restarts."""
        text = self._memory.settings().get(f"registers/{evse_id}", "0 0")
        imported, exported = text.split()
        return float(imported), float(exported)

    def start(
        self,
        evse_id: int,
        at_s: float,
        *,
        id_token: IdToken | None,
        remote_start_id: int | None,
        state: ChargingState,
        trigger: str,
        sample: MeterSample | None,
        offline: bool,
    ) -> OpenTransaction:
        """Open one. Raises ValueError where one is open."""
        if evse_id in self._open:
            raise ValueError(f"EVSE {evse_id}: transaction {self._open[evse_id].transaction_id} is still open")
        transaction = OpenTransaction(
            transaction_id=self._new_id(),
            evse_id=evse_id,
            started_s=at_s,
            next_seq=0,
            id_token=id_token,
            remote_start_id=remote_start_id,
            charging_state=state,
            energy_ready_s=at_s if id_token is not None else None,
        )
        self._sampled_s[transaction.transaction_id] = at_s
        self._note(evse_id, sample)
        return self._book(
            transaction,
            at_s,
            event="Started",
            trigger=trigger,
            offline=offline,
            id_token=id_token,
            remote_start_id=remote_start_id,
            sample=sample,
            context="Transaction.Begin",
        )

    def update(
        self,
        evse_id: int,
        at_s: float,
        *,
        trigger: str,
        offline: bool,
        state: ChargingState | None = None,
        id_token: IdToken | None = None,
        remote_start_id: int | None = None,
        sample: MeterSample | None = None,
        context: str = "Other",
        operation_mode: str | None = None,
    ) -> OpenTransaction:
        """Tell a change. Raises NoTransaction."""
        transaction = self._on(evse_id)
        if state is not None:
            transaction = msgspec.structs.replace(transaction, charging_state=state)
        if id_token is not None:
            ready_s = at_s if transaction.energy_ready_s is None else transaction.energy_ready_s
            transaction = msgspec.structs.replace(transaction, id_token=id_token, energy_ready_s=ready_s)
        self._note(evse_id, sample)
        return self._book(
            transaction,
            at_s,
            event="Updated",
            trigger=trigger,
            offline=offline,
            id_token=id_token,
            remote_start_id=remote_start_id,
            sample=sample,
            context=context,
            operation_mode=operation_mode,
        )

    def sample(self, evse_id: int, sample: MeterSample, *, every_s: float, offline: bool) -> None:
        """Take a reading; every ``every_s`` home seconds one of a transaction's is booked."""
        self._note(evse_id, sample)
        transaction = self._open.get(evse_id)
        if transaction is None:
            return
        last_s = self._sampled_s.get(transaction.transaction_id, transaction.started_s)
        if sample.at_s - last_s < every_s:
            return
        self._sampled_s[transaction.transaction_id] = sample.at_s
        self._book(
            transaction,
            sample.at_s,
            event="Updated",
            trigger="MeterValuePeriodic",
            offline=offline,
            sample=sample,
            periodic=True,
        )

    def end(
        self, evse_id: int, at_s: float, *, reason: str, trigger: str, sample: MeterSample | None, offline: bool
    ) -> OpenTransaction:
        """Close it. Raises NoTransaction."""
        transaction = self._on(evse_id)
        self._note(evse_id, sample)
        self._sampled_s.pop(transaction.transaction_id, None)
        return self._book(
            transaction,
            at_s,
            event="Ended",
            trigger=trigger,
            offline=offline,
            stopped_reason=reason,
            sample=sample or self._samples.get(evse_id),
            context="Transaction.End",
        )

    def _on(self, evse_id: int) -> OpenTransaction:
        transaction = self._open.get(evse_id)
        if transaction is None:
            raise NoTransaction(f"EVSE {evse_id} has no open transaction")
        return transaction

    def _note(self, evse_id: int, sample: MeterSample | None) -> None:
        if sample is not None:
            self._samples[evse_id] = sample

    def _book(
        self,
        transaction: OpenTransaction,
        at_s: float,
        *,
        event: str,
        trigger: str,
        offline: bool,
        id_token: IdToken | None = None,
        remote_start_id: int | None = None,
        sample: MeterSample | None = None,
        context: str = "Sample.Periodic",
        stopped_reason: str | None = None,
        operation_mode: str | None = None,
        periodic: bool = False,
    ) -> OpenTransaction:
        record = TransactionRecord(
            event=event,
            transaction_id=transaction.transaction_id,
            seq_no=transaction.next_seq,
            at_s=at_s,
            trigger=trigger,
            evse_id=transaction.evse_id,
            charging_state=transaction.charging_state,
            stopped_reason=stopped_reason,
            remote_start_id=remote_start_id,
            id_token=id_token,
            sample=sample,
            context=context,
            operation_mode=operation_mode,
        )
        transaction = msgspec.structs.replace(transaction, next_seq=transaction.next_seq + 1)
        # One commit: a crash between the two would lose a number or use one twice.
        with self._disk.commit():
            self._outbox.put(self._new_id(), record, offline=offline, periodic=periodic)
            if sample is not None and sample.import_wh is not None and sample.export_wh is not None:
                self._memory.keep_setting(
                    f"registers/{transaction.evse_id}", f"{sample.import_wh:.3f} {sample.export_wh:.3f}"
                )
            if event == "Ended":
                self._memory.drop_transaction(transaction.transaction_id)
            else:
                self._memory.keep_transaction(transaction)
        if event == "Ended":
            del self._open[transaction.evse_id]
        else:
            self._open[transaction.evse_id] = transaction
        return transaction
