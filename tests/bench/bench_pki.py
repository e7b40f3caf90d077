"""How long certificates take: a chain judged, an OCSP answer checked, a contract key sealed and opened.

The peer is OpenSSL by way of pyOpenSSL: the bare verification of the same chain, without roles, IDs or sentences.
For scale: a whole session's set-up, of which this is a part, is to stay under 500 ms of our own time.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from OpenSSL import crypto

from protocols.pki import (
    Algorithm,
    Identity,
    Policy,
    Responder,
    Role,
    TrustStore,
    car_set,
    check_response,
    home_set,
    read_der,
    verify_chain,
)
from protocols.pki.provisioning import open_v2, open_v20, seal_v2, seal_v20

ROUNDS = 60
PCID = "TWO00000000000001A"


def median_ms(work: Callable[[], object]) -> float:
    """The median of some rounds, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return statistics.median(took) * 1e3


def openssl_verify(identity: Identity, store: TrustStore) -> Callable[[], object]:
    """The peer's verification of the same chain, from DER as it comes in a message."""
    roots = crypto.X509Store()
    for _, root in store:
        roots.add_cert(crypto.X509.from_cryptography(root))
    ders = identity.chain_der

    def verify() -> None:
        leaf, *above = (crypto.load_certificate(crypto.FILETYPE_ASN1, der) for der in ders)
        crypto.X509StoreContext(roots, leaf, above).verify_certificate()

    return verify


def main() -> None:
    """Print the table."""
    at = datetime.now(UTC)
    print(f"{'':34}{'ours':>10}{'OpenSSL':>10}{'ratio':>8}")
    for algorithm in Algorithm:
        car, home = car_set(algorithm, at), home_set(algorithm, at)
        contract, store = car[Role.CONTRACT], car.store
        ders = contract.chain_der

        def ours() -> object:
            return verify_chain([read_der(der) for der in ders], Role.CONTRACT, at, store, Policy.INTEROP)  # noqa: B023

        mine, theirs = median_ms(ours), median_ms(openssl_verify(contract, store))
        print(f"{f'contract chain, {algorithm.curve}':34}{mine:7.2f} ms{theirs:7.2f} ms{mine / theirs:8.1f}")
        root, secc = home[Role.PRIVATE_ROOT], home[Role.SECC].certificate
        staple = Responder(root.certificate, root, {secc.serial_number: secc}, {}).staple(secc, at)
        checked = median_ms(lambda: check_response(staple, secc, root.certificate, at))  # noqa: B023
        print(f"{f'OCSP answer, {algorithm.curve}':34}{checked:7.2f} ms")
    _contract_keys(at)


def _contract_keys(at: datetime) -> None:
    old, new = car_set(Algorithm.P256, at), car_set(Algorithm.P521, at)
    to_old, to_new = (one[Role.PROVISIONING].certificate.public_key() for one in (old, new))
    sealed_old = seal_v2(old[Role.CONTRACT].key, to_old)  # type: ignore[arg-type]
    sealed_new = seal_v20(new[Role.CONTRACT].key, to_new, PCID, new[Role.CONTRACT].certificate)  # type: ignore[arg-type]
    rows = {
        "contract key opened, -2": lambda: open_v2(
            sealed_old, old[Role.PROVISIONING].key, old[Role.CONTRACT].certificate
        ),
        "contract key opened, -20": lambda: open_v20(
            sealed_new, new[Role.PROVISIONING].key, PCID, new[Role.CONTRACT].certificate
        ),
    }
    for name, work in rows.items():
        print(f"{name:34}{median_ms(work):7.2f} ms")


if __name__ == "__main__":
    main()
