"""XML signatures of ISO 15118, made and verified over EXI (ISO 15118-2, 7.9.2.4; W3C XML-Signature, 2002).

Each signed element is digested as an EXI fragment of its message's schema set; the digests stand in SignedInfo, which
is signed as a fragment too. In the field SignedInfo is encoded in two forms: by the schema of XML signatures alone, or
by the message's whole set. Both are verified; one signs in the form that the peer uses. The same goes for eMAID of
ISO 15118-2, a name with two types: its digest is believed over the relaxed fragment and over that of the complex type.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from protocols.exi import XMLDSIG, ExiError, encode_fragment
from protocols.exi.messages.xmldsig import (
    CanonicalizationMethodType,
    DigestMethodType,
    ReferenceType,
    SignatureMethodType,
    SignatureType,
    SignatureValueType,
    SignedInfoType,
    TransformsType,
    TransformType,
)
from protocols.exi.schema import Element
from protocols.pki.algorithms import Algorithm, PrivateKey, algorithm_of, is_signed, key_name
from protocols.pki.algorithms import sign as signed_bytes

CANONICAL_EXI = "http://www.w3.org/TR/canonical-exi/"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    SHA256: lambda data: hashlib.sha256(data).digest(),
    SHA512: lambda data: hashlib.sha512(data).digest(),
}
"""Digest algorithms that are believed, by their URI."""

METHODS: dict[Algorithm, tuple[str, str]] = {
    Algorithm.P256: ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", SHA256),
    Algorithm.P521: ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", SHA512),
    Algorithm.ED448: ("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed448", SHA512),
}
"""A key's signature algorithm and the digest that goes with it, by their URIs."""

MOST_REFERENCES = 8
"""More than any message of the standard signs (four, in a contract's installation)."""


class Form(StrEnum):
    """By which schema SignedInfo becomes bytes."""

    STANDALONE = "standalone"
    """The schema of XML signatures alone."""
    COMBINED = "combined"
    """The message's whole set."""


class Fragment(NamedTuple):
    """A signed element: its Id, its content, and its name where the type does not tell it."""

    id: str
    content: Element
    name: str | None = None


class SignatureProblem(Exception):
    """A signature does not hold; one sentence says which part."""


def sign(namespace: str, fragments: Sequence[Fragment], key: PrivateKey, form: Form = Form.STANDALONE) -> SignatureType:
    """The Signature over `fragments` for a header. Raises `ExiError` for content that cannot be encoded."""
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise SignatureProblem(f"{key_name(key)} is no key that ISO 15118 signs with")
    method, digest = METHODS[algorithm]
    info = SignedInfoType(
        CanonicalizationMethod=CanonicalizationMethodType(Algorithm=CANONICAL_EXI),
        SignatureMethod=SignatureMethodType(Algorithm=method),
        Reference=[_reference(namespace, fragment, digest) for fragment in fragments],
    )
    value = signed_bytes(key, _info_bytes(namespace, info, form))
    return SignatureType(SignedInfo=info, SignatureValue=SignatureValueType(value=value))


def verify(namespace: str, fragments: Sequence[Fragment], signature: SignatureType, key: object) -> Form:
    """Check that `signature` is over just these elements and by this public key; the form it was made in.

    Raises `SignatureProblem`.
    """
    info = signature.SignedInfo
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise SignatureProblem(f"the signer's key is {key_name(key)}, which ISO 15118 does not sign with")
    method, _ = METHODS[algorithm]
    if info.SignatureMethod.Algorithm != method:
        raise SignatureProblem(
            f"the signature says it was made by {info.SignatureMethod.Algorithm}, and the signer's key is "
            f"{algorithm.curve}"
        )
    if info.CanonicalizationMethod.Algorithm != CANONICAL_EXI:
        raise SignatureProblem(f"the signature is over {info.CanonicalizationMethod.Algorithm}, not over canonical EXI")
    _check_references(namespace, fragments, info)
    for form in Form:
        if is_signed(key, _info_bytes(namespace, info, form), signature.SignatureValue.value):
            return form
    raise SignatureProblem("the signature's value was not made by the key of the certificate that came with it")


def _reference(namespace: str, fragment: Fragment, digest: str) -> ReferenceType:
    return ReferenceType(
        URI=f"#{fragment.id}",
        Transforms=TransformsType(Transform=[TransformType(Algorithm=CANONICAL_EXI)]),
        DigestMethod=DigestMethodType(Algorithm=digest),
        DigestValue=DIGESTS[digest](encode_fragment(namespace, fragment.content, fragment.name)),
    )


def _check_references(namespace: str, fragments: Sequence[Fragment], info: SignedInfoType) -> None:
    """Each element once, no more and no less: a signature over something else proves nothing about these."""
    references = {reference.URI: reference for reference in info.Reference[: MOST_REFERENCES + 1]}
    wanted = {f"#{fragment.id}": fragment for fragment in fragments}
    if len(info.Reference) != len(references) or references.keys() != wanted.keys():
        named = ", ".join(sorted(str(uri) for uri in references))[:80]
        raise SignatureProblem(f"the signature is over {named}, and should be over {', '.join(sorted(wanted))}")
    for uri, fragment in wanted.items():
        reference = references[uri]
        digest = DIGESTS.get(reference.DigestMethod.Algorithm)
        if digest is None:
            raise SignatureProblem(f"the digest of {uri} is made by {reference.DigestMethod.Algorithm}, unknown here")
        try:
            ways = {encode_fragment(namespace, fragment.content, fragment.name, relaxed=way) for way in (True, False)}
        except ExiError as error:
            raise SignatureProblem(f"the element {uri} cannot be digested: {error}") from error
        if not any(hmac.compare_digest(digest(data), reference.DigestValue) for data in ways):
            raise SignatureProblem(f"the digest of {uri} does not match: the element was altered after it was signed")


def _info_bytes(namespace: str, info: SignedInfoType, form: Form) -> bytes:
    return encode_fragment(XMLDSIG if form is Form.STANDALONE else namespace, info)
