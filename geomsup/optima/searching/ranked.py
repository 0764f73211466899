"""Features that differ in importance alone, in the best order: the more important, the less of it is lost.

If two such features change places, with rows and biases, the errors of all outputs stay what they are. So the loss
Σ_i I_i e_i is least if the errors e_i rise while the importances fall.
"""

from collections.abc import Sequence

import numpy as np

from geomsup.features import Features
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import End, Start
from geomsup.optima.searching.losses import errors
from geomsup.threads import in_threads

__all__ = ["ranked"]


def ranked(features: Features, starts: Sequence[Start], deadline: Deadline = ENDLESS) -> list[End]:
    """Return each model, and its loss, with its features in the best order of those that differ in importance alone.

    The loss is never higher than before. When the deadline has passed, the first model is still done; the others stay,
    with a loss of infinity, and so do weights that are not finite.

    Examples
    --------
    A digon stores features 0 and 1, though feature 2 is worth more:

    >>> features = Features(3, 0.1, importance=[1.0, 0.5, 2.0])
    >>> (end,) = ranked(features, [(np.array([[1.0], [-0.9], [0.0]]), np.array([0.0, 0.02, 0.05]))])
    >>> end.W[:, 0].tolist(), end.b.tolist()
    ([-0.9, 0.0, 1.0], [0.02, 0.05, 0.0])
    """
    classes = _alike(features)

    def ordered(k: int) -> End:
        if (k and deadline.passed()) or not all(np.isfinite(part).all() for part in starts[k]):
            return End(np.inf, *starts[k])
        lost = errors(features, starts[k])
        places = np.arange(features.n)
        for alike in classes:
            wanted = alike[np.argsort(-features.importance[alike], kind="stable")]
            places[wanted] = alike[np.argsort(lost[alike], kind="stable")]
        loss = float(features.importance @ lost[places])
        W, b = starts[k]
        return End(loss if np.isfinite(loss) else np.inf, W[places], b[places])

    return in_threads(ordered, range(len(starts)))


def _alike(features: Features) -> list[np.ndarray]:
    """Return classes of features that have the same probability and distribution, and not all the same importance.

    Where there are groups there are none: which features come together is a difference too.
    """
    classes: dict[object, list[int]] = {}
    for i, key in enumerate(zip(features.probability.tolist(), features.laws, strict=True)):
        classes.setdefault(key, []).append(i)
    found = [] if features.grouped else [np.array(members) for members in classes.values()]
    return [alike for alike in found if np.ptp(features.importance[alike]) > 0]
