"""A stray is as random as any direction: a row that leans on few others belongs to these, and copies say no more."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from geomsup.recognition.names import STRAY
from geomsup.recognition.reading.complements import beside, least_distances

AXES = np.eye(20)


def read(W):
    return gs.classify(W, orientation="rows")


@pytest.mark.parametrize("seed", [86, 43, 188, 292])
def test_copies_of_random_directions_are_no_dedicated_dimension(seed):
    """Five random directions of four dimensions, each four times; the copies of one were strays beside a sure name."""
    rng = np.random.default_rng(seed)
    W = np.repeat(rng.normal(size=(5, 4)), 4, axis=0) + 0.005 * rng.normal(size=(20, 4))
    assert all(component.confidence < 0.9 for component in read(W).components)


@pytest.mark.slow
def test_copies_are_as_rarely_near_a_shape_as_single_rows():
    """Of random directions, at most one name in a hundred W is sure at 0.99."""
    rng, sure = np.random.default_rng(0), 0
    for _ in range(100):
        W = np.repeat(rng.normal(size=(5, 4)), 4, axis=0) + 0.005 * rng.normal(size=(20, 4))
        sure += any(component.confidence > 0.99 for component in read(W).components)
    assert sure <= 4  # of 100 with probability 0.01 each, five or more come once in 300 times


def test_copies_of_a_basis_are_dedicated_dimensions(rng):
    W = np.repeat(np.eye(6), 3, axis=0) + 0.005 * rng.normal(size=(18, 6))
    components = read(W).components
    assert [one.name for one in components] == ["dedicated dimension (3 features on 1 vertex)"] * 6
    assert all(one.confidence > 0.999 for one in components)


@pytest.mark.parametrize(
    ("W", "name"),
    [
        (np.roll(AXES, 1, 1) + np.roll(AXES, -1, 1), "2 unnamed (10 vertices, rank 9)"),
        (np.eye(10) + np.roll(np.eye(10), 1, 1), "unnamed (10 vertices, rank 9)"),
        (np.eye(20) + 0.8 * np.roll(np.eye(20), 1, 1), "unnamed (20 vertices, rank 17)"),
    ],
    ids=["neighbours in a ring", "two by two", "unlike neighbours"],
)
def test_rings_have_no_dedicated_dimensions(W, name):
    """Every feature of a ring is like every other: D = 2/3 for all of the first two."""
    geometry = read(W)
    assert np.ptp(geometry.dimensionality) < 1e-12
    assert not any(one.confidence > 0.5 for one in geometry.components)
    assert geometry.name == name


def test_chains_have_no_dedicated_dimensions():
    """Second differences: the end rows lean on one neighbour by 0.73."""
    W = 2 * np.eye(40) - np.eye(40, k=1) - np.eye(40, k=-1)
    assert not any(one.confidence > 0.5 for one in read(W).components)


def test_two_features_that_share_a_plane_of_their_own_are_one_component():
    """Either could be the dedicated one, and the other the stray."""
    W = np.vstack([np.eye(20, 21), 0.65 * np.eye(21)[0] + 0.76 * np.eye(21)[20]])
    first, *others = read(W).components
    assert (first.features, first.name) == ((0, 20), "unnamed (2 vertices, rank 2)")
    assert all(one.name == "dedicated dimension" and one.confidence > 0.999 for one in others)
    assert len(others) == 19


@pytest.mark.parametrize("degrees", [30, 45])
def test_a_row_near_one_axis_is_doubt_in_this_axis_only(degrees, rng):
    across = rng.normal(size=20)
    across[0] = 0
    angle = np.radians(degrees)
    row = np.cos(angle) * AXES[0] + np.sin(angle) * across / np.linalg.norm(across)
    components = {one.features: one.confidence for one in read(np.vstack([AXES, row])).components}
    assert components.pop((0,)) < 0.5
    assert components.pop((20,)) == 0
    assert min(components.values()) > 0.99


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.05])
def test_rows_made_of_four_others_share_their_dimensions(noise):
    """Two sums of four of twenty orthogonal rows: D of the seven rows in them is 2/3 or 4/5, not 1."""
    extra = np.zeros((2, 20))
    extra[0, :4] = extra[1, [0, 4, 5, 6]] = 1
    W = np.vstack([AXES, extra + noise * np.random.default_rng(0).normal(size=extra.shape)])
    for one in read(W).components:
        if set(one.features) & set(range(7)):
            assert one.confidence < 0.01
        elif one.features[0] < 20:
            assert one.confidence > 0.99


def test_a_stray_across_all_axes_leaves_them_sure():
    components = read(np.vstack([AXES, np.ones(20)])).components
    assert [one.name for one in components].count(STRAY) == 1
    assert all(one.confidence > 0.98 for one in components if one.name != STRAY)


def test_a_shape_keeps_its_name_beside_a_row_that_leans_on_it():
    components = read(np.vstack([AXES, -AXES, AXES[0] + AXES[1]])).components
    assert [one.name for one in components] == ["digon"] * 20 + [STRAY]


def test_many_rows_across_others_are_dense():
    """Noise of 0.04 in each of 490 columns is nearly as long as the row itself."""
    W = np.eye(490) + 0.04 * np.random.default_rng(0).normal(size=(490, 490))
    assert read(W).name.startswith("dense (490 vertices")


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_part_is_as_far_from_the_complement_of_the_others_as_its_bound_says(seed):
    """Against the complements themselves; parts of one to three rows, more or fewer than there are dimensions."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, 6)
    X = rng.normal(size=(sizes.sum(), 8))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    parts = [tuple(part) for part in np.split(np.arange(len(X)), sizes.cumsum()[:-1])]
    bases = [np.linalg.svd(X[list(part)], full_matrices=False)[2] for part in parts]
    for part, free, least in zip(parts, beside(bases, 8), least_distances(X, parts, bases), strict=True):
        lengths = np.linalg.norm(X[list(part)] @ free, axis=1)
        assert least <= np.sqrt(np.mean(2 - 2 * lengths)) + 1e-9
