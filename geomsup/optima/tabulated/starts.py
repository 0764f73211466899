"""Where descents may begin: the models of the table at the nearest densities."""

import numpy as np

from geomsup.features import Features
from geomsup.optima.alike import common_scale
from geomsup.optima.descent import Start
from geomsup.optima.tabulated.entries import DENSITIES, LARGEST, RANKS, entries

__all__ = ["tabulated_starts"]


def tabulated_starts(features: Features, m: int) -> list[Start]:
    """Return the models at the densities on both sides, for features as the table has them, in any unit of values.

    These are up to 12 independent features, equally probable, equally important and uniform on [0, s], in up to 4
    dimensions. For other features there are none.
    """
    scale = common_scale(features)
    if scale is None or len(features.kinds) > 1 or m not in RANKS or not m < features.n <= LARGEST:
        return []
    at = int(np.searchsorted(DENSITIES, features.probability[0]))
    near = [entries().get((features.n, m, p)) for p in DENSITIES[max(at - 1, 0) : at + 1]]
    return [(entry.W.copy(), entry.b * scale) for entry in near if entry is not None]
