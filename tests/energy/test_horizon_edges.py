"""The grid of steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.horizon import make_edges


@given(st.floats(1.5e9, 2e9), st.sampled_from([6.0, 24.0, 36.0, 48.0]), st.sampled_from([0.0, 4.0, 12.0, 48.0]))
def test_steps_cover_the_horizon_and_share_their_edges(now_s, hours, fine_hours):
    edges = make_edges(now_s, hours=hours, fine_hours=fine_hours)
    assert edges[0] <= now_s < edges[1]
    assert np.all(np.diff(edges) > 0)
    assert np.all(edges % 300 == 0)
    assert edges[-1] - edges[0] >= (hours - 0.25) * 3600
    assert set(np.diff(edges)) <= {300.0, 900.0}
    coarse = edges[:-1][np.diff(edges) == 900.0]
    assert np.all(coarse % 900 == 0)


def test_shapes_are_few_so_that_few_programmes_are_compiled():
    shapes = {len(make_edges(1.7e9 + 300.0 * k)) for k in range(500)}
    assert len(shapes) <= 3


@pytest.mark.parametrize("bad", [{"hours": 0}, {"step_s": -1}, {"coarse_step_s": 400.0}])
def test_odd_lengths_are_refused(bad):
    with pytest.raises(ValueError, match=r"horizon|multiple"):
        make_edges(1.7e9, **bad)
