"""TLS alerts, both ways: what each says to an installer, and how to make OpenSSL send the one we mean (RFC 8446, 6)."""

from enum import IntEnum


class Alert(IntEnum):
    """The alerts that end a handshake; others are told by number."""

    CLOSE_NOTIFY = 0
    UNEXPECTED_MESSAGE = 10
    BAD_RECORD_MAC = 20
    RECORD_OVERFLOW = 22
    HANDSHAKE_FAILURE = 40
    BAD_CERTIFICATE = 42
    UNSUPPORTED_CERTIFICATE = 43
    CERTIFICATE_REVOKED = 44
    CERTIFICATE_EXPIRED = 45
    CERTIFICATE_UNKNOWN = 46
    ILLEGAL_PARAMETER = 47
    UNKNOWN_CA = 48
    ACCESS_DENIED = 49
    DECODE_ERROR = 50
    DECRYPT_ERROR = 51
    PROTOCOL_VERSION = 70
    INSUFFICIENT_SECURITY = 71
    INTERNAL_ERROR = 80
    INAPPROPRIATE_FALLBACK = 86
    USER_CANCELED = 90
    NO_RENEGOTIATION = 100
    MISSING_EXTENSION = 109
    UNSUPPORTED_EXTENSION = 110
    UNRECOGNIZED_NAME = 112
    BAD_CERTIFICATE_STATUS_RESPONSE = 113
    UNKNOWN_PSK_IDENTITY = 115
    CERTIFICATE_REQUIRED = 116
    NO_APPLICATION_PROTOCOL = 120


_RECEIVED = {
    Alert.HANDSHAKE_FAILURE: "has no cipher suite, curve or signature in common with us; see the TLS profile",
    Alert.BAD_CERTIFICATE: "holds our certificate to be broken or not yet valid; compare the two clocks first",
    Alert.UNSUPPORTED_CERTIFICATE: "does not take this kind of certificate from us; see its key type and its role",
    Alert.CERTIFICATE_REVOKED: "says that our certificate was revoked; get a new one from its issuer",
    Alert.CERTIFICATE_EXPIRED: "says that our certificate has expired; renew it, or set the clock that is wrong",
    Alert.CERTIFICATE_UNKNOWN: "does not accept our certificate and does not say why",
    Alert.UNKNOWN_CA: "does not trust the root of our certificate; use one from a root that it knows, or give it ours",
    Alert.ACCESS_DENIED: "knows our certificate and does not let us in",
    Alert.DECRYPT_ERROR: "found a signature of ours wrong: certificate, chain and key do not belong together",
    Alert.PROTOCOL_VERSION: "does not speak this version of TLS (-20 needs 1.3, -2 needs 1.2)",
    Alert.INSUFFICIENT_SECURITY: "finds our cipher suites or keys too weak; see the TLS profile",
    Alert.BAD_CERTIFICATE_STATUS_RESPONSE: "does not accept our OCSP response; it is missing, too old or says revoked",
    Alert.CERTIFICATE_REQUIRED: "wants a certificate from us and got none",
    Alert.USER_CANCELED: "broke the handshake off",
    Alert.INTERNAL_ERROR: "had a fault of its own",
}


def received_sentence(peer: str, number: int) -> str:
    """What the peer's alert says, as one sentence. `peer`: "the car" or "the charger"."""
    try:
        alert = Alert(number)
    except ValueError:
        return f"{peer} ended TLS with alert {number}"
    told = _RECEIVED.get(alert, "found our TLS messages wrong")
    return f"{peer} {told} (TLS alert {alert.name.lower()})"


def alert_name(number: int) -> str:
    """The RFC's name of an alert, or its number."""
    try:
        return Alert(number).name.lower()
    except ValueError:
        return str(number)


def record(alert: Alert) -> bytes:
    """The alert as a plain TLS record, for when there is no OpenSSL connection yet that could send it."""
    return bytes((21, 3, 3, 0, 2, 2, alert))


VERIFY_ERRORS: dict[Alert, int] = {
    Alert.CERTIFICATE_EXPIRED: 10,  # X509_V_ERR_CERT_HAS_EXPIRED
    Alert.BAD_CERTIFICATE: 9,  # X509_V_ERR_CERT_NOT_YET_VALID
    Alert.UNKNOWN_CA: 20,  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    Alert.DECRYPT_ERROR: 7,  # X509_V_ERR_CERT_SIGNATURE_FAILURE
    Alert.CERTIFICATE_REVOKED: 23,  # X509_V_ERR_CERT_REVOKED
    Alert.UNSUPPORTED_CERTIFICATE: 26,  # X509_V_ERR_INVALID_PURPOSE
    Alert.CERTIFICATE_UNKNOWN: 80,  # one that has no alert of its own
}
"""OpenSSL derives the alert from the verification's error; these are the errors that give the alert we mean."""
