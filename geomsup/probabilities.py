"""Probabilities of presence that the field uses, in one word."""

import numpy as np

from geomsup import checks

__all__ = ["zipf"]

MOST_FEATURES = 10_000_000  # as in `Features`
STEEPEST = 100.0  # exponent: with more, the second probability is below 1e-30


def zipf(n: int, exponent: float = 1.0, *, largest: float = 1.0) -> np.ndarray:
    """Return p_i = largest / i^exponent, i = 1 ... n, the probabilities of features that follow Zipf's law.

    Parameters
    ----------
    n
        Number of features.
    exponent
        How fast probabilities fall, from 0 (all the same) to 100; words of a language have about 1.
    largest
        Probability of the first feature, in (0, 1].

    Returns
    -------
    ndarray
        ``(n,)``, falling.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    Examples
    --------
    >>> zipf(4, largest=0.6)
    array([0.6 , 0.3 , 0.2 , 0.15])
    """
    n = checks.integer("n", n, minimum=1, maximum=MOST_FEATURES)
    exponent, largest = checks.number("exponent", exponent), checks.positive_number("largest", largest)
    if not 0 <= exponent <= STEEPEST:
        raise ValueError(f"`exponent` must be in [0, {STEEPEST:g}]; got {exponent:g}. Words have about 1.")
    if not largest <= 1:
        raise ValueError(f"`largest` must be in (0, 1]; got {largest:g}. Pass the probability of the first feature.")
    return largest * np.arange(1, n + 1) ** -exponent
