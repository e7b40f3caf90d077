"""Encryption and certificates in plain words: how far the cable can be trusted, and what an installer should renew."""

from typing import TYPE_CHECKING

from ui.i18n import mark, tr
from ui.models.units import DASH, Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s

_ENCRYPTION = {"none": mark("not encrypted"), "tls12": "TLS 1.2", "tls13": "TLS 1.3"}
_AUTHORIZATION = {
    "eim": mark("by the home (EIM)"),
    "pnc": mark("by contract (Plug & Charge)"),
    "basic": mark("none (IEC 61851)"),
}
_ROLES = {
    "v2g-root": mark("V2G root"),
    "mo-root": mark("Mobility operator's root"),
    "oem-root": mark("Car maker's root"),
    "private-root": mark("This home's root"),
    "secc": mark("Charger"),
    "vehicle": mark("Car"),
    "provisioning": mark("Car's provisioning"),
    "contract": mark("Contract"),
    "cps": mark("Provisioning service"),
    "ocsp": mark("Revocation service"),
}


def role_words(role: str) -> str:
    """A certificate's role; one that is not known here stands as it is."""
    return tr(_ROLES[role]) if role in _ROLES else role


def encryption_words(car: "s.CarNow") -> Shown:
    """How this session's wire is protected."""
    if car.encryption not in _ENCRYPTION:
        return Shown(DASH, tr("Known once the car has said its first word."))
    words = tr(_ENCRYPTION[car.encryption])
    if car.unprotected_by_switch:
        words += " · " + tr("laboratory switch")
    return Shown(words, car.cipher)


def authorization_words(car: "s.CarNow") -> Shown:
    """Who says that this car may charge."""
    if car.authorization not in _AUTHORIZATION:
        return Shown(DASH, tr("Not agreed yet."))
    words = tr(_AUTHORIZATION[car.authorization])
    return Shown(f"{words} · {car.contract}" if car.contract else words)


def certificate_words(car: "s.CarNow", fmt: Format) -> Shown:
    """What the car showed of itself."""
    if car.certificate is None:
        return Shown(DASH, tr("The car has shown none."))
    shown = car.certificate
    until = tr("until {day}", day=fmt.short_day(shown.valid_to))
    return Shown(" · ".join(filter(None, (role_words(shown.role), shown.subject, until, shown.problem))))


def unprotected(home: "s.HomeSnapshot") -> str:
    """The warning that stands wherever an unencrypted session is shown; empty without one."""
    if not (home.car.connected and home.car.unprotected_by_switch and home.car.encryption == "none"):
        return ""
    return tr(
        "This session is not encrypted: a laboratory switch in the home file lets it go on. "
        "Whoever is on the cable can read and change it."
    )


def certificate_row(certificate: "s.CertificateOut", fmt: Format) -> tuple[str, Shown]:
    """One line of the installer's list."""
    until = tr("until {day}", day=fmt.short_day(certificate.valid_to))
    return role_words(certificate.role), Shown(
        f"{certificate.subject} · {until}", tr("Issued by {issuer}", issuer=certificate.issuer)
    )
