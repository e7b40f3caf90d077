"""What a station remembers over a restart beside its bookings: open transactions, commands, profiles, settings."""

import msgspec

from protocols.ocpp.disk import Disk
from protocols.ocpp.events import ChargingState, IdToken
from protocols.ocpp.schemas import Json


class OpenTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that has started and not ended."""

    transaction_id: str
    evse_id: int
    started_s: float
    next_seq: int
    id_token: IdToken | None = None
    remote_start_id: int | None = None
    charging_state: ChargingState | None = None
    energy_ready_s: float | None = None
    """When it was connected and authorised."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A remote start or stop that the app has not yet reported as done."""

    at_s: float
    evse_id: int
    transaction_id: str | None = None
    """Of a stop; a start has none."""
    remote_start_id: int | None = None
    id_token: IdToken | None = None
    profile: Json | None = None
    """Of a start: the TxProfile for the transaction to come."""


class StoredProfile(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as it came, with what is needed to read it again."""

    version: str
    evse_id: int
    at_s: float
    wire: Json


class Memory:
    """Rows of the station's file, as typed values."""

    def __init__(self, disk: Disk) -> None:
        """On an open disk."""
        self._db = disk.db

    def transactions(self) -> list[OpenTransaction]:
        """All that are open, oldest first."""
        rows = self._db.execute("SELECT body FROM open_transaction ORDER BY rowid")
        return [msgspec.json.decode(row[0], type=OpenTransaction) for row in rows]

    def keep_transaction(self, transaction: OpenTransaction) -> None:
        """Write its newest state."""
        self._db.execute(
            "INSERT INTO open_transaction VALUES (?, ?)"
            " ON CONFLICT (transaction_id) DO UPDATE SET body = excluded.body",
            (transaction.transaction_id, msgspec.json.encode(transaction)),
        )

    def drop_transaction(self, transaction_id: str) -> None:
        """It has ended."""
        self._db.execute("DELETE FROM open_transaction WHERE transaction_id = ?", (transaction_id,))

    def commands(self) -> list[tuple[int, Command]]:
        """All that wait to be carried out, oldest first."""
        rows = self._db.execute("SELECT id, body FROM command ORDER BY id")
        return [(row[0], msgspec.json.decode(row[1], type=Command)) for row in rows]

    def keep_command(self, command: Command) -> int:
        """Write it down; returns its number."""
        cursor = self._db.execute("INSERT INTO command (body) VALUES (?)", (msgspec.json.encode(command),))
        return cursor.lastrowid or 0

    def drop_command(self, command_id: int) -> None:
        """It has been carried out."""
        self._db.execute("DELETE FROM command WHERE id = ?", (command_id,))

    def profiles(self) -> list[StoredProfile]:
        """All that are installed."""
        rows = self._db.execute("SELECT body FROM profile ORDER BY profile_id")
        return [msgspec.json.decode(row[0], type=StoredProfile) for row in rows]

    def keep_profile(self, profile_id: int, profile: StoredProfile) -> None:
        """Write it, replacing the one with that id."""
        self._db.execute(
            "INSERT INTO profile VALUES (?, ?) ON CONFLICT (profile_id) DO UPDATE SET body = excluded.body",
            (profile_id, msgspec.json.encode(profile)),
        )

    def drop_profile(self, profile_id: int) -> None:
        """It has been cleared."""
        self._db.execute("DELETE FROM profile WHERE profile_id = ?", (profile_id,))

    def settings(self) -> dict[str, str]:
        """What the CSMS has set, by name."""
        return dict(self._db.execute("SELECT name, value FROM setting").fetchall())

    def keep_setting(self, name: str, value: str) -> None:
        """Write one."""
        self._db.execute(
            "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
