"""The best mixture of known kinds of blocks for a finite number of features and dimensions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.optima.tegum.program import Column, integer_program
from geomsup.plateau.blocks import PlateauBlock
from geomsup.tables import Readable

__all__ = ["PlateauMixture", "best_mixture"]


@dataclass(frozen=True, eq=False)
class PlateauMixture(Readable):
    """The best mixture of some kinds of blocks at one probability: equal features, importance 1.

    Attributes
    ----------
    probability
        P(x_i ≠ 0).
    counts
        How many blocks of each kind there are.
    not_stored
        How many features are in no block.
    loss
        Expected loss of all features.
    dimensions_per_feature
        D* = m/‖W‖_F².
    dimensionality
        D_i of every feature ``(n,)``, block by block; 0 for those not stored.

    Examples
    --------
    >>> import geomsup as gs
    >>> mixture = gs.plateaus([0.5, 0.3], largest_rank=2, n_features=4, n_hidden=2).mixtures[0]
    >>> mixture.counts, mixture.not_stored
    ({'digon': 2}, 0)
    >>> mixture.to_dict()["counts"]
    {'digon': 2}
    """

    probability: float
    counts: dict[str, int]
    not_stored: int
    loss: float
    dimensions_per_feature: float
    dimensionality: np.ndarray = field(repr=False)

    def __str__(self) -> str:
        from geomsup.recognition.names import plural

        parts = [name if count == 1 else f"{count} {_plural(name, plural)}" for name, count in self.counts.items()]
        parts += [f"{self.not_stored} not stored"] if self.not_stored else []
        return f"p = {self.probability:.4g}: loss {self.loss:.6g}, D* {self.dimensions_per_feature:.4f}: " + " + ".join(
            parts
        )


def _plural(name: str, plural: Any) -> str:
    return f"× {name}" if " in " in name else plural(name)


def best_mixture(kinds: Sequence[PlateauBlock], n: int, m: int) -> PlateauMixture:
    """Return the mixture of the least loss of `n` features in `m` dimensions, by integer programming.

    max Σ_b c_b (k_b v - L_b) with Σ_b c_b k_b <= n, Σ_b c_b r_b <= m, c_b = 0, 1, 2, ...
    """
    v = kinds[0].variance
    columns = [Column((block.size,), block.rank, block.size * v - block.loss, None) for block in kinds]
    copies = integer_program(columns, [n], m)
    used = [(block, int(count)) for block, count in zip(kinds, copies, strict=True) if count]
    stored = sum(count * block.size for block, count in used)
    shares = [np.tile(dimensionality(block.model.W, orientation="rows"), count) for block, count in used]
    return PlateauMixture(
        kinds[0].probability,
        {block.name: count for block, count in used},
        n - stored,
        n * v - sum(count * (block.size * v - block.loss) for block, count in used),
        m / sum(count * float((block.model.W**2).sum()) for block, count in used),
        np.concatenate([*shares, np.zeros(n - stored)]),
    )
