"""Features that are alike but for their importance: those that theorems, bounds and the table of blocks are about."""

import numpy as np

from geomsup.features import Features, Uniform

__all__ = ["common_scale"]


def common_scale(features: Features) -> float | None:
    """Return s if features are independent, equally probable, and all uniform on [0, s] where present; else None.

    Examples
    --------
    >>> import geomsup as gs
    >>> common_scale(gs.Features(3, 0.1, [1, 2, 3])), common_scale(gs.Features(2, [0.1, 0.2]))
    (1.0, None)
    """
    law = features.laws[0]
    alike = len(set(features.laws)) == 1 and np.ptp(features.probability) == 0 and not features.grouped
    return float(law.support[1]) if alike and isinstance(law, Uniform) and law.support[0] == 0 else None
