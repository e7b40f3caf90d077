"""How a contract's private key travels to a car: sealed for the key of the car's provisioning certificate.

ISO 15118-2: ephemeral ECDH on secp256r1, concatenation KDF with SHA-256, AES-128-CBC. Nothing there tells tampering:
only the comparison with the contract certificate does, and ``open_v2`` always makes it.

ISO 15118-20: ephemeral ECDH on secp521r1 or X448, concatenation KDF with SHA-512, AES-256-GCM over the key, with the
PCID and the contract certificate's key identifier authenticated besides. No open implementation seals in this way, so
the KDF's OtherInfo, taken over from ISO 15118-2, could not be tried against another.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, x448
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocols.pki.algorithms import Algorithm, PrivateKey, PublicKey, algorithm_of, key_name, same_key
from protocols.pki.curve448 import x448_private, x448_public
from protocols.pki.identifiers import bare_id
from protocols.pki.reading import key_identifier

OTHER_INFO = bytes((0x01, 0x55, 0x56))
"""AlgorithmID, then the parties: U for the sender, V for the receiver."""
UNCOMPRESSED = b"\x04"

V2_IV, V2_KEY = 16, 32
GCM_IV, GCM_TAG = 12, 16
P521_KEY, X448_POINT = 66, 56


class EcdhCurve(StrEnum):
    """The curve of -20's key agreement, as its messages name it."""

    SECP521 = "SECP521"
    X448 = "X448"


class ProvisioningError(Exception):
    """A contract key cannot be sealed for this car, or what came cannot be opened: one sentence says why."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What ISO 15118-2 sends: DHpublickey (65 bytes) and ContractSignatureEncryptedPrivateKey (48 bytes)."""

    dh_public_key: bytes
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class SealedV20:
    """What ISO 15118-20 sends: ECDHCurve, DHPublicKey (133 or 57 bytes), SECP521_EncryptedPrivateKey (94 bytes)."""

    curve: EcdhCurve
    dh_public_key: bytes
    encrypted_key: bytes


# ISO 15118-2


def seal_v2(
    contract_key: PrivateKey,
    recipient: PublicKey,
    *,
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
    iv: bytes | None = None,
) -> Sealed:
    """Seal a contract key for the owner of ``recipient``. ``ephemeral`` and ``iv`` are random unless given."""
    secret = _p_number(contract_key, Algorithm.P256)
    _want(recipient, Algorithm.P256)
    ephemeral = ephemeral or ec.generate_private_key(ec.SECP256R1())
    iv = iv if iv is not None else secrets.token_bytes(V2_IV)
    encryptor = Cipher(algorithms.AES(_v2_session_key(ephemeral, recipient)), modes.CBC(iv)).encryptor()
    encrypted = iv + encryptor.update(secret) + encryptor.finalize()
    return Sealed(_point(ephemeral.public_key()), encrypted)


def open_v2(sealed: Sealed, own_key: PrivateKey, contract_certificate: x509.Certificate) -> ec.EllipticCurvePrivateKey:
    """The contract key, checked to be the certificate's. Raises ProvisioningError."""
    if len(sealed.encrypted_key) != V2_IV + V2_KEY:
        raise ProvisioningError(
            f"the sealed contract key has {len(sealed.encrypted_key)} bytes instead of {V2_IV + V2_KEY}"
        )
    _want(own_key, Algorithm.P256)
    sender = _read_point(sealed.dh_public_key, ec.SECP256R1())
    iv, encrypted = sealed.encrypted_key[:V2_IV], sealed.encrypted_key[V2_IV:]
    decryptor = Cipher(algorithms.AES(_v2_session_key(own_key, sender)), modes.CBC(iv)).decryptor()
    return _matching(decryptor.update(encrypted) + decryptor.finalize(), ec.SECP256R1(), contract_certificate)


def _v2_session_key(own: PrivateKey, other: PublicKey) -> bytes:
    shared = _exchange(own, other)
    return ConcatKDFHash(algorithm=hashes.SHA256(), length=16, otherinfo=OTHER_INFO).derive(shared)


# ISO 15118-20


def seal_v20(
    contract_key: PrivateKey,
    recipient: PublicKey,
    pcid: str,
    contract_certificate: x509.Certificate,
    *,
    ephemeral: ec.EllipticCurvePrivateKey | x448.X448PrivateKey | None = None,
    iv: bytes | None = None,
) -> SealedV20:
    """Seal a secp521r1 contract key for the owner of ``recipient``, whose kind decides the curve of the agreement.

    Raises ProvisioningError for keys that -20's messages have no place for: secp256r1 (the interop profile) and Ed448,
    whose 57-byte key does not fit the 56 bytes of X448_EncryptedPrivateKey.
    """
    secret = _p_number(contract_key, Algorithm.P521)
    if not same_key(contract_key.public_key(), contract_certificate.public_key()):
        raise ProvisioningError("the contract key is not that of the contract certificate")
    curve = _curve_for(recipient)
    if ephemeral is None:
        ephemeral = (
            x448.X448PrivateKey.generate() if curve is EcdhCurve.X448 else ec.generate_private_key(ec.SECP521R1())
        )
    public = ephemeral.public_key()
    other = x448_public(recipient) if isinstance(recipient, ed448.Ed448PublicKey) else recipient
    session = _v20_session_key(_exchange(ephemeral, other))
    iv = iv if iv is not None else secrets.token_bytes(GCM_IV)
    box = AESGCM(session).encrypt(iv, secret, _authenticated(pcid, contract_certificate))
    sent = public.public_bytes_raw() if isinstance(public, x448.X448PublicKey) else None
    return SealedV20(curve, UNCOMPRESSED + sent if sent is not None else _point(public), iv + box)  # type: ignore[arg-type]


def open_v20(
    sealed: SealedV20, own_key: PrivateKey, pcid: str, contract_certificate: x509.Certificate
) -> ec.EllipticCurvePrivateKey:
    """The contract key, authentic and checked to be the certificate's. Raises ProvisioningError."""
    wanted = GCM_IV + P521_KEY + GCM_TAG
    if len(sealed.encrypted_key) != wanted:
        raise ProvisioningError(f"the sealed contract key has {len(sealed.encrypted_key)} bytes instead of {wanted}")
    if _curve_for(own_key.public_key()) is not sealed.curve:
        raise ProvisioningError(
            f"the contract key is sealed with {sealed.curve}, and this car's provisioning key is {key_name(own_key)}"
        )
    session = _v20_session_key(_agreed(sealed, own_key))
    iv, box = sealed.encrypted_key[:GCM_IV], sealed.encrypted_key[GCM_IV:]
    try:
        secret = AESGCM(session).decrypt(iv, box, _authenticated(pcid, contract_certificate))
    except InvalidTag:
        raise ProvisioningError(
            "the sealed contract key is not authentic: it was altered, or made for another car or contract"
        ) from None
    return _matching(secret, ec.SECP521R1(), contract_certificate)


def _agreed(sealed: SealedV20, own_key: PrivateKey) -> bytes:
    if not isinstance(own_key, ed448.Ed448PrivateKey):
        return _exchange(own_key, _read_point(sealed.dh_public_key, ec.SECP521R1()))
    if len(sealed.dh_public_key) != 1 + X448_POINT or not sealed.dh_public_key.startswith(UNCOMPRESSED):
        raise ProvisioningError("the sender's DH public key is no point of X448")
    other = x448.X448PublicKey.from_public_bytes(sealed.dh_public_key[1:])
    return _exchange(x448_private(own_key), other)


def _v20_session_key(shared: bytes) -> bytes:
    return ConcatKDFHash(algorithm=hashes.SHA512(), length=32, otherinfo=OTHER_INFO).derive(shared)


def _authenticated(pcid: str, contract_certificate: x509.Certificate) -> bytes:
    """The PCID and the certificate's key identifier in capital hexadecimal, as text."""
    return (bare_id(pcid) + key_identifier(contract_certificate).hex().upper()).encode()


def _curve_for(key: PublicKey) -> EcdhCurve:
    algorithm = algorithm_of(key)
    if algorithm is Algorithm.P521:
        return EcdhCurve.SECP521
    if algorithm is Algorithm.ED448:
        return EcdhCurve.X448
    raise ProvisioningError(
        f"ISO 15118-20 seals contract keys for secp521r1 or Ed448, and this provisioning key is {key_name(key)}"
    )


# Both


def _p_number(key: PrivateKey, wanted: Algorithm) -> bytes:
    _want(key, wanted)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ProvisioningError(f"{key_name(key)} is no {wanted.curve} key")
    return key.private_numbers().private_value.to_bytes(wanted.field_bytes, "big")


def _want(key: PrivateKey | PublicKey, wanted: Algorithm) -> None:
    if algorithm_of(key) is not wanted:
        raise ProvisioningError(f"a {wanted.curve} key is needed to carry a contract, and this one is {key_name(key)}")


def _exchange(own: PrivateKey | x448.X448PrivateKey, other: PublicKey | x448.X448PublicKey) -> bytes:
    try:
        if isinstance(own, x448.X448PrivateKey) and isinstance(other, x448.X448PublicKey):
            return own.exchange(other)
        if isinstance(own, ec.EllipticCurvePrivateKey) and isinstance(other, ec.EllipticCurvePublicKey):
            return own.exchange(ec.ECDH(), other)
    except ValueError as error:
        raise ProvisioningError("no secret can be agreed on with the DH public key that was sent") from error
    raise ProvisioningError("the keys of sender and car are of different kinds")


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _read_point(data: bytes, curve: ec.EllipticCurve) -> ec.EllipticCurvePublicKey:
    try:
        if not data.startswith(UNCOMPRESSED):
            raise ValueError("not in the uncompressed form")
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, data)
    except ValueError as error:
        raise ProvisioningError(f"the sender's DH public key is no point of {curve.name}") from error


def _matching(secret: bytes, curve: ec.EllipticCurve, certificate: x509.Certificate) -> ec.EllipticCurvePrivateKey:
    """The key with this number, if it is the certificate's: the last test that the standard asks of a car."""
    try:
        key = ec.derive_private_key(int.from_bytes(secret, "big"), curve)
    except ValueError as error:
        raise ProvisioningError("what was sealed is no private key: it was altered, or made for another car") from error
    if not same_key(key.public_key(), certificate.public_key()):
        raise ProvisioningError(
            "the sealed key is not that of the contract certificate: it was altered, or made for another car"
        )
    return key
