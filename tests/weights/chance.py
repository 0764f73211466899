"""Draws of null models, in which nothing is to be found, and how many false alarms the promise allows."""

import numpy as np
from scipy.stats import binom

from geomsup.recognition.hidden.nulls import NULLS, draw

__all__ = ["DRAWS", "LEVEL", "NULLS", "allowed", "base", "drawn"]

DRAWS, LEVEL = 100, 0.05


def base(n, m, seed, twin=0):
    """Rows like those of real weights: of unequal variances along turned axes, with a mean, and of unequal norms.

    Twins have the axes and the mean in common.
    """
    rng = np.random.default_rng(seed)
    axes, mean = np.linalg.qr(rng.normal(size=(m, m)))[0], 0.2 * rng.normal(size=m)
    rng = np.random.default_rng([seed, twin])
    W = (rng.normal(size=(n, m)) * np.geomspace(1, 0.3, m) + mean) @ axes
    return W * rng.uniform(0.5, 2, (n, 1))


def drawn(n, m, null, seed, twin=0):
    """One draw of a null model of such rows."""
    return draw(base(n, m, seed, twin), null, np.random.default_rng([seed, twin, 1])).astype(float)


def allowed(draws=DRAWS):
    """The largest number of p-values below 0.05 that is not too improbable, at 1 in 1000, for that many draws."""
    return int(binom.isf(1e-3, draws, LEVEL))
