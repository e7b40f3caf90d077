"""The demo home's certificates, made anew for each demo: its own root and charger, the car, its maker, its contract."""

from pathlib import Path

from app.cable_tls import CableTls, now
from app.config.paths import secrets_file, standard_paths
from app.pki import CertificateFolder
from app.pki.contracts import car_contracts
from app.pki.making import make_sets
from protocols.iso15118 import EvccSecurity
from protocols.iso15118.services import ProtocolName
from protocols.pki import Algorithm, Policy
from protocols.pki.homes import Names


def certificates_of(folder: Path) -> CertificateFolder:
    """Where the demo in ``folder`` keeps them: where its engine looks."""
    return CertificateFolder(folder / standard_paths().certificates.name, secrets_file(folder / "home.toml"))


def make_certificates(folder: Path) -> None:
    """A home's, and its car's: one folder holds both ends, as nobody here has to be kept from anything."""
    make_sets(certificates_of(folder), [Algorithm.P521], now(), Names(home="Demo home"), car=True)


def car_security(folder: Path) -> EvccSecurity:
    """What the demo's car insists on: TLS 1.3 with the home's charger, and a contract to show it."""
    certificates = certificates_of(folder)
    security = CableTls(certificates).evcc([ProtocolName.V20_DC])
    return security.with_contracts(car_contracts(certificates, Policy.V20))
