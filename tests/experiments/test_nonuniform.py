"""Judges of E11 to E17 on data made by hand, and their measurements where those are quick."""

import numpy as np
import pytest

from geomsup.experiments import Lab
from geomsup.experiments.nonuniform import (
    branches,
    collapse,
    hexagon,
    local_bases,
    one_odd_feature,
    pairs_in_two,
)
from geomsup.experiments.nonuniform.sets import cosines_within, make_sets


def polygon(k, turn=0.0):
    turns = 2 * np.pi * np.arange(k) / k + turn
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def odd_feature(crossing):
    relative = np.array([0.2, 0.3, 0.45, 1.0, 2.0])
    W = np.zeros((3, 5, 5, 2))
    for k, r in enumerate(relative):
        apart = 50 + 20 * r
        turns = np.radians([0, apart, -apart, 140, -140])
        W[:, k] = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    W[:, relative < crossing, 0] = 0
    return {
        "relative": relative, "W": W, "crossing": np.full(3, crossing), "loss": np.ones((3, 5, 1)),
        "name": np.full((3, 5, 1), "square (2 digons)"),
    }  # fmt: skip


def test_odd_feature_is_dropped_where_claimed():
    assert one_odd_feature.judge(odd_feature(0.4)).status == "holds"
    assert one_odd_feature.judge(odd_feature(0.25)).status == "holds with other numbers"
    other = odd_feature(0.4) | {"name": np.full((3, 5, 1), "triangle")}
    assert one_odd_feature.judge(other).status == "holds with other numbers"
    broken = odd_feature(0.4) | {"crossing": np.full(3, 0.8)}
    assert one_odd_feature.judge(broken).status == "does not hold"


def test_branches_must_cross_where_the_exact_losses_do():
    relative = np.linspace(0.2, 0.6, 9)
    gap = (relative - 0.4)[None, :, None] * np.array([-1, 1])[:, None, None]
    data = {
        "relative": relative, "loss": np.tile(1 + 0.1 * gap, (3, 1, 1, 2)), "crossing": np.full(3, 0.4),
        "slope": np.tile([1.0, 2.0], (3, 1)), "stayed": np.ones((3, 2, 9, 2), bool),
    }  # fmt: skip
    assert branches.judge(data).status == "holds"
    assert branches.judge(data | {"crossing": np.full(3, 0.3)}).status == "holds with other numbers"
    assert branches.judge(data | {"loss": np.tile(1 + 0.1 * np.abs(gap), (3, 1, 1, 2))}).status == "does not hold"


def test_fits_that_left_their_branch_do_not_make_a_crossing():
    relative = np.linspace(0.2, 0.6, 9)
    gap = (relative - 0.4)[None, :, None] * np.array([-1, 1])[:, None, None]
    gap[0, :2] = gap[1, :2] + [[-1e-3], [1e-3]]  # digons both, to within noise
    stayed = np.ones((3, 2, 9, 1), bool)
    stayed[:, 0, :2] = False
    data = {
        "relative": relative, "loss": np.tile(1 + 0.1 * gap, (3, 1, 1, 1)), "crossing": np.full(3, 0.4),
        "slope": np.tile([1.0, 2.0], (3, 1)), "stayed": stayed,
    }  # fmt: skip
    held = branches.judge(data)
    assert held.status == "holds"
    assert held.numbers["fits that left the branch they began on"] == 6


def pairs(layout, least):
    count = len(pairs_in_two.DENSITIES)
    W = np.tile(pairs_in_two.make_layout(layout).W, (count, 2, 1, 1))
    losses = np.full((3, count), 0.5)
    losses[pairs_in_two.LAYOUTS.index(least)] = 0.1
    return {
        "W": W, "loss": np.tile([0.1, 0.2], (count, 1)), "optimal_W": W[:, 0], "optimum": np.full(count, 0.1),
        "layout_loss": losses, "nothing": np.ones(count), "end": np.array(np.nan),
        "layout_cosine": np.tile([[0.0], [-1.0], [1.0]], count),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["correlated", "anticorrelated"])
def test_pairs_lie_as_claimed(kind):
    claimed = pairs_in_two.CLAIMED[kind]
    held = pairs_in_two.judge(pairs(claimed, claimed) | {"kind": kind})
    assert held.status == "holds"
    assert held.numbers["densities from the sparsest on with the claimed layout"] == 6
    assert pairs_in_two.judge(pairs("side by side", "side by side") | {"kind": kind}).status == "does not hold"


def test_pairs_lie_as_claimed_to_each_other_too():
    """Members at right angles, but the other pair on the same axes turned by 45 degrees."""
    half = 0.5**0.5
    W = np.array([[1, 0], [0, 1], [half, half], [-half, half]])
    assert pairs_in_two.deviations(W, "orthogonal") == pytest.approx(1 + half)
    turned = pairs("orthogonal", "orthogonal")
    turned |= {"W": np.broadcast_to(W, turned["W"].shape), "optimal_W": np.broadcast_to(W, turned["optimal_W"].shape)}
    assert pairs_in_two.judge(turned | {"kind": "correlated"}).status == "does not hold"


@pytest.mark.slow
def test_pairs_measured():
    data = pairs_in_two.measure(Lab(), "anticorrelated", models=1, steps=20, starts=2)
    assert data["W"].shape == (6, 1, 4, 2)
    # At most one of a pair is present, so that a line per pair tells which, and how much: no loss at all.
    assert data["layout_loss"][1] == pytest.approx(0, abs=1e-15)
    assert (data["layout_loss"][[0, 2]] > 1e-6).all()


def hexagons(rows, names, alone="pentagon"):
    W = np.tile(rows, (3, 2, 1, 1))
    loss = np.tile([1.0, 1.5], (3, 1))
    return {
        "correlated W": W, "correlated loss": loss, "correlated name": np.full((3, 2), names),
        "correlated optimum W": W[:, 0], "correlated optimum loss": np.ones(3),
        "correlated optimum name": np.full(3, names), "independent loss": loss,
        "independent name": np.full((3, 2), alone), "independent optimum loss": np.ones(3),
        "independent optimum name": np.full(3, alone),
    }  # fmt: skip


def test_hexagon_of_neighbours():
    assert hexagon.judge(hexagons(polygon(6), "hexagon")).status == "holds"
    assert hexagon.judge(hexagons(polygon(6), "hexagon", "hexagon")).status == "holds with other numbers"
    assert hexagon.judge(hexagons(polygon(6)[[0, 3, 1, 4, 2, 5]], "hexagon")).status == "does not hold"
    assert hexagon.angles_within(polygon(6)) == pytest.approx([60, 60, 60])


def bases(W):
    eye = np.eye(10)
    control = np.repeat(eye, 2, axis=0) * np.tile([1.0, -1.0], 10)[:, None]
    return {
        "correlated W": W[None], "correlated loss": np.array([0.1]), "independent W": control[None],
        "independent loss": np.array([0.1]), "nothing": np.array(1.0), "opposite": np.array(0.1),
        "within": np.array(0.5), "turned": np.array([0.4]),
    }  # fmt: skip


def test_local_bases():
    eye = np.eye(10)
    assert local_bases.judge(bases(np.vstack([eye, -eye]))).status == "holds"
    assert local_bases.judge(bases(np.repeat(eye, 2, axis=0))).status == "does not hold"
    within, between, diagonal = local_bases.blocks(np.vstack([eye, -eye]))
    assert (within, between, diagonal) == pytest.approx((0, 0.1**0.5, 1))


def collapses(counts, edges):
    p = np.array([0.03, 0.1, 0.17, 0.3, 0.4, 0.5, 0.8])
    W = np.stack([collapse.make_branch(k).W for k in counts])
    return {
        "p": p, "W": W[:, None], "loss": np.ones((len(p), 1)), "optimal_W": W, "optimum": np.ones(len(p)),
        "edge": np.array(edges), "edge_counts": np.array([[0, 1], [1, 2], [2, 3]]),
    }  # fmt: skip


def test_collapse_goes_in_steps():
    held = collapse.judge(collapses([0, 1, 2, 3, 3, 3, 3], [0.05, 0.15, 0.22]))
    assert held.status == "holds"
    assert collapse.judge(collapses([0, 1, 2, 2, 3, 3, 3], [0.07, 0.14, 0.35])).status == "holds with other numbers"
    assert collapse.judge(collapses([0, 0, 0, 0, 0, 0, 0], [0.05, 0.15, 0.22])).status == "does not hold"


def test_sets_have_the_papers_probabilities():
    assert make_sets(3, 2, 0.1).correlated == ((0, 1), (2, 3), (4, 5))
    assert make_sets(2, 2, 0.1, "anticorrelated").probability.tolist() == [0.05] * 4
    assert make_sets(2, 2, 0.1, "independent").correlated == ()
    assert cosines_within(polygon(6)) == pytest.approx(np.full((3, 1), 0.5))
