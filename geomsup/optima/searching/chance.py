"""The chance that one more search would end lower, from where the searches so far have ended."""

import numpy as np

__all__ = ["SAME", "chance_of_lower", "hits"]

SAME = 1e-6  # relative difference of losses below which two searches have found the same


def hits(ends: np.ndarray) -> int:
    """Return how many searches ended where the best did, to a relative 1e-6."""
    return int((ends <= ends.min() * (1 + SAME)).sum())


def chance_of_lower(ends: np.ndarray) -> float:
    """Estimate the probability that one more independent search ends below the best of these.

    Of N searches that found k different losses, f of them once, one more finds something new with a probability of
    about (f + 1)/(N + 2): Good and Turing's estimate, with one pseudo-count each way. A new loss has any place among
    the k known ones with the same probability, so it is the lowest with 1/(k + 1).

    References
    ----------
    :cite:t:`good1953`.

    Examples
    --------
    >>> round(chance_of_lower(np.array([1.0, 1.0, 1.0, 1.0])), 3)  # four that agree
    0.083
    >>> round(chance_of_lower(np.array([1.0, 1.1, 1.2, 1.3])), 3)  # four that differ
    0.167
    """
    ordered = np.sort(ends)
    fresh = np.concatenate([[True], ordered[1:] > ordered[:-1] * (1 + SAME)])
    sizes = np.bincount(np.cumsum(fresh) - 1)
    new = (float((sizes == 1).sum()) + 1) / (len(ends) + 2)
    return new / (len(sizes) + 1)
