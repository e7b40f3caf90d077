"""Profiles: the ones we ship say what they should, a new device is one file, a bad file gets one clear line."""

import struct

import pytest

from protocols.modbus.blocks import BlockSchedule, Function, Span
from protocols.modbus.fields import decode_fields, spans_of, store
from protocols.modbus.image import profile_image
from protocols.modbus.profile import PROFILES_DIR, ProfileError, load_profile, profile_names, read_profile
from protocols.modbus.quantities import QUANTITIES, Role

GOOD = """
vendor = "ACME"
product = "M1"
source = "its manual"
fields = [ { quantity = "grid_w", address = 10, type = "int32", factor = 0.1 } ]
"""


def write(folder, text, name="acme-m1"):
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def words(code, value):
    data = struct.pack(f">{code}", value)
    return list(struct.unpack(f">{len(data) // 2}H", data))


def decoded(profile, registers):
    memory = {}
    for (function, address), row in registers.items():
        store(memory, Span(function, address, len(row)), row)
    return decode_fields(profile.fields, memory)


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_loads_and_reads_back_what_its_device_shows(name):
    profile = load_profile(name)
    image = profile_image(profile)
    assert set(decode_fields(profile.fields, image.memory).values()) == {None}
    told = {}
    for number, field in enumerate(profile.fields, start=1):
        row = QUANTITIES[field.quantity]
        low, high = profile.ranges.get(field.quantity, (row.low, row.high))
        wanted = 50.0 if field.quantity == "frequency_hz" else 10.0 * number
        told[field.quantity] = round(max(low, min(high, wanted)))
    image.update(told)
    for quantity, value in decode_fields(profile.fields, image.memory).items():
        tolerance = max(abs(f.factor) for f in profile.fields if f.quantity == quantity)
        assert value == pytest.approx(told[quantity], abs=tolerance), quantity
    image.update({quantity: -500.0 for quantity in ("grid_w", "battery_w", "ev_w") if quantity in told})
    for quantity, value in decode_fields(profile.fields, image.memory).items():
        if quantity in ("grid_w", "battery_w", "ev_w"):
            assert value == pytest.approx(-500.0), quantity


@pytest.mark.parametrize("name", profile_names())
def test_no_request_of_a_shipped_profile_is_longer_than_its_device_allows(name):
    profile = load_profile(name)
    schedule = BlockSchedule.of(spans_of(profile.fields), max_words=profile.max_words, max_gap=profile.max_gap)
    assert all(block.span.count <= profile.max_words for block in schedule.blocks)


def test_huawei_feeding_in_is_negative_here_and_its_own_invalid_pattern_is_missing():
    values = decoded(
        load_profile("huawei-sun2000"),
        {
            (Function.HOLDING, 37113): words("i", 2500),
            (Function.HOLDING, 37132): words("i", 0x7FFFFFFF),
            (Function.HOLDING, 37121): words("I", 12_345),
            (Function.HOLDING, 37760): [655],
            (Function.HOLDING, 37765): words("i", -1800),
        },
    )
    assert values["grid_w"] == -2500
    assert values["phase_w.1"] is None
    assert values["import_wh"] == 123_450
    assert values["soc"] == pytest.approx(0.655)
    assert values["battery_w"] == -1800


def test_carlo_gavazzi_sends_the_low_word_first():
    high, low = words("i", -12_345)
    values = decoded(load_profile("carlo-gavazzi-em24"), {(Function.INPUT, 40): [low, high]})
    assert values["grid_w"] == pytest.approx(-1234.5)


def test_eastron_reads_everything_in_one_request_of_input_registers():
    profile = load_profile("eastron-sdm630")
    (block,) = BlockSchedule.of(spans_of(profile.fields), max_words=profile.max_words, max_gap=profile.max_gap).blocks
    assert block.span == Span(Function.INPUT, 0, 76)
    values = decoded(profile, {(Function.INPUT, 52): words("f", -432.5), (Function.INPUT, 72): words("f", 12.5)})
    assert values["grid_w"] == -432.5
    assert values["import_wh"] == 12_500


def test_sma_import_and_export_registers_make_one_signed_power():
    profile = load_profile("sma-hybrid")
    power = {(Function.INPUT, 30865): words("i", 0), (Function.INPUT, 30867): words("i", 750)}
    assert decoded(profile, power)["grid_w"] == -750
    half = {(Function.INPUT, 30865): words("i", 100), (Function.INPUT, 30867): words("I", 0x80000000)}
    assert decoded(profile, half)["grid_w"] is None, "half a sum is no reading"


def test_roles_follow_from_what_a_device_gives():
    assert load_profile("huawei-sun2000").roles == {Role.METER, Role.INVERTER, Role.STORAGE}
    assert load_profile("eastron-sdm630").roles == {Role.METER}
    assert load_profile("twoway-power-stage").roles == {Role.POWER_STAGE}


def test_only_our_own_maps_may_be_written():
    assert [name for name in profile_names() if load_profile(name).commands] == [
        "twoway-battery",
        "twoway-power-stage",
        "twoway-switch",
    ]


def test_a_new_device_is_one_new_file(tmp_path):
    write(tmp_path, GOOD)
    profile = load_profile("acme-m1", tmp_path)
    assert profile_names(tmp_path) == ("acme-m1",)
    assert profile.fields[0].span == Span(Function.HOLDING, 10, 2)
    assert (profile.port, profile.unit, profile.writable) == (502, 1, False)


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (("vendor =", "vender ="), ["vender", "did you mean 'vendor'"]),
        (('source = "its manual"', ""), ["source", "missing"]),
        (('product = "M1"', 'product = "M1'), ["not readable as TOML", "line 3"]),
        (("grid_w", "grid_watt"), ["field 1", "grid_watt", "did you mean 'grid_w'"]),
        (("int32", "int33"), ["field 1 (grid_w)", "int33", "did you mean 'int32'"]),
        (('type = "int32"', 'typ = "int32"'), ["fields 1 typ", "did you mean 'type'"]),
        ((', type = "int32"', ""), ["no type", "[defaults]"]),
        (("address = 10", "address = 70000"), ["fields 1 address", "70000"]),
        (("address = 10", "address = 65535"), ["65535", "does not fit"]),
        (("address = 10", 'address = "10"'), ["fields 1 address", "integer"]),
        (("factor = 0.1", "factor = 0"), ["factor is 0"]),
        (("factor = 0.1", 'function = "coil"'), ["fields 1 function", "holding"]),
        (('quantity = "grid_w"', 'quantity = "frequency_hz"'), ["no role", "meter: grid_w"]),
        (('quantity = "grid_w"', 'quantity = "command_setpoint_w"'), ["writable = true"]),
        (('type = "int32"', 'type = "string"'), ["string", "not known"]),
        (('source = "its manual"', 'source = "m"\nunit = 300'), ["unit", "300"]),
        (('source = "its manual"', 'source = "m"\nmax_words = 126'), ["max_words", "126"]),
        (("fields = [ {", "fields = {} # [ {"), ["fields", "list"]),
    ],
)
def test_a_bad_profile_gets_one_line_with_file_key_and_remedy(tmp_path, change, parts):
    text = GOOD.replace(*change)
    assert text != GOOD
    with pytest.raises(ProfileError) as error:
        read_profile(write(tmp_path, text))
    line = str(error.value)
    assert line.startswith("acme-m1.toml: ")
    assert "\n" not in line
    for part in parts:
        assert part in line


def test_a_range_of_an_unknown_quantity_is_refused(tmp_path):
    with pytest.raises(ProfileError, match="grid_v"):
        read_profile(write(tmp_path, GOOD + "\n[ranges]\ngrid_v = [0, 1]\n"))


def test_a_profile_that_is_not_there_names_its_neighbours(tmp_path):
    with pytest.raises(ProfileError, match="did you mean eastron-sdm630"):
        load_profile("eastron-sdm360")
    with pytest.raises(ProfileError, match="cannot be opened"):
        read_profile(tmp_path / "nowhere.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileError, match="not readable"):
        read_profile(path)


def test_the_readme_explains_every_key():
    text = (PROFILES_DIR / "README.md").read_text()
    for key in (
        "vendor",
        "max_words",
        "max_gap",
        "timeout_s",
        "connect_delay_s",
        "writable",
        "quantity",
        "word_order",
        "factor",
        "missing",
        "optional",
    ):
        assert f"`{key}`" in text
