"""From a home's certificates to what each end of the charging cable insists on: one place for the commands and the
engine's charger.

The charger offers ISO 15118-20 (TLS 1.3) and -2 (TLS 1.2), each if the folder holds a certificate for it. Certificates
are read here once; an OCSP answer beside one is read anew at each handshake, since it is renewed while we run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509.ocsp import load_der_ocsp_response

from app.errors import UserError
from app.pki import CertificateFolder, PkiError
from app.pki.status import staple
from protocols.iso15118 import EvccSecurity, SeccSecurity
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.wire.tls import V2, V20, V20_INTEROP, KeyLog, TlsOffer, TlsProfile
from protocols.iso15118.wire.trust import check_peer, check_staple, credential, secc_offer
from protocols.pki import Identity, Policy, Role, algorithm_of

OCSP_CHOICES = ("required", "checked", "off")
"""What the car makes of a charger's OCSP response: it must be there (except in a private environment, which needs
none), it is checked if it is there, it is not asked for."""


@dataclass(frozen=True, slots=True)
class CableTls:
    """What a home's file or a command line says about TLS on the cable."""

    folder: CertificateFolder
    interop: bool = False
    """Take secp256r1 in -20 too, for peers that have nothing better."""
    allow_plain: bool = False
    """Talk without TLS to whom asks so: DIN and -2 may; -20 needs a lab switch of its own besides."""
    ocsp: str = "required"
    ocsp_file: Path | None = None
    """An OCSP response (DER) for the charger's certificate; else the folder's, or one that the home's root makes."""
    key_log: KeyLog | None = None

    @property
    def v20(self) -> TlsProfile:
        """The profile for -20."""
        return V20_INTEROP if self.interop else V20

    def secc(self) -> SeccSecurity:
        """The charger's side. Raises PkiError where there is no certificate for any generation."""
        self._check_ocsp_file()
        store = self.folder.trust_store()
        offers: list[TlsOffer] = []
        problems: list[PkiError] = []
        # With interop, a car that can gets our better certificate, and another secp256r1.
        weak = ((self.v20, Policy.V2),) if self.interop else ()
        for profile, policy in ((self.v20, Policy.V20), *weak, (V2, Policy.V2)):
            try:
                identities = self._chargers(policy)
            except PkiError as problem:
                problems.append(problem)
                continue
            offers += [secc_offer(profile, identity, store, now, self._staple(identity)) for identity in identities]
        if not offers:
            raise problems[0]
        return SeccSecurity(tuple(offers), self.allow_plain, self.key_log)

    def evcc(self, protocols: Iterable[ProtocolName]) -> EvccSecurity:
        """A car's side, for what it is going to propose. Raises PkiError where it trusts nobody, or where -20 is wanted
        and there is no certificate for it."""
        wanted = set(protocols)
        v20, v2 = wanted & {ProtocolName.V20_AC, ProtocolName.V20_DC}, ProtocolName.V2 in wanted
        profiles = ((self.v20,) if v20 else ()) + ((V2,) if v2 else ())
        if not profiles:
            return EvccSecurity()
        store = self.folder.trust_store()
        if not store.of(Role.V2G_ROOT, Role.PRIVATE_ROOT):
            raise PkiError(
                f"there is no root in {self.folder.path} that a charger could be checked by: "
                "'twoway pki import' takes the charger's, 'twoway pki make' makes a home's"
            )
        identity = self._vehicle() if v20 else None
        return EvccSecurity(
            check_peer(Role.SECC, store, now),
            credential(identity) if identity is not None else None,
            profiles,
            check_staple(store, now, required=self.ocsp == "required") if self.ocsp != "off" else None,
            self.allow_plain,
            self.key_log,
        )

    def _chargers(self, policy: Policy) -> tuple[Identity, ...]:
        """The charger's best certificate of each kind of key: which of them a car can check, its ClientHello tells."""
        best = self.folder.choose(Role.SECC, policy, now())
        kinds = {algorithm_of(best.key): best}
        for identity in self.folder.identities(Role.SECC, policy):
            certificate = identity.certificate
            if certificate.not_valid_before_utc <= now() <= certificate.not_valid_after_utc:
                kinds.setdefault(algorithm_of(identity.key), identity)
        return tuple(kinds.values())

    def _vehicle(self) -> Identity:
        """What the car shows: its TLS certificate, or its provisioning certificate as cars of today do."""
        problem: PkiError | None = None
        for policy in (Policy.V2, Policy.V20) if self.interop else (Policy.V20,):
            for role in (Role.VEHICLE, Role.PROVISIONING):
                try:
                    return self.folder.choose(role, policy, now())
                except PkiError as error:
                    problem = problem or error
        raise problem or PkiError(f"there is no car's certificate in {self.folder.path}")

    def _staple(self, identity: Identity) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                if self.ocsp_file is not None:
                    return self.ocsp_file.read_bytes()
                return staple(self.folder, identity.chain, now()) or b""
            except (OSError, UserError):
                return b""

        return read

    def _check_ocsp_file(self) -> None:
        """OpenSSL staples nothing, without a word, where the file is no response."""
        if self.ocsp_file is None:
            return
        try:
            load_der_ocsp_response(self.ocsp_file.read_bytes())
        except OSError as error:
            raise UserError(f"{self.ocsp_file} cannot be read: {error.strerror}") from None
        except ValueError:
            raise UserError(f"{self.ocsp_file} is no OCSP response (DER)") from None

    def with_key_log(self, key_log: KeyLog | None) -> "CableTls":
        """The same, with the session's keys told."""
        return replace(self, key_log=key_log)


def now() -> datetime:
    """The wall clock: certificates go by the calendar."""
    return datetime.now(UTC)
