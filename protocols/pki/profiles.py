"""The certificate profiles of ISO 15118 as one table: who is who in a home's certificates.

After ISO 15118-2 Annex F and -20 Annex B as their public implementations show them. A *private environment* is a home
or a depot that trusts its own root: the charger's certificate stands directly below it.
"""

from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku


class Role(StrEnum):
    """What a certificate is for."""

    PRIVATE_ROOT = "private-root"
    V2G_ROOT = "v2g-root"
    MO_ROOT = "mo-root"
    OEM_ROOT = "oem-root"
    CPO_SUB1 = "cpo-sub1"
    CPO_SUB2 = "cpo-sub2"
    MO_SUB1 = "mo-sub1"
    MO_SUB2 = "mo-sub2"
    OEM_SUB1 = "oem-sub1"
    OEM_SUB2 = "oem-sub2"
    CPS_SUB1 = "cps-sub1"
    CPS_SUB2 = "cps-sub2"
    SECC = "secc"
    CONTRACT = "contract"
    PROVISIONING = "provisioning"
    VEHICLE = "vehicle"
    CPS = "cps"
    OCSP = "ocsp"

    @property
    def words(self) -> str:
        """How a sentence calls such a certificate, with its article."""
        return PROFILES[self].words

    @property
    def is_root(self) -> bool:
        """Whether it is a trust anchor."""
        return not PROFILES[self].issuers

    @property
    def is_leaf(self) -> bool:
        """Whether it is an end entity's, with no certificate below it."""
        return not PROFILES[self].is_ca


@dataclass(frozen=True, slots=True)
class Profile:
    """One row: what a certificate of a role holds."""

    words: str
    domain: str | None
    """Its domain component (DC), if it has one."""
    issuers: tuple[Role, ...]
    """Who may stand directly above it; empty for a root."""
    key_usage: frozenset[str]
    """Names as ``x509.KeyUsage`` has them."""
    lifetime_days: int
    warn_days: int
    """How long before its end to say so."""
    is_ca: bool = False
    path_length: int | None = None
    extended: x509.ObjectIdentifier | None = None
    domain_required: bool = False
    """Whether a peer must refuse it without its domain component."""
    ocsp: bool = False
    """Whether its issuer answers by OCSP whether it still holds."""


_SIGNS = frozenset({"digital_signature"})
_AGREES = _SIGNS | {"key_agreement"}
_CONTRACT = _AGREES | {"content_commitment", "key_encipherment"}
_CA = frozenset({"key_cert_sign", "crl_sign"})
_YEAR = 365


def _root(words: str, domain: str) -> Profile:
    return Profile(words, domain, (), _CA, 40 * _YEAR, _YEAR, is_ca=True)


def _sub1(words: str, domain: str, root: Role, years: int = 4) -> Profile:
    return Profile(words, domain, (root,), _CA, years * _YEAR, 90, is_ca=True, path_length=1, ocsp=True)


def _sub2(words: str, domain: str, above: tuple[Role, ...], years: int = 4) -> Profile:
    return Profile(words, domain, above, _CA, years * _YEAR, 60, is_ca=True, path_length=0, ocsp=True)


PROFILES: dict[Role, Profile] = {
    Role.PRIVATE_ROOT: _root("a private-environment root", "PE"),
    Role.V2G_ROOT: _root("a V2G root", "V2G"),
    Role.MO_ROOT: _root("a mobility operator's root", "MO"),
    Role.OEM_ROOT: _root("a car maker's root", "OEM"),
    Role.CPO_SUB1: _sub1("a charge point operator's sub-CA 1", "V2G", Role.V2G_ROOT),
    Role.CPO_SUB2: _sub2("a charge point operator's sub-CA 2", "V2G", (Role.CPO_SUB1, Role.V2G_ROOT), 2),
    Role.MO_SUB1: _sub1("a mobility operator's sub-CA 1", "MO", Role.MO_ROOT),
    Role.MO_SUB2: _sub2("a mobility operator's sub-CA 2", "MO", (Role.MO_SUB1, Role.MO_ROOT)),
    Role.OEM_SUB1: _sub1("a car maker's sub-CA 1", "OEM", Role.OEM_ROOT, 30),
    Role.OEM_SUB2: _sub2("a car maker's sub-CA 2", "OEM", (Role.OEM_SUB1, Role.OEM_ROOT), 30),
    Role.CPS_SUB1: _sub1("a provisioning service's sub-CA 1", "CPS", Role.V2G_ROOT),
    Role.CPS_SUB2: _sub2("a provisioning service's sub-CA 2", "CPS", (Role.CPS_SUB1, Role.V2G_ROOT), 2),
    Role.SECC: Profile(
        "a charger's certificate",
        "CPO",
        (Role.CPO_SUB2, Role.PRIVATE_ROOT),
        _AGREES,
        90,
        14,
        extended=Eku.SERVER_AUTH,
        domain_required=True,
        ocsp=True,
    ),
    Role.CONTRACT: Profile("a contract certificate", "MO", (Role.MO_SUB2,), _CONTRACT, 2 * _YEAR, 30, ocsp=True),
    Role.VEHICLE: Profile(
        "a car's TLS certificate", "OEM", (Role.OEM_SUB2,), _AGREES, 20 * _YEAR, 180, extended=Eku.CLIENT_AUTH
    ),
    Role.PROVISIONING: Profile("a car's provisioning certificate", "OEM", (Role.OEM_SUB2,), _AGREES, 20 * _YEAR, 180),
    Role.CPS: Profile(
        "a provisioning service's certificate", "CPS", (Role.CPS_SUB2,), _SIGNS, 90, 14, domain_required=True, ocsp=True
    ),
    Role.OCSP: Profile(
        "an OCSP responder's certificate",
        None,
        (Role.CPO_SUB2, Role.PRIVATE_ROOT, Role.V2G_ROOT, Role.CPO_SUB1),
        _SIGNS,
        _YEAR,
        30,
        extended=Eku.OCSP_SIGNING,
    ),
}
"""Role → its profile; of two that a certificate fits, the first is meant."""

PRIVATE_SECC_DAYS = 2 * _YEAR
"""A charger in a private environment is renewed by its owner, not by a backend every few weeks."""

TRUSTED_ROOTS: dict[Role, tuple[Role, ...]] = {
    Role.SECC: (Role.V2G_ROOT, Role.PRIVATE_ROOT),
    Role.CONTRACT: (Role.MO_ROOT, Role.V2G_ROOT),
    Role.PROVISIONING: (Role.OEM_ROOT, Role.V2G_ROOT),
    Role.VEHICLE: (Role.OEM_ROOT, Role.V2G_ROOT),
    Role.CPS: (Role.V2G_ROOT,),
}
"""Leaf → the roots that may stand at the head of its chain."""

ALIKE: dict[Role, frozenset[Role]] = {
    Role.VEHICLE: frozenset({Role.VEHICLE, Role.PROVISIONING}),
    Role.PROVISIONING: frozenset({Role.PROVISIONING, Role.VEHICLE}),
}
"""Roles that stand in for each other: cars of today show their provisioning certificate in TLS."""


def key_usage(names: frozenset[str]) -> x509.KeyUsage:
    """The extension for ``names``."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})
