"""OCSP (RFC 6960): ask whether a certificate still holds, answer for a home's root, and check a stapled answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from protocols.pki.algorithms import algorithm_of
from protocols.pki.issue import Identity
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.reading import NOT_READABLE, check_readable, extension
from protocols.pki.rules import SMALLEST_HASH_BYTES, moment

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
VALID_FOR = timedelta(days=7)
"""How long an answer of ours holds, and the longest that one without nextUpdate is taken."""
LARGEST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Status:
    """A good answer for one certificate."""

    certificate: x509.Certificate
    this_update: datetime
    next_update: datetime | None


def make_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """An OCSP request (DER) for ``certificate``; SHA-1 names the issuer, as every responder understands."""
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def responder_url(certificate: x509.Certificate) -> str | None:
    """Where ``certificate`` says its status is asked."""
    access = extension(certificate, x509.AuthorityInformationAccess)
    for one in access or ():
        if one.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            one.access_location, x509.UniformResourceIdentifier
        ):
            return one.access_location.value
    return None


@dataclass(frozen=True, slots=True)
class Responder:
    """Answers for the certificates of one CA: a home's root, or a test's."""

    ca: x509.Certificate
    signer: Identity
    """The CA itself, or a responder that it authorised (role ``ocsp``)."""
    known: Mapping[int, x509.Certificate]
    """What the CA issued, by serial number."""
    revoked: Mapping[int, datetime]
    """Serial number → since when."""

    def answer(self, request_der: bytes, at: datetime) -> bytes:
        """The response (DER) to a request. What it cannot read gets the protocol's own refusal."""
        try:
            request = ocsp.load_der_ocsp_request(request_der)
            serial = request.serial_number
        except (*NOT_READABLE, NotImplementedError):
            return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
        certificate = self.known.get(serial)
        kinds = (hashes.SHA1(), hashes.SHA256(), hashes.SHA512())  # noqa: S303
        if certificate is None or not any(_names(request, certificate, self.ca, kind) for kind in kinds):
            return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
        return self.staple(certificate, at, hash_algorithm=request.hash_algorithm)

    def staple(
        self, certificate: x509.Certificate, at: datetime, *, hash_algorithm: hashes.HashAlgorithm | None = None
    ) -> bytes:
        """A response (DER) for ``certificate`` to be stapled to a TLS handshake: good, revoked or unknown."""
        serial = certificate.serial_number
        since = self.revoked.get(serial)
        status = ocsp.OCSPCertStatus.GOOD
        if since is not None:
            status = ocsp.OCSPCertStatus.REVOKED
        elif serial not in self.known:
            status = ocsp.OCSPCertStatus.UNKNOWN
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=certificate,
                issuer=self.ca,
                algorithm=hash_algorithm or hashes.SHA1(),  # noqa: S303
                cert_status=status,
                this_update=at,
                next_update=at + VALID_FOR,
                revocation_time=since,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.HASH, self.signer.certificate)
        )
        if self.signer.certificate != self.ca:
            builder = builder.certificates([self.signer.certificate])
        algorithm = algorithm_of(self.signer.key)
        sign: Callable[..., ocsp.OCSPResponse] = builder.sign
        return sign(self.signer.key, algorithm.hash if algorithm else None).public_bytes(Encoding.DER)


def check_response(
    response_der: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> Status | None:
    """What a response says of ``certificate``: its good status, or None where the response is about another.

    Raises CertificateProblem where the certificate is revoked or unknown to its issuer, or where the response is
    about it and cannot be relied on.
    """
    name = common_name(certificate.subject)
    response = _read(response_der, name, certificate)
    single = next((one for one in response.responses if _is_about(one, certificate, issuer)), None)
    if single is None:
        return None
    _check_signer(response, issuer, at, name, certificate)
    _check_times(single, at, name, certificate)
    if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
        since = single.revocation_time_utc
        raise CertificateProblem(
            Trouble.REVOKED,
            f"the certificate of '{name}' was revoked{f' on {moment(since)}' if since else ''} by "
            f"'{common_name(issuer.subject)}': it must be replaced",
            certificate,
        )
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise CertificateProblem(
            Trouble.REVOKED,
            f"'{common_name(issuer.subject)}' does not know the certificate of '{name}' (OCSP status unknown): "
            "it must be replaced",
            certificate,
        )
    return Status(certificate, single.this_update_utc, single.next_update_utc)


def _read(response_der: bytes, name: str, certificate: x509.Certificate) -> ocsp.OCSPResponse:
    try:
        if len(response_der) > LARGEST_BYTES:
            raise ValueError("too large")
        response = ocsp.load_der_ocsp_response(response_der)
        status = response.response_status
        if status is ocsp.OCSPResponseStatus.SUCCESSFUL:
            for signer in response.certificates:
                check_readable(signer)
            for single in response.responses:
                _ = single.this_update_utc, single.next_update_utc, single.revocation_time_utc
            _ = response.signature_hash_algorithm
    except NOT_READABLE as error:
        raise _bad(name, certificate, "cannot be read") from error
    if status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise _bad(name, certificate, f"is the responder's refusal ({status.name.lower()})")
    return response


def _is_about(single: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if single.serial_number != certificate.serial_number:
        return False
    try:
        return _names(single, certificate, issuer, single.hash_algorithm)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _names(
    who: ocsp.OCSPSingleResponse | ocsp.OCSPRequest,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    kind: hashes.HashAlgorithm,
) -> bool:
    """Whether a request or a response names ``issuer``, by the hashes of its name and key."""
    reference = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, kind).build()
    return (who.issuer_name_hash, who.issuer_key_hash) == (reference.issuer_name_hash, reference.issuer_key_hash)


def _check_signer(
    response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime, name: str, certificate: x509.Certificate
) -> None:
    """RFC 6960, 4.2.2.2: the CA itself, or one that it certified for just this."""
    if _signed_by(response, issuer):
        return
    for signer in response.certificates:
        if not _signed_by(response, signer):
            continue
        try:
            signer.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
            continue
        usages = extension(signer, x509.ExtendedKeyUsage)
        if usages is None or ExtendedKeyUsageOID.OCSP_SIGNING not in usages:
            raise _bad(name, certificate, f"is signed by '{common_name(signer.subject)}', who may not sign such")
        if not signer.not_valid_before_utc <= at <= signer.not_valid_after_utc:
            raise _bad(name, certificate, f"is signed by '{common_name(signer.subject)}', whose certificate is expired")
        return
    raise _bad(name, certificate, f"is not signed by '{common_name(issuer.subject)}' or a responder of theirs")


def _signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, used = signer.public_key(), response.signature_hash_algorithm
    strong = used if used is not None and used.digest_size >= SMALLEST_HASH_BYTES else None
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(response.signature, response.tbs_response_bytes)
        elif isinstance(key, ec.EllipticCurvePublicKey) and strong is not None:
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(strong))
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _check_times(single: ocsp.OCSPSingleResponse, at: datetime, name: str, certificate: x509.Certificate) -> None:
    if single.this_update_utc > at + CLOCKS_MAY_DIFFER:
        raise _bad(
            name,
            certificate,
            f"is of {moment(single.this_update_utc)}, and the clock here says {moment(at)}: is it right",
        )
    until = single.next_update_utc or single.this_update_utc + VALID_FOR
    if until + CLOCKS_MAY_DIFFER < at:
        raise _bad(name, certificate, f"held only until {moment(until)}")


def _bad(name: str, certificate: x509.Certificate, why: str) -> CertificateProblem:
    return CertificateProblem(
        Trouble.BAD_STATUS,
        f"the OCSP response for '{name}' {why}: the other end must fetch a new one",
        certificate,
    )


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
