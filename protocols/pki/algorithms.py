"""The curves and hashes of the three families, and the one place that knows how each of them signs.

ISO 15118-2 knows secp256r1 with SHA-256 alone. ISO 15118-20 asks for secp521r1 with SHA-512 and allows Ed448. Much of
what is in the field signs -20 with secp256r1 all the same; that is a policy of its own here, off unless asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PrivateKey = ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed448.Ed448PublicKey


@dataclass(frozen=True, slots=True)
class Spec:
    """What an algorithm is made of."""

    curve: str
    """As the standards and people call it."""
    hash: hashes.HashAlgorithm | None
    """None where the signature scheme has its own (Ed448)."""
    generate: Callable[[], PrivateKey]
    field_bytes: int
    """Length of a private key, and of each half of an ECDSA signature, in bytes."""


class Algorithm(Enum):
    """A curve with the hash that belongs to it."""

    P256 = Spec("secp256r1", hashes.SHA256(), lambda: ec.generate_private_key(ec.SECP256R1()), 32)
    P521 = Spec("secp521r1", hashes.SHA512(), lambda: ec.generate_private_key(ec.SECP521R1()), 66)
    ED448 = Spec("Ed448", None, ed448.Ed448PrivateKey.generate, 57)

    @property
    def curve(self) -> str:
        """The curve's name."""
        return self.value.curve

    @property
    def hash(self) -> hashes.HashAlgorithm | None:
        """The hash that signatures are made with; None for Ed448."""
        return self.value.hash

    @property
    def field_bytes(self) -> int:
        """Length of a private key in bytes."""
        return self.value.field_bytes

    def new_key(self) -> PrivateKey:
        """A fresh key from the system's random source."""
        return self.value.generate()


class Policy(StrEnum):
    """Which algorithms one generation of the standard takes."""

    V2 = "v2"
    """ISO 15118-2."""
    V20 = "v20"
    """ISO 15118-20 as written."""
    INTEROP = "interop"
    """ISO 15118-20 with secp256r1 besides, for peers that have nothing better. Never the default."""

    @property
    def allowed(self) -> frozenset[Algorithm]:
        """The algorithms that a chain may use."""
        return _ALLOWED[self]


_ALLOWED = {
    Policy.V2: frozenset({Algorithm.P256}),
    Policy.V20: frozenset({Algorithm.P521, Algorithm.ED448}),
    Policy.INTEROP: frozenset(Algorithm),
}


def algorithm_of(key: object) -> Algorithm | None:
    """The algorithm of a private or public key; None for one that ISO 15118 does not know."""
    if isinstance(key, ed448.Ed448PrivateKey | ed448.Ed448PublicKey):
        return Algorithm.ED448
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey):
        return next((algorithm for algorithm in Algorithm if algorithm.curve == key.curve.name), None)
    return None


def kind_of(key: PrivateKey | PublicKey) -> Algorithm:
    """The algorithm of a key. Raises ValueError for one that ISO 15118 does not know."""
    algorithm = algorithm_of(key)
    if algorithm is None:
        raise ValueError(f"{key_name(key)} is no curve of ISO 15118")
    return algorithm


def key_name(key: object) -> str:
    """How a key is called in a sentence: ``secp384r1``, ``RSA 2048``."""
    curve = getattr(key, "curve", None)
    if curve is not None:
        return str(curve.name)
    if (algorithm := algorithm_of(key)) is not None:
        return algorithm.curve
    kind = type(key).__name__.removesuffix("PublicKey").removesuffix("PrivateKey").lstrip("_")
    return f"{kind} {key.key_size}" if hasattr(key, "key_size") else kind


def same_key(first: object, second: object) -> bool:
    """Whether two public keys are one (or neither is a key that we know)."""
    return isinstance(first, PublicKey) and isinstance(second, PublicKey) and first == second


def sign(key: PrivateKey, data: bytes) -> bytes:
    """Sign ``data`` as XML signatures carry it: r and s side by side at full width for ECDSA, 114 bytes for Ed448."""
    if isinstance(key, ed448.Ed448PrivateKey):
        return key.sign(data)
    algorithm = kind_of(key)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_hash(algorithm))))
    width = algorithm.field_bytes
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def is_signed(key: object, data: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (as ``sign`` makes it) is of ``data`` and by ``key``. Takes any bytes, never raises."""
    try:
        if isinstance(key, ed448.Ed448PublicKey):
            key.verify(signature, data)
            return True
        algorithm = algorithm_of(key)
        if algorithm is None or not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        width = algorithm.field_bytes
        if len(signature) != 2 * width:
            return False
        r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_hash(algorithm)))
    except (InvalidSignature, ValueError):
        return False
    return True


def _hash(algorithm: Algorithm) -> hashes.HashAlgorithm:
    if algorithm.hash is None:
        raise ValueError(f"{algorithm.curve} has no hash of its own choice")
    return algorithm.hash
