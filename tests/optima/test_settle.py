"""Minima told from saddles."""

import numpy as np
import pytest

from geomsup import Features, ToyModel, hessian
from geomsup.optima import settle
from geomsup.optima.descent import End


@pytest.mark.parametrize(("n", "m", "checked"), [(10, 3, True), (14, 2, False), (21, 1, False)])
def test_weights_and_biases_count_as_parameters(n, m, checked, monkeypatch):
    """(m + 1) n of them: 40 are checked, 42 are not, though the weights alone are fewer than 40."""

    class Checked(Exception):
        pass

    def hessian(*_):
        raise Checked

    monkeypatch.setattr(settle, "hessian", hessian)
    end = End(1.0, np.zeros((n, m)), np.zeros(n))
    if checked:
        with pytest.raises(Checked):
            settle.settle(Features(n, 0.1), end)
    else:
        assert settle.settle(Features(n, 0.1), end) == (end, "not checked")


SPARSE = Features(2, 0.1)
# Two features that are not stored: with b = E x they cost their variance, and storing either is a way down.
NOTHING = End(2 * (0.1 / 3 - 0.1**2 / 4), np.zeros((2, 1)), np.full(2, 0.05))


def test_a_way_down_is_taken_to_its_end():
    """There the digon is, whose loss at this probability is published."""
    end, kind = settle.settle(SPARSE, NOTHING)
    assert end.loss == pytest.approx(0.003319484, abs=5e-10)
    assert kind == "minimum"
    assert hessian(ToyModel(end.W, end.b), SPARSE).index == 0


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_what_is_not_lower_is_not_taken(factor, monkeypatch):
    above = NOTHING._replace(loss=factor * NOTHING.loss)
    monkeypatch.setattr(settle, "descend", lambda *_, **__: [above, above])
    end, kind = settle.settle(SPARSE, NOTHING)
    assert end is NOTHING
    assert kind == "saddle"


def test_the_lower_side_is_taken(monkeypatch):
    ends = [NOTHING._replace(loss=factor * NOTHING.loss) for factor in (0.9, 0.5)]
    for order in (ends, ends[::-1]):
        monkeypatch.setattr(settle, "descend", lambda *_, order=order, **__: order)
        assert settle.settle(SPARSE, NOTHING)[0] is ends[1]
