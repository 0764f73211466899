"""What follows the descents: features change places, rows that vanish are dropped."""

from functools import partial

import numpy as np
import pytest

from geomsup import Features, ToyModel, expected_loss
from geomsup.optima.descent import FINE, End, descend
from geomsup.optima.multistart import _drop_vanishing, _exchange
from geomsup.optima.searching.moves import unlike_pairs

VARIANCE = 0.1 / 3 - 0.1**2 / 4  # at p = 0.1
DIGON = 0.003319484  # loss of a digon there, published


def ended(features, W, b):
    """Return where a descent ends that begins here."""
    (end,) = descend(features, [(np.array(W), np.array(b))], slope=FINE)
    return end


def tidied(features, end):
    return _drop_vanishing(features, end, partial(descend, features, slope=FINE))


@pytest.mark.parametrize("kept", [(0, 2), (1, 2), (0, 1)])
def test_features_change_places_while_that_pays(kept):
    """A digon and a feature that is not stored: it had better be the one that hardly matters."""
    features = Features(3, 0.1, [1.0, 1.0, 0.1])
    W, b = np.zeros((3, 1)), np.full(3, 0.05)
    W[list(kept)], b[list(kept)] = [[1.0], [-1.0]], 0.0
    start = End(float(expected_loss(ToyModel(W, b), features)), W, b)
    found = _exchange(features, start)
    assert found.loss == pytest.approx(DIGON + 0.1 * VARIANCE, abs=5e-10) or found is start
    assert (found is start) == (kept == (0, 1))
    assert found.W[2] == pytest.approx(0, abs=1e-6)


def test_pairs_of_features_that_differ():
    features = Features(4, [0.1, 0.1, 0.2, 0.1], [1, 1, 1, 2])
    assert {frozenset(pair) for pair in unlike_pairs(features)} == {
        frozenset(pair) for pair in [(0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    }


def test_rows_that_vanish_are_dropped_with_their_bias_at_the_mean():
    features = Features(3, 0.1, [1.0, 1.0, 0.1])
    tidy = ended(features, [[1.1], [-1.1], [0.0]], [-0.02, -0.02, 0.05])
    W = tidy.W + np.array([[0.0], [0.0], [0.02]])
    nearly = End(float(expected_loss(ToyModel(W, tidy.b), features)), W, tidy.b)
    found = tidied(features, nearly)
    assert found.W[2] == 0
    assert found.b[2] == pytest.approx(0.05, rel=1e-12)
    assert found.loss == pytest.approx(DIGON + 0.1 * VARIANCE, abs=5e-10)


def test_rows_that_are_short_but_needed_stay():
    """Untroubled by others, a row of a hundredth stands for a feature that takes a dimension of its own."""
    features = Features(2, 0.1)
    end = End(0.0, np.diag([1.0, 0.04]), np.zeros(2))
    assert tidied(features, end) is end
    whole = End(0.1, np.eye(2), np.zeros(2))
    assert tidied(features, whole) is whole
    nothing = End(2 * VARIANCE, np.zeros((2, 2)), np.full(2, 0.05))
    assert tidied(features, nothing) is nothing
