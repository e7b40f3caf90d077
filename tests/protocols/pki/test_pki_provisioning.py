"""A contract's key goes to one car only, whole, or not at all."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from protocols.pki import Algorithm, Role, new
from protocols.pki.curve448 import x448_private, x448_public
from protocols.pki.provisioning import EcdhCurve, ProvisioningError, open_v2, open_v20, seal_v2, seal_v20

PCID = "TWO00000000000001A"


def number(key):
    return key.private_numbers().private_value


@pytest.fixture
def v2(worlds):
    return worlds(Algorithm.P256)


@pytest.fixture
def v20(worlds):
    return worlds(Algorithm.P521)


def sealed_v2(world):
    return seal_v2(world[Role.CONTRACT].key, world[Role.PROVISIONING].certificate.public_key())


def sealed_v20(world, car):
    contract = world[Role.CONTRACT]
    return seal_v20(contract.key, car[Role.PROVISIONING].certificate.public_key(), PCID, contract.certificate)


def flips(data):
    return [data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :] for place in range(len(data))]


def test_v2_round_trip_with_the_standards_lengths(v2):
    sealed = sealed_v2(v2)
    assert (len(sealed.dh_public_key), len(sealed.encrypted_key)) == (65, 48)
    opened = open_v2(sealed, v2[Role.PROVISIONING].key, v2[Role.CONTRACT].certificate)
    assert number(opened) == number(v2[Role.CONTRACT].key)


def test_v2_every_flipped_byte_is_noticed(v2):
    sealed = sealed_v2(v2)
    own, certificate = v2[Role.PROVISIONING].key, v2[Role.CONTRACT].certificate
    for bad in flips(sealed.encrypted_key):
        with pytest.raises(ProvisioningError):
            open_v2(replace(sealed, encrypted_key=bad), own, certificate)
    for bad in flips(sealed.dh_public_key):
        with pytest.raises(ProvisioningError):
            open_v2(replace(sealed, dh_public_key=bad), own, certificate)


@pytest.mark.parametrize("length", [0, 16, 47, 49])
def test_v2_wrong_lengths(length, v2):
    sealed = replace(sealed_v2(v2), encrypted_key=bytes(length))
    with pytest.raises(ProvisioningError, match=f"has {length} bytes instead of 48"):
        open_v2(sealed, v2[Role.PROVISIONING].key, v2[Role.CONTRACT].certificate)


@pytest.mark.parametrize("point", [b"", b"\x04", bytes(65), b"\x04" + bytes(64), b"\x02" + bytes(32)])
def test_v2_no_point_of_the_curve(point, v2):
    sealed = replace(sealed_v2(v2), dh_public_key=point)
    with pytest.raises(ProvisioningError, match="no point of secp256r1"):
        open_v2(sealed, v2[Role.PROVISIONING].key, v2[Role.CONTRACT].certificate)


def test_v2_for_another_car(v2):
    stranger = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ProvisioningError):
        open_v2(sealed_v2(v2), stranger, v2[Role.CONTRACT].certificate)


def test_v2_known_answer(v2):
    """Fixed keys give fixed bytes: nothing but the given is mixed in."""
    ephemeral, iv = ec.derive_private_key(12345, ec.SECP256R1()), bytes(range(16))
    key, to = ec.derive_private_key(777, ec.SECP256R1()), ec.derive_private_key(999, ec.SECP256R1())
    sealed = seal_v2(key, to.public_key(), ephemeral=ephemeral, iv=iv)
    assert sealed == seal_v2(key, to.public_key(), ephemeral=ephemeral, iv=iv)
    assert sealed.encrypted_key[:16] == iv
    assert sealed.encrypted_key[16:].hex() == KNOWN_V2


KNOWN_V2 = "cadb60126ee2abcea01a9b832477b92f2a8bc4befd24558e22380e49364eb901"


@pytest.mark.parametrize(
    ("car_has", "curve", "dh_length"), [(Algorithm.P521, EcdhCurve.SECP521, 133), (Algorithm.ED448, EcdhCurve.X448, 57)]
)
def test_v20_round_trip_with_the_standards_lengths(car_has, curve, dh_length, v20, worlds):
    car = worlds(car_has)
    sealed = sealed_v20(v20, car)
    assert (sealed.curve, len(sealed.dh_public_key), len(sealed.encrypted_key)) == (curve, dh_length, 94)
    opened = open_v20(sealed, car[Role.PROVISIONING].key, PCID, v20[Role.CONTRACT].certificate)
    assert number(opened) == number(v20[Role.CONTRACT].key)


@pytest.mark.parametrize("car_has", [Algorithm.P521, Algorithm.ED448])
def test_v20_every_flipped_byte_is_noticed(car_has, v20, worlds):
    car = worlds(car_has)
    sealed, own = sealed_v20(v20, car), car[Role.PROVISIONING].key
    bad = [replace(sealed, encrypted_key=one) for one in flips(sealed.encrypted_key)]
    bad += [replace(sealed, dh_public_key=one) for one in flips(sealed.dh_public_key)[::8]]
    for one in bad:
        with pytest.raises(ProvisioningError):
            open_v20(one, own, PCID, v20[Role.CONTRACT].certificate)


def test_v20_is_bound_to_the_car_and_the_contract(v20, at):
    sealed, own = sealed_v20(v20, v20), v20[Role.PROVISIONING].key
    with pytest.raises(ProvisioningError, match="not authentic"):
        open_v20(sealed, own, "TWO00000000000002B", v20[Role.CONTRACT].certificate)
    other = new(Role.CONTRACT, "USTWOC00000009", v20[Role.MO_SUB2], at)
    with pytest.raises(ProvisioningError, match="not authentic"):
        open_v20(sealed, own, PCID, other.certificate)
    assert open_v20(sealed, own, "two-0000 0000 0000 01a", v20[Role.CONTRACT].certificate)


def test_v20_the_curve_must_be_the_cars(v20):
    sealed = replace(sealed_v20(v20, v20), curve=EcdhCurve.X448)
    with pytest.raises(ProvisioningError, match="sealed with X448"):
        open_v20(sealed, v20[Role.PROVISIONING].key, PCID, v20[Role.CONTRACT].certificate)


@pytest.mark.parametrize("length", [0, 84, 93, 95])
def test_v20_wrong_lengths(length, v20):
    sealed = replace(sealed_v20(v20, v20), encrypted_key=bytes(length))
    with pytest.raises(ProvisioningError, match="instead of 94"):
        open_v20(sealed, v20[Role.PROVISIONING].key, PCID, v20[Role.CONTRACT].certificate)


@pytest.mark.parametrize("point", [b"", b"\x04" * 58, b"\x04" + bytes(56), bytes(57)])
def test_v20_no_point_of_x448(point, v20, worlds):
    car = worlds(Algorithm.ED448)
    sealed = replace(sealed_v20(v20, car), dh_public_key=point)
    with pytest.raises(ProvisioningError):
        open_v20(sealed, car[Role.PROVISIONING].key, PCID, v20[Role.CONTRACT].certificate)


def test_keys_that_the_messages_have_no_place_for(v2, v20, worlds):
    ed = worlds(Algorithm.ED448)
    with pytest.raises(ProvisioningError, match="provisioning key is secp256r1"):
        sealed_v20(v20, v2)
    with pytest.raises(ProvisioningError, match="this one is Ed448"):
        sealed_v20(ed, v20)
    with pytest.raises(ProvisioningError, match="this one is secp521r1"):
        seal_v2(v2[Role.CONTRACT].key, v20[Role.PROVISIONING].certificate.public_key())
    with pytest.raises(ProvisioningError, match="not that of the contract certificate"):
        seal_v20(
            v20[Role.CPS].key,
            v20[Role.PROVISIONING].certificate.public_key(),
            PCID,
            v20[Role.CONTRACT].certificate,
        )


def test_ed448_and_x448_are_one_curve():
    for _ in range(20):
        key = ed448.Ed448PrivateKey.generate()
        assert x448_private(key).public_key() == x448_public(key.public_key())


def test_the_neutral_point_has_no_x448_form():
    neutral = ed448.Ed448PublicKey.from_public_bytes((1).to_bytes(57, "little"))
    with pytest.raises(ValueError, match="no X448 form"):
        x448_public(neutral)


def test_the_contract_certificates_key_identifier_has_sixteen_digits(v20, v2):
    from protocols.pki.reading import key_identifier

    assert len(key_identifier(v20[Role.CONTRACT].certificate)) == 8
    assert key_identifier(v20[Role.CONTRACT].certificate)[0] >> 4 == 4
    assert len(key_identifier(v2[Role.CONTRACT].certificate)) == 20
