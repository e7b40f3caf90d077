"""The folder that holds a home's certificates: one subfolder a role, one file a certificate with its chain.

``secc/1f2e3d4c5b6a7988.pem`` holds the certificate first and its sub-CAs after; ``….key`` beside it the private key,
encrypted (PKCS#8); ``….ocsp`` the last answer of its issuer's OCSP responder. Names are the certificate's SHA-256, so
nothing is ever overwritten by another. Files are written whole or not at all.
"""

import logging
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from app.config.load import write_whole
from app.config.paths import secrets_file, standard_paths
from app.config.secrets import SecretsError
from app.errors import UserError
from app.pki.passphrase import ensure_passphrase, read_passphrase
from protocols.pki.algorithms import Policy, PrivateKey, algorithm_of, same_key
from protocols.pki.bundle import key_to_pem, read_bundle, to_pem
from protocols.pki.issue import Identity
from protocols.pki.problems import CertificateProblem
from protocols.pki.profiles import Role
from protocols.pki.store import TrustStore

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
OWNER_ENTERS = 0o700
RETIRED = "retired"


class PkiError(UserError):
    """The folder cannot be used as asked: one sentence says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the folder."""

    role: Role
    path: Path
    certificates: tuple[x509.Certificate, ...] = ()
    """The certificate, then its sub-CAs; empty where the file cannot be read."""
    problem: str = ""
    """Why it cannot be read."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that the file is about."""
        return self.certificates[0]

    @property
    def key_path(self) -> Path:
        """Where its private key lies, if it is here."""
        return self.path.with_suffix(".key")

    @property
    def ocsp_path(self) -> Path:
        """Where the last OCSP answer for it lies, if there was one."""
        return self.path.with_suffix(".ocsp")

    @property
    def has_key(self) -> bool:
        """Whether there is a private key."""
        return self.key_path.exists()


class CertificateFolder:
    """A home's certificates. Nothing is kept in memory: each call reads what is there now."""

    def __init__(self, path: Path, secrets_path: Path) -> None:
        self.path = path
        self.secrets_path = secrets_path

    def entries(self, *roles: Role) -> tuple[Entry, ...]:
        """What is there, of these roles or of all; files that cannot be read are entries with a ``problem``.

        Raises PkiError where this user may not look into the folder at all.
        """
        if not self.is_there():
            return ()
        return tuple(
            _read_entry(role, path)
            for role in (roles or tuple(Role))
            for path in sorted((self.path / role).glob("*.pem"))
            if not path.name.startswith(".")
        )

    def is_there(self) -> bool:
        """Whether the folder has been made. Raises PkiError where it is no folder, or not for this user."""
        try:
            is_folder = stat.S_ISDIR(self.path.stat().st_mode)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise PkiError(f"{self.path} cannot be looked into: {error.strerror}") from None
        if not is_folder:
            raise PkiError(f"{self.path} is no folder: name the folder that holds the certificates")
        if not os.access(self.path, os.R_OK | os.X_OK):
            raise PkiError(f"{self.path} cannot be looked into: run as the user that made it, or chown it")
        return True

    def trust_store(self) -> TrustStore:
        """The roots that are trusted, by role. Unreadable files are left out: ``entries`` tells of them."""
        store = TrustStore()
        for entry in self.entries(*(role for role in Role if role.is_root)):
            if entry.certificates:
                store = store.adding(entry.role, entry.certificate)
        return store

    def identity(self, entry: Entry) -> Identity:
        """A certificate with its private key, opened. Raises PkiError where the key is not there or not its own."""
        if entry.problem:
            raise PkiError(entry.problem)
        try:
            sealed = entry.key_path.read_bytes()
        except FileNotFoundError:
            raise PkiError(
                f"{entry.path} has no private key beside it: import the certificate together with its key"
            ) from None
        try:
            keys = read_bundle(sealed, read_passphrase(self.secrets_path)).keys
        except SecretsError as error:
            raise PkiError(f"{entry.key_path} cannot be opened: {error}") from None
        except CertificateProblem as error:
            raise PkiError(f"{entry.key_path} cannot be opened: {error} ({self.secrets_path})") from None
        if not keys or not same_key(keys[0].public_key(), entry.certificate.public_key()):
            raise PkiError(f"{entry.key_path} is not the key of the certificate beside it: import both anew")
        return Identity(entry.certificate, keys[0], entry.certificates[1:])

    def identities(self, role: Role, policy: Policy | None = None) -> tuple[Identity, ...]:
        """All certificates of ``role`` that have a key, opened; with a policy only those that it takes.

        The one that ends last comes first. One whose key cannot be opened is logged and left out.
        """
        found, problems = self._opened(role, policy)
        for problem in problems:
            log.warning("%s", problem)
        return found

    def choose(self, role: Role, policy: Policy, at: datetime) -> Identity:
        """The certificate of ``role`` to use at ``at``: the valid one that ends last. Raises PkiError where none is."""
        found, problems = self._opened(role, policy)
        for one in found:
            if one.holds(at):
                return one
        if problems:
            raise problems[0]
        if found:
            raise PkiError(
                f"no {role} certificate in {self.path} is valid now: 'twoway pki check' tells why, "
                "'twoway pki make --renew' renews a home's own"
            )
        raise PkiError(
            f"there is no {role} certificate with a key for {policy} in {self.path}: 'twoway pki make' makes a home's, "
            "'twoway pki import' takes one that you were given"
        )

    def _opened(self, role: Role, policy: Policy | None) -> tuple[tuple[Identity, ...], list[PkiError]]:
        entries = [
            entry
            for entry in self.entries(role)
            if entry.certificates and entry.has_key and (policy is None or _is_of(entry, policy))
        ]
        entries.sort(key=lambda entry: entry.certificate.not_valid_after_utc, reverse=True)
        found: list[Identity] = []
        problems: list[PkiError] = []
        for entry in entries:
            try:
                found.append(self.identity(entry))
            except PkiError as problem:
                problems.append(problem)
        return tuple(found), problems

    def add(self, role: Role, certificates: Sequence[x509.Certificate], key: PrivateKey | None = None) -> Entry:
        """Keep a certificate (with its chain, and its key if there is one). What is there already stays."""
        folder = self.path / role
        self.path.mkdir(parents=True, exist_ok=True, mode=OWNER_ENTERS)
        folder.mkdir(exist_ok=True, mode=OWNER_ENTERS)
        path = folder / f"{name_of(certificates[0])}.pem"
        known = _read_entry(role, path).certificates if path.exists() else ()
        entry = Entry(role, path, max(tuple(certificates), known, key=len))
        if key is not None:
            # The key first: after a power cut a key without its certificate is harmless, the other way round is not.
            write_whole(entry.key_path, key_to_pem(key, ensure_passphrase(self.secrets_path)), OWNER_ONLY)
        write_whole(path, to_pem(entry.certificates), OWNER_ONLY)
        return entry

    def rewrite(self, entry: Entry, certificates: Sequence[x509.Certificate]) -> None:
        """Give ``entry`` another chain above the same certificate."""
        write_whole(entry.path, to_pem(certificates), OWNER_ONLY)

    def retire(self, entries: Iterable[Entry]) -> None:
        """Put files aside, into ``retired``: no longer used, not lost."""
        for entry in entries:
            aside = self.path / RETIRED / entry.role
            aside.mkdir(parents=True, exist_ok=True, mode=OWNER_ENTERS)
            for path in (entry.path, entry.key_path, entry.ocsp_path):
                if path.exists():
                    path.replace(aside / path.name)


def home_folder(path: Path | None = None, home_file: Path | None = None) -> CertificateFolder:
    """The certificates of the home in ``home_file`` (or the standard one); ``path`` names another folder for them."""
    paths = standard_paths()
    return CertificateFolder(path or paths.certificates, secrets_file(home_file or paths.home_file))


def name_of(certificate: x509.Certificate) -> str:
    """The name of a certificate's files: the beginning of its SHA-256."""
    return certificate.fingerprint(hashes.SHA256()).hex()[:16]


def _is_of(entry: Entry, policy: Policy) -> bool:
    return algorithm_of(entry.certificate.public_key()) in policy.allowed


def _read_entry(role: Role, path: Path) -> Entry:
    try:
        certificates = read_bundle(path.read_bytes()).certificates
    except CertificateProblem as error:
        return Entry(role, path, problem=f"{path}: {error}")
    except OSError as error:
        return Entry(role, path, problem=f"{path} cannot be read: {error.strerror}")
    if not certificates:
        return Entry(role, path, problem=f"{path} holds no certificate")
    return Entry(role, path, certificates)
