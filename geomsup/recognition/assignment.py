"""Which row goes to which vertex, by their cosines."""

import numpy as np

__all__ = ["assigned"]


def assigned(cosines: np.ndarray) -> np.ndarray:
    """Column of each row ``(k,)``, no two alike, with the largest sum of `cosines` ``(k, k)``.

    Examples
    --------
    >>> assigned(np.array([[0.1, 0.9], [0.2, 0.3]]))
    array([1, 0])
    """
    nearest = cosines.argmax(axis=1)
    if len(set(nearest.tolist())) == len(nearest):  # then nothing can be better
        return nearest
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(-cosines)[1]
