"""OCSP for a home: answers that are stapled to the charger's handshakes, and revoking what the home itself issued."""

from collections.abc import Sequence
from datetime import datetime

import httpx
from cryptography import x509

from app.config.load import write_whole
from app.pki.folder import OWNER_ONLY, CertificateFolder, Entry, PkiError
from app.pki.making import issuer_of
from app.pki.revoked import keep_revocations, revocations
from protocols.pki.chain import is_issued_by
from protocols.pki.issue import Identity
from protocols.pki.names import common_name
from protocols.pki.ocsp import Responder, check_response, make_request, responder_url
from protocols.pki.problems import CertificateProblem, Trouble

ANSWER_S = 10.0
LARGEST_BYTES = 20_000


def staples(folder: CertificateFolder, chain: Sequence[x509.Certificate], at: datetime) -> tuple[bytes, ...]:
    """OCSP responses (DER) for a chain, leaf first: kept ones, or made now where the issuer's key is here.

    A certificate of which nobody can tell has none.
    """
    answers = (staple(folder, chain[depth:], at) for depth in range(len(chain)))
    return tuple(answer for answer in answers if answer is not None)


def staple(folder: CertificateFolder, chain: Sequence[x509.Certificate], at: datetime) -> bytes | None:
    """The OCSP response for the first of a chain, as ``staples`` finds it; None where nobody can tell."""
    entry = next((one for one in folder.entries() if one.certificates[:1] == (chain[0],)), None)
    issuer = issuer_certificate(folder, chain)
    if entry is None or issuer is None:
        return None
    ca = issuer_of(folder, entry)
    return _kept(entry, issuer, at) if ca is None else responder(folder, ca).staple(chain[0], at)


def issuer_certificate(folder: CertificateFolder, chain: Sequence[x509.Certificate]) -> x509.Certificate | None:
    """The certificate that issued the first of ``chain``: the next one, or a trusted root."""
    candidates = (*chain[1:2], *(root for _, root in folder.trust_store()))
    return next((one for one in candidates if is_issued_by(chain[0], one)), None)


def responder(folder: CertificateFolder, ca: Identity) -> Responder:
    """Answers for what ``ca`` issued and the folder holds, or once held."""
    issued = {
        entry.certificate.serial_number: entry.certificate
        for entry in folder.entries()
        if entry.certificates and entry.certificate.issuer == ca.certificate.subject
    }
    return Responder(ca.certificate, ca, issued, revocations(folder))


def revoke(folder: CertificateFolder, entry: Entry, at: datetime) -> None:
    """From now on say that ``entry`` is revoked. Raises PkiError for a root, and where its issuer's key is not here."""
    if entry.role.is_root:
        raise PkiError(
            f"'{common_name(entry.certificate.subject)}' is a root, which no answer can revoke: it is trusted as "
            f"long as it lies in {entry.path}; 'twoway pki make --again' replaces a home's own"
        )
    if issuer_of(folder, entry) is None:
        raise PkiError(
            f"'{common_name(entry.certificate.subject)}' was not issued here: only "
            f"'{common_name(entry.certificate.issuer)}' can revoke it"
        )
    keep_revocations(folder, revocations(folder) | {entry.certificate.serial_number: at})


def fetch(entry: Entry, issuer: x509.Certificate, at: datetime) -> bytes | None:
    """Ask the responder that ``entry``'s certificate names, check its answer and keep it for stapling.

    None where the certificate names no responder. Raises PkiError where it does not answer, CertificateProblem where
    the answer is bad.
    """
    url = responder_url(entry.certificate)
    if url is None:
        return None
    try:
        reply = httpx.post(
            url,
            content=make_request(entry.certificate, issuer),
            headers={"Content-Type": "application/ocsp-request"},
            timeout=ANSWER_S,
        )
        reply.raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise PkiError(
            f"the OCSP responder of '{common_name(issuer.subject)}' ({url:.80}) does not answer: {type(error).__name__}"
        ) from error
    answer = reply.content[:LARGEST_BYTES]
    try:
        status = check_response(answer, entry.certificate, issuer, at)
    except CertificateProblem as problem:
        if problem.trouble is Trouble.REVOKED:
            write_whole(entry.ocsp_path, answer, OWNER_ONLY)  # It must outlive the good answer that lies there.
        raise
    if status is None:
        raise PkiError(f"the OCSP responder of '{common_name(issuer.subject)}' answered for another certificate")
    write_whole(entry.ocsp_path, answer, OWNER_ONLY)
    return answer


def _kept(entry: Entry, issuer: x509.Certificate, at: datetime) -> bytes | None:
    """The answer that lies beside ``entry``, as long as it holds."""
    try:
        answer = entry.ocsp_path.read_bytes()
        return answer if check_response(answer, entry.certificate, issuer, at) is not None else None
    except CertificateProblem as problem:
        return answer if problem.trouble is Trouble.REVOKED else None
    except OSError:
        return None
