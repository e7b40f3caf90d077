"""From Ed448 to X448: the same curve in two forms (RFC 7748, section 4.2).

ISO 15118-20 agrees on keys with X448, and the car's only key is the Ed448 one of its provisioning certificate.
"""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ed448, x448

P = 2**448 - 2**224 - 1
D = -39081
WIDTH = 56


def x448_private(key: ed448.Ed448PrivateKey) -> x448.X448PrivateKey:
    """The X448 key with the same secret scalar (RFC 8032, 5.2.5: the first half of the seed's SHAKE256)."""
    return x448.X448PrivateKey.from_private_bytes(hashlib.shake_256(key.private_bytes_raw()).digest(114)[:WIDTH])


def x448_public(key: ed448.Ed448PublicKey) -> x448.X448PublicKey:
    """The X448 form of a public point: u = y² ⁄ x², with x² from the curve's equation. Raises ValueError where none."""
    y = int.from_bytes(key.public_bytes_raw()[:WIDTH], "little")
    y_squared = y * y % P
    below = (1 - y_squared) % P
    if below == 0:
        raise ValueError("this point has no X448 form")
    u = y_squared * (1 - D * y_squared) * pow(below, -1, P) % P
    return x448.X448PublicKey.from_public_bytes(u.to_bytes(WIDTH, "little"))
