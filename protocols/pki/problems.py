"""What can be wrong with a certificate: a kind for programs, a sentence for the installer."""

from enum import StrEnum

from cryptography import x509


class Trouble(StrEnum):
    """The kind of a problem; a protocol turns it into its own response code."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONGLY_SIGNED = "wrongly-signed"
    UNKNOWN_ROOT = "unknown-root"
    BROKEN_CHAIN = "broken-chain"
    WRONG_ROLE = "wrong-role"
    WRONG_ID = "wrong-id"
    NOT_ALLOWED = "not-allowed"
    """It breaks a rule on itself: path length, key usage, an unknown critical extension."""
    UNSUPPORTED_ALGORITHM = "unsupported-algorithm"
    REVOKED = "revoked"
    NO_STATUS = "no-status"
    """No OCSP response where one was asked for."""
    BAD_STATUS = "bad-status"
    """An OCSP response that cannot be relied on."""
    WRONG_KEY = "wrong-key"
    """The private key does not belong to it, or cannot be opened."""
    UNREADABLE = "unreadable"


class CertificateProblem(Exception):
    """One certificate cannot be relied on. Its text is one sentence that says which, why, and the way out."""

    def __init__(self, trouble: Trouble, text: str, certificate: x509.Certificate | None = None) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.certificate = certificate
        """The one that is at fault, where there is one."""
