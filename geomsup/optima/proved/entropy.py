"""What any decoder loses that knows as many linear combinations of the features as there are dimensions."""

import math

import numpy as np

from geomsup.features import Features, Uniform

__all__ = ["alike_by_entropy", "by_entropy"]

MOST_SETS = 14  # unlike features up to which every set of present ones is computed


def by_entropy(features: Features, m: int) -> float:
    """Return a loss that no x' = relu(f(Wᵀ x)) beats, with W of m columns and any function f; 0 where none is known.

    Say which k features are present: their values y_i = sqrt(I_i) x_i are uniform on a box of sides s_i, the hidden
    layer holds m linear combinations of them, and what is left has k - m dimensions. Entropy is lost nowhere, and m
    combinations hold at most that of a Gaussian of their covariance, so what is left holds at least
    H = Σ log s_i - Σ_(m largest) ½ log(2πe s_i²/12). A distribution in k - m dimensions with entropy H has a variance
    of at least (k - m) exp(2H/(k - m))/(2πe): no decoder can know y better. The bound is the mean over the sets of
    present features.

    This needs independent features with uniform values and, if they are unlike, no more than 14 of them.

    References
    ----------
    :cite:t:`cover2006`, chapter 8 (maximum entropy, estimation error).
    """
    if features.grouped or not all(isinstance(law, Uniform) for law in features.laws):
        return 0.0
    widths = np.array([law.support[1] - law.support[0] for law in features.laws])
    sides = widths * np.sqrt(features.importance)
    kept = sides > 0  # features without importance only take up dimensions
    sides, p = sides[kept], features.probability[kept]
    if len(set(zip(sides.tolist(), p.tolist(), strict=True))) == 1:
        return alike_by_entropy(float(sides[0]), float(p[0]), len(sides), m)
    return _unlike(sides, p, m) if len(sides) <= MOST_SETS else 0.0


def _left_over(sides: np.ndarray, m: int) -> float:
    """Least variance that is left of a box when m linear combinations are known; sides come in falling order.

    A decoder that is told the smallest sides for nothing does no worse, so any number of the largest may be counted.
    """
    lost, entropy = 0.0, -0.5 * m * math.log(2 * math.pi * math.e / 12)
    for rest, side in enumerate(sides[m:], start=1):
        entropy += math.log(side)
        lost = max(lost, rest * math.exp(2 * entropy / rest) / (2 * math.pi * math.e))
    return lost


def alike_by_entropy(side: float, p: float, n: int, m: int) -> float:
    """Return the same of n features that are all as probable, and uniform on an interval of this length."""
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.arange(n + 1)
    log_choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    weight = np.exp(log_choices + xlogy(k, p) + xlog1py(n - k, -p))
    rest = k[m + 1 :] - m
    per_dimension = np.exp(-m / rest * math.log(2 * math.pi * math.e / 12)) / (2 * math.pi * math.e)
    return side**2 * float(weight[m + 1 :] @ (rest * per_dimension))


def _unlike(sides: np.ndarray, p: np.ndarray, m: int) -> float:
    order = np.argsort(-sides)
    total = 0.0
    for code in range(1 << len(sides)):
        present = np.array([code >> i & 1 for i in range(len(sides))], bool)
        total += float(np.where(present, p, 1 - p).prod()) * _left_over(sides[order][present[order]], m)
    return total
