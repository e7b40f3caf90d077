"""Devices found by their model chain: the good, the odd and the malicious."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus.blocks import Function, Span
from protocols.modbus.fields import decode_fields, store, words_at
from protocols.modbus.image import DEFAULT_EXPONENTS, sunspec_image
from protocols.modbus.models import models
from protocols.modbus.sunspec import BASES, MAX_MODELS, Identity, SunSpecError, discover

WHO = Identity("ACME", "Meter 9", "1.2", "SN-7")
H = Function.HOLDING


def find(memory, bases=BASES, limit=1_000):
    """Run discovery against a register memory; what is not in it is refused. Returns the device and what was read."""
    steps = discover(bases)
    asked = [next(steps)]
    while len(asked) < limit:
        try:
            asked.append(steps.send(words_at(asked[-1], memory)))
        except StopIteration as found:
            return found.value, asked
    pytest.fail("discovery does not end")


def chain_of(*models_at, base=40_000, end=(0xFFFF, 0)):
    """A bare chain: marker, models as (ID, length) with empty bodies, end."""
    words = [0x5375, 0x6E53]
    for model_id, length in models_at:
        words += [model_id, length] + [0] * length
    memory = {}
    store(memory, Span(H, base, len(words) + len(end)), [*words, *end])
    return memory


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("model_id", [201, 202, 203, 204, 211, 212, 213, 214])
def test_every_meter_model_at_every_base_gives_the_same_reading(base, model_id):
    image = sunspec_image(WHO, [model_id], base=base)
    told = {
        "grid_w": -4321.0,
        "phase_w.1": -4000.0,
        "phase_w.2": -321.0,
        "phase_w.3": None,
        "voltage_v.1": 231.5,
        "current_a.1": 17.25,
        "frequency_hz": 49.75,
        "import_wh": 123_456.0,
        "export_wh": 0.0,
    }
    image.update(told)
    device, _ = find(image.memory)
    assert device.identity == WHO
    assert device.base == base
    assert [at.model_id for at in device.chain] == [1, model_id]
    values = decode_fields(device.fields, image.memory)
    assert {quantity: values[quantity] for quantity in told} == told
    assert values["voltage_v.2"] is None


@pytest.mark.parametrize("model_id", [101, 102, 103, 111, 112, 113])
def test_every_inverter_model_gives_solar_power(model_id):
    image = sunspec_image(WHO, [model_id])
    image.update({"ac_w": 5250.0, "solar_wh": 1_000_000.0})
    values = decode_fields(find(image.memory)[0].fields, image.memory)
    assert values["solar_w"] == values["ac_w"] == 5250.0
    assert values["solar_wh"] == 1_000_000.0


@pytest.mark.parametrize("model_id", [124, 713])
def test_storage_charge_is_a_fraction(model_id):
    image = sunspec_image(WHO, [model_id])
    image.update({"soc": 0.625})
    assert decode_fields(find(image.memory)[0].fields, image.memory)["soc"] == pytest.approx(0.625, abs=5e-4)


def test_a_hybrids_battery_inputs_are_no_roof():
    image = sunspec_image(WHO, [103, 160, 124], inputs=["String 1", "String 2", "StCha 3", "StDisCha 4"])
    device, _ = find(image.memory)
    by_quantity = {}
    for field in device.fields:
        by_quantity.setdefault(field.quantity, []).append(field)
    assert len(by_quantity["solar_w"]) == 2
    assert [field.factor for field in by_quantity["battery_w"]] == [1.0, -1.0]
    powers = {"solar_w": (3000, 1500), "battery_w": (0, 700)}
    for quantity, rows in powers.items():
        for field, watt in zip(by_quantity[quantity], rows, strict=True):
            store(image.memory, field.span, [watt])
    image.update({"ac_w": 5200.0})
    values = decode_fields(device.fields, image.memory)
    assert values["solar_w"] == 4500, "the strings, not the inverter's output"
    assert values["battery_w"] == -700, "discharging"
    assert values["ac_w"] == 5200


@pytest.mark.parametrize(
    ("maker", "storage", "inputs", "batteries"),
    [
        ("Fronius", [124], ["", "", "", ""], 2),
        ("Fronius", [], ["", "", "", ""], 0),
        ("Fronius", [124], ["", ""], 0),
        ("ACME", [124], ["", "", "", ""], 0),
        ("ACME", [124], ["", "StCha"], 1),
    ],
)
def test_inputs_without_labels_are_told_by_what_is_known_of_the_maker(maker, storage, inputs, batteries):
    image = sunspec_image(Identity(maker), [103, 160, *storage], inputs=inputs)
    device, _ = find(image.memory)
    assert [f.quantity for f in device.fields].count("battery_w") == batteries
    if batteries == 2:
        assert [f.factor for f in device.fields if f.quantity == "battery_w"] == [1.0, -1.0]


def test_a_sleeping_string_counts_as_nothing_and_all_asleep_is_unknown():
    image = sunspec_image(WHO, [160, 124], inputs=["", "", "StCha"])
    device, _ = find(image.memory)
    first, second = (field for field in device.fields if field.quantity == "solar_w")
    assert decode_fields(device.fields, image.memory)["solar_w"] is None
    store(image.memory, first.span, [800])
    assert decode_fields(device.fields, image.memory)["solar_w"] == 800
    assert second.optional


def test_strings_without_a_battery_leave_the_power_to_the_inverter():
    image = sunspec_image(WHO, [103, 160], inputs=["String 1", "String 2"])
    image.update({"ac_w": 900.0})
    assert decode_fields(find(image.memory)[0].fields, image.memory)["solar_w"] == 900


def test_a_maker_known_to_turn_the_sign_is_turned_back():
    image = sunspec_image(Identity("SolarEdge", "WND"), [203])
    plain = sunspec_image(WHO, [203])
    plain.update({"grid_w": 1000.0, "import_wh": 5.0})
    meter = next(at for at in find(image.memory)[0].chain if at.model_id == 203)
    watt = models()[203].points["W"]
    store(image.memory, Span(H, meter.address + watt.offset, 1), [1000])
    assert decode_fields(find(image.memory)[0].fields, image.memory)["grid_w"] == -1000
    assert decode_fields(find(plain.memory)[0].fields, plain.memory)["grid_w"] == 1000


def test_unknown_models_are_passed_over():
    memory = chain_of((1, 66), (64_999, 7), (203, 105))
    device, _ = find(memory)
    assert [at.model_id for at in device.chain] == [1, 64_999, 203]
    assert device.fields


def test_points_past_the_stated_length_do_not_exist():
    device, _ = find(chain_of((1, 66), (203, 20)))
    assert "grid_w" in {field.quantity for field in device.fields}
    assert "import_wh" not in {field.quantity for field in device.fields}
    assert all(field.span.end <= 40_000 + 2 + 68 + 22 for field in device.fields)


@pytest.mark.parametrize("end", [(), (0, 0), (0xFFFF, 0), (0xFFFF, 0xFFFF)])
def test_a_chain_may_end_in_every_way_that_devices_use(end):
    device, _ = find(chain_of((1, 66), (203, 105), end=end))
    assert [at.model_id for at in device.chain] == [1, 203]


def test_no_marker_says_what_to_do():
    with pytest.raises(SunSpecError, match="SunSpec is switched on"):
        find({})


def test_a_marker_without_a_chain_is_an_error():
    with pytest.raises(SunSpecError, match="cannot be read"):
        find(chain_of(end=()))


class Everywhere(dict):
    """A device that answers the same words at every address."""

    def __init__(self, word):
        self.word = word

    def get(self, key, default=None):
        _, address = key
        if address in (40_000, 40_001):
            return (0x5375, 0x6E53)[address - 40_000]
        return self.word


@pytest.mark.parametrize("word", [1, 2, 7, 160, 203])
def test_a_chain_that_never_ends_is_given_up(word):
    with pytest.raises(SunSpecError, match=r"does not end|past the last"):
        find(Everywhere(word), limit=MAX_MODELS + 300)


def test_a_length_past_the_last_register_is_refused():
    memory = {}
    store(memory, Span(H, 40_000, 4), [0x5375, 0x6E53, 203, 0xFFF0])
    with pytest.raises(SunSpecError, match="65520 registers long"):
        find(memory)


def test_mppt_with_a_wrong_count_of_modules_reads_only_what_its_length_holds():
    device, asked = find(chain_of((1, 66), (160, 8 + 20 + 5)))
    start = 40_000 + 2 + 68
    assert all(span.end <= start + 2 + 33 for span in asked[4:-1])
    assert device.chain[-1].length == 33


@given(st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=400), st.sampled_from(BASES))
def test_whatever_a_device_answers_discovery_ends_in_a_device_or_its_own_error(words, base):
    memory = {}
    store(memory, Span(H, base, 2), [0x5375, 0x6E53])
    store(memory, Span(H, base + 2, len(words)), words)
    with contextlib.suppress(SunSpecError):
        device, _ = find(memory, (base,))
        decode_fields(device.fields, memory)


def test_the_model_tables_are_whole():
    lengths = {1: 66, 101: 50, 113: 60, 203: 105, 213: 124, 124: 24, 713: 7, 160: 8}
    assert {model_id: models()[model_id].length for model_id in lengths} == lengths
    assert models()[160].group_length == 20
    for model in models().values():
        for mapped in (*model.quantities, *model.group_quantities):
            assert mapped.point in {**model.points, **model.group_points}
        for point in model.points.values():
            assert not point.exponent or point.exponent in model.points
    assert set(DEFAULT_EXPONENTS) <= {name for model in models().values() for name in model.points}
