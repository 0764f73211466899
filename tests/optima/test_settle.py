"""Minima told from saddles."""

import numpy as np
import pytest

from geomsup import Features
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
