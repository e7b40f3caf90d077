"""What a car can come for, in words that all generations share: protocol, service, who steers."""

from enum import IntEnum, StrEnum


class Energy(StrEnum):
    """The two kinds of energy transfer; a service is one of them."""

    AC = "ac"
    DC = "dc"


class ProtocolName(StrEnum):
    """What the handshake (supportedAppProtocol) can agree on; -20 has one entry for each kind of energy."""

    V20_DC = "iso15118-20-dc"
    V20_AC = "iso15118-20-ac"
    V2 = "iso15118-2"
    DIN = "din70121"


class Service(IntEnum):
    """Energy transfer; the numbers are the ServiceIDs of ISO 15118-20 (Table 204).

    In ISO 15118-2 and DIN SPEC 70121, which know neither discharging nor megawatts, AC and DC stand for all.
    """

    AC = 1
    DC = 2
    AC_BPT = 5
    DC_BPT = 6
    MCS = 8
    MCS_BPT = 9

    @property
    def energy(self) -> Energy:
        """Which branch of the sequence it takes."""
        return Energy.AC if self in (Service.AC, Service.AC_BPT) else Energy.DC

    @property
    def bidirectional(self) -> bool:
        """Whether power may flow out of the car."""
        return self in (Service.AC_BPT, Service.DC_BPT, Service.MCS_BPT)


class ValueAdded(IntEnum):
    """Services besides energy (ISO 15118-20, Table 204)."""

    INTERNET = 65
    PARKING_STATUS = 66


class ControlMode(IntEnum):
    """Who follows whom: SCHEDULED, the car keeps a schedule; DYNAMIC, the charger steers from moment to moment."""

    SCHEDULED = 1
    DYNAMIC = 2


class MobilityNeeds(IntEnum):
    """Who knows departure time and target: the car alone, or the charger's side too."""

    FROM_CAR = 1
    FROM_CHARGER = 2
