"""The charging profiles that are installed: set, cleared, reported, and what they ask. Kept on disk (K01.FR.27)."""

import logging
import math
from collections.abc import Callable, Iterator

from protocols.ocpp import wire
from protocols.ocpp.config import Evse, StationConfig
from protocols.ocpp.events import Guidance, OperationMode
from protocols.ocpp.memory import Memory, OpenTransaction, StoredProfile
from protocols.ocpp.profiles import (
    Kind,
    Profile,
    ProfileRefused,
    Purpose,
    admit,
    read_profile,
    with_update,
)
from protocols.ocpp.schemas import Json
from protocols.ocpp.stacking import Situation, guidance_ahead, guidance_at
from protocols.ocpp.versions import Version

_log = logging.getLogger(__name__)
_MAX_COMPOSITE_S = 7 * 86_400.0


class ProfileBook:
    """All profiles of one station."""

    def __init__(
        self, config: StationConfig, memory: Memory, transaction_on: Callable[[int], OpenTransaction | None]
    ) -> None:
        """Read back what was installed; a stored profile that can no longer be read is dropped with a log line."""
        self._config, self._memory, self._transaction_on = config, memory, transaction_on
        self._profiles: dict[int, Profile] = {}
        self.offline_since_s: float | None = None
        for stored in memory.profiles():
            try:
                profile = read_profile(Version(stored.version), config.evses, stored.evse_id, stored.wire, stored.at_s)
            except (ProfileRefused, KeyError, ValueError) as problem:
                _log.warning("a stored charging profile cannot be read and is dropped: %s", problem)
                continue
            self._profiles[profile.profile_id] = profile

    def __len__(self) -> int:
        return len(self._profiles)

    def set(self, version: Version, evse_id: int, profile_wire: Json, at_s: float) -> Profile:
        """Install one; on disk when this returns. Raises ProfileRefused."""
        profile = read_profile(version, self._config.evses, evse_id, profile_wire, at_s)
        # A backend that sends a profile a day and never clears one must not find the book full.
        self.clear(lambda installed: installed.is_over(at_s))
        transaction = self._transaction_on(evse_id)
        admit(profile, self._profiles.values(), transaction.transaction_id if transaction else None)
        self._keep(version, profile, at_s)
        return profile

    def update(self, version: Version, profile_id: int, values: Json, at_s: float) -> None:
        """New values for a dynamic profile. Raises ProfileRefused."""
        profile = self._profiles.get(profile_id)
        if profile is None:
            raise ProfileRefused("InvalidProfileId", f"there is no profile {profile_id}")
        self._keep(version, with_update(profile, values, version, self._config.evses, at_s), at_s)

    def clear(self, chosen: Callable[[Profile], bool]) -> int:
        """Remove those; returns how many."""
        gone = [profile_id for profile_id, profile in self._profiles.items() if chosen(profile)]
        for profile_id in gone:
            self._memory.drop_profile(profile_id)
            del self._profiles[profile_id]
        return len(gone)

    def matching(self, evse_id: int | None, criterion: Json) -> Iterator[Profile]:
        """Those that a ChargingProfileCriterionType or ClearChargingProfileType means; None: every EVSE."""
        ids = criterion.get("chargingProfileId")
        for profile in self._profiles.values():
            if (
                (evse_id is None or profile.evse_id == evse_id)
                and (ids is None or profile.profile_id in ids)
                and criterion.get("chargingProfilePurpose", profile.purpose) == profile.purpose
                and criterion.get("stackLevel", profile.stack_level) == profile.stack_level
                and "CSO" in criterion.get("chargingLimitSource", ["CSO"])
            ):
                yield profile

    def transaction_ended(self, transaction_id: str) -> None:
        """A TxProfile dies with its transaction."""
        self.clear(lambda p: p.purpose is Purpose.TX and p.transaction_id == transaction_id)

    def back_online(self, at_s: float) -> None:
        """Drop what must not come back after so long (K01.FR.102)."""
        since_s, self.offline_since_s = self.offline_since_s, None
        if since_s is not None:
            away_s = at_s - since_s
            self.clear(lambda p: p.invalid_after_offline and away_s > (p.max_offline_s or math.inf))

    def due_for_update(self, at_s: float) -> Iterator[Profile]:
        """Dynamic profiles whose values the station must fetch now (K28)."""
        for profile in self._profiles.values():
            every_s = profile.update_every_s
            if profile.kind is Kind.DYNAMIC and every_s is not None and at_s >= (profile.start_s or 0.0) + every_s:
                yield profile

    def guidance(self, evse_id: int, at_s: float) -> Guidance:
        """What is asked now."""
        return guidance_at(self._profiles.values(), self._situation(evse_id), at_s)

    def guidance_ahead(self, evse_id: int, at_s: float, horizon_s: float) -> tuple[Guidance, ...]:
        """What is asked over the time ahead."""
        return guidance_ahead(self._profiles.values(), self._situation(evse_id), at_s, horizon_s)

    def composite(self, evse: Evse, evse_id: int, version: Version, unit: str, duration_s: float, at_s: float) -> Json:
        """A CompositeScheduleType (K08): what the EVSE will follow, its own power included."""
        duration_s = min(duration_s, _MAX_COMPOSITE_S)
        per_unit_w = evse.voltage_v * evse.phases if unit == "A" else 1.0
        periods: list[Json] = []
        for step in self.guidance_ahead(evse_id, at_s, duration_s):
            offset = math.ceil(step.start_s - at_s)
            if periods and offset <= periods[-1]["startPeriod"]:
                continue
            limit_w = min(evse.charge_max_w, math.inf if step.charge_max_w is None else step.charge_max_w)
            period: Json = {"startPeriod": offset, "limit": round(limit_w / per_unit_w, 1)}
            if version is not Version.V201 and step.mode not in (None, OperationMode.CHARGING_ONLY):
                period |= _two_way(step, evse, per_unit_w)
            periods.append(period)
        return {
            "evseId": evse_id,
            "duration": int(duration_s),
            "scheduleStart": wire.time_text(at_s),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": periods,
        }

    def _situation(self, evse_id: int) -> Situation:
        transaction = self._transaction_on(evse_id)
        return Situation(
            evse_id,
            transaction.transaction_id if transaction else None,
            transaction.energy_ready_s if transaction else None,
            self.offline_since_s,
        )

    def _keep(self, version: Version, profile: Profile, at_s: float) -> None:
        stored = StoredProfile(version=version, evse_id=profile.evse_id, at_s=at_s, wire=profile.wire)
        self._memory.keep_profile(profile.profile_id, stored)
        self._profiles[profile.profile_id] = profile


def _two_way(step: Guidance, evse: Evse, per_unit_w: float) -> Json:
    period: Json = {"operationMode": step.mode}
    if step.mode is OperationMode.IDLE:
        return period
    most_w = min(evse.discharge_max_w, math.inf if step.discharge_max_w is None else step.discharge_max_w)
    period["dischargeLimit"] = round(-most_w / per_unit_w, 1) + 0.0
    if step.setpoint_w is not None:
        period["setpoint"] = round(step.setpoint_w / per_unit_w, 1)
    return period
