"""Lays certificates of ours out as the foreign stack (PyPI iso15118) reads them; it knows secp256r1 only::

    python tests/interop/foreign_pki.py DIR

makes DIR/iso15118_2/{certs,private_keys} with a public network, a car and its contract on secp256r1: what the foreign
stack knows. Set its PKI_PATH to DIR, with a slash at the end.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from protocols.pki import Algorithm, CertificateSet, Identity, Names, Role, car_set, public_set
from protocols.pki.bundle import key_to_pem, to_pem

PASSWORD = "12345"
NAMES = {
    Role.V2G_ROOT: "v2gRootCA",
    Role.CPO_SUB1: "cpoSubCA1",
    Role.CPO_SUB2: "cpoSubCA2",
    Role.SECC: "seccLeaf",
    Role.MO_ROOT: "moRootCA",
    Role.MO_SUB1: "moSubCA1",
    Role.MO_SUB2: "moSubCA2",
    Role.CONTRACT: "contractLeaf",
    Role.OEM_ROOT: "oemRootCA",
    Role.OEM_SUB1: "oemSubCA1",
    Role.OEM_SUB2: "oemSubCA2",
    Role.PROVISIONING: "oemLeaf",
    Role.CPS_SUB1: "cpsSubCA1",
    Role.CPS_SUB2: "cpsSubCA2",
    Role.CPS: "cpsLeaf",
}
"""Role → the foreign file name, without ``Cert.pem``, ``Cert.der`` or ``.key``."""
CHAINS = {Role.SECC: "cpoCertChain", Role.PROVISIONING: "oemCertChain"}
PASSWORDS = {
    "seccLeafPassword",
    "oemLeafPassword",
    "contractLeafPassword",
    "cpsLeafPassword",
    "moSubCA2LeafPassword",
}


def foreign_world(at: datetime, names: Names | None = None, algorithm: Algorithm = Algorithm.P256) -> CertificateSet:
    """One of each role that the foreign stack has a file for."""
    members = {**public_set(algorithm, at, names).members, **car_set(algorithm, at, names).members}
    return CertificateSet({role: one for role, one in members.items() if role in NAMES})


def write_foreign_pki(folder: Path, world: CertificateSet) -> str:
    """Lay ``world`` out below ``folder``; returns what the foreign PKI_PATH must be."""
    certs, keys = folder / "iso15118_2" / "certs", folder / "iso15118_2" / "private_keys"
    certs.mkdir(parents=True, exist_ok=True)
    keys.mkdir(parents=True, exist_ok=True)
    for role, name in NAMES.items():
        one = world[role]
        _write(certs / f"{name}Cert", one.certificate)
        (keys / f"{name}.key").write_text(key_to_pem(one.key, PASSWORD))
    for role, name in CHAINS.items():
        (certs / f"{name}.pem").write_text(to_pem(world[role].chain))
    for name in PASSWORDS:
        (keys / f"{name}.txt").write_text(f"{PASSWORD}\n")
    return f"{folder}/"


def read_foreign_key(folder: Path, name: str) -> bytes:
    """The private key file ``name`` (a value of NAMES) of a folder that either side made."""
    return (folder / "iso15118_2" / "private_keys" / f"{name}.key").read_bytes()


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.with_suffix(".pem").write_text(to_pem([certificate]))
    path.with_suffix(".der").write_bytes(certificate.public_bytes(Encoding.DER))


def main(folder: str) -> None:
    """Make a whole set in ``folder``."""
    world: CertificateSet = foreign_world(datetime.now(UTC))
    contract: Identity = world[Role.CONTRACT]
    print(f"PKI_PATH={write_foreign_pki(Path(folder).absolute(), world)}  ({contract})")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
