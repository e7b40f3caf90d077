"""Which registers go into one request, and what refusals teach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus.blocks import MAX_WORDS, PARK_S, Block, BlockSchedule, Function, Span, plan_blocks

H, I = Function.HOLDING, Function.INPUT  # noqa: E741


def spans(*rows):
    return [Span(H, address, count) for address, count in rows]


def test_neighbours_are_read_together_over_small_holes():
    blocks = plan_blocks(spans((0, 2), (2, 2), (10, 1), (30, 1)), max_gap=8)
    assert [(b.span.address, b.span.count) for b in blocks] == [(0, 11), (30, 1)]
    assert blocks[0].has_holes
    assert not plan_blocks(spans((0, 2), (2, 2)))[0].has_holes


def test_the_two_functions_never_share_a_request():
    assert len(plan_blocks([Span(H, 0, 2), Span(I, 2, 2)])) == 2


def test_overlapping_parts_are_read_once():
    (block,) = plan_blocks(spans((0, 4), (2, 4), (2, 1)))
    assert block.span == Span(H, 0, 6)


@pytest.mark.parametrize("part", [Span(H, 0, 126), Span(H, 65_535, 2), Span(H, 0, 0), Span(H, -1, 1)])
def test_what_no_request_can_carry_is_refused(part):
    with pytest.raises(ValueError, match="does not fit"):
        plan_blocks([part])


parts = st.lists(
    st.builds(Span, st.sampled_from(Function), st.integers(0, 2_000), st.integers(1, 8)), min_size=1, max_size=60
)


@given(parts, st.integers(8, MAX_WORDS), st.integers(0, 130))
def test_every_part_is_read_whole_by_exactly_one_request_within_bounds(wanted, max_words, max_gap):
    blocks = plan_blocks(wanted, max_words=max_words, max_gap=max_gap)
    for part in set(wanted):
        holders = [b for b in blocks if part in b.parts]
        assert len(holders) == 1
        span = holders[0].span
        assert span.function == part.function
        assert span.address <= part.address
        assert part.end <= span.end
    assert all(b.span.count <= max_words for b in blocks)


def refuse_all(schedule, code, now_s=0.0):
    for block in schedule.due(now_s):
        schedule.refused(block, code, now_s)


def test_a_refused_block_is_cut_at_its_holes_then_into_its_parts_then_left_alone():
    schedule = BlockSchedule.of(spans((0, 2), (2, 2), (6, 2)))
    assert [b.span for b in schedule.due(0)] == spans((0, 8))
    refuse_all(schedule, 2)
    assert [b.span for b in schedule.due(0)] == spans((0, 4), (6, 2))
    refuse_all(schedule, 2)
    assert [b.span for b in schedule.due(0)] == spans((0, 2), (2, 2))
    assert schedule.parked == (Span(H, 6, 2),)
    refuse_all(schedule, 2)
    assert schedule.due(0) == ()
    assert len(schedule.due(PARK_S)) == 3


def test_what_answers_again_is_no_longer_parked():
    schedule = BlockSchedule.of(spans((0, 2)))
    refuse_all(schedule, 1)
    (block,) = schedule.due(PARK_S)
    schedule.accepted(block)
    assert schedule.parked == ()
    assert schedule.due(PARK_S) == (block,)


@pytest.mark.parametrize("code", [4, 5, 6, 10, 11])
def test_a_device_in_trouble_teaches_nothing_about_its_registers(code):
    schedule = BlockSchedule.of(spans((0, 2), (4, 2)))
    before = schedule.due(0)
    refuse_all(schedule, code)
    assert schedule.due(0) == before


@given(parts)
def test_refusals_always_come_to_an_end(wanted):
    schedule = BlockSchedule.of(wanted)
    for _ in range(5):
        refuse_all(schedule, 2)
    assert schedule.due(0) == ()
    asked = {part for block in schedule.blocks for part in block.parts}
    assert asked == set(wanted)


def test_a_block_knows_its_holes():
    assert Block(Span(H, 0, 3), (Span(H, 0, 1), Span(H, 2, 1))).has_holes
