"""Losses that no model of a given size can beat."""

import math

import numpy as np

from geomsup.features import Features, Uniform

__all__ = ["lower_bound"]

MOST_SETS = 14  # unlike features up to which every set of present ones is computed


def lower_bound(features: Features, n_hidden: int, *, nonnegative: bool = True) -> float:
    """Return a loss that no x' = relu(f(Wᵀ x)) beats, with W of `n_hidden` columns and any function f.

    Say which k features are present: their values y_i = sqrt(I_i) x_i are uniform on a box of sides s_i, the hidden
    layer holds m linear combinations of them, and what is left has k - m dimensions. Entropy is lost nowhere, and m
    combinations hold at most that of a Gaussian of their covariance, so what is left holds at least
    H = Σ log s_i - Σ_(m largest) ½ log(2πe s_i²/12). A distribution in k - m dimensions with entropy H has a variance
    of at least (k - m) exp(2H/(k - m))/(2πe): no decoder can know y better. The bound is the mean over the sets of
    present features.

    This needs independent features with uniform values (and, if they are unlike, no more than 14 of them). Besides, if
    outputs are `nonnegative`, as those of a ReLU are, Σ_i I_i E min(x_i, 0)² is lost anyway. The larger of the two is
    returned.

    References
    ----------
    :cite:t:`cover2006`, chapter 8 (maximum entropy, estimation error).

    Examples
    --------
    >>> round(lower_bound(Features(2, 1.0), 1), 5)  # the optimum is 0.0833
    0.04114
    """
    features.refuse_normalised()
    negative = float(features.importance @ [_negative_part(features, i) for i in range(features.n)])
    return max(negative if nonnegative else 0.0, _by_entropy(features, n_hidden))


def _negative_part(features: Features, i: int) -> float:
    """E min(x_i, 0)², by pieces of the distribution."""
    weight, low, width = features.laws[i].pieces()
    high = np.minimum(low + width, 0.0)
    inside = np.minimum(low, 0.0)
    share = np.where(width > 0, (high - inside) / np.where(width > 0, width, 1.0), (low < 0).astype(float))
    return float(features.probability[i] * (weight * share * (high**2 + high * inside + inside**2) / 3).sum())


def _by_entropy(features: Features, m: int) -> float:
    if features.grouped or not all(isinstance(law, Uniform) for law in features.laws):
        return 0.0
    widths = np.array([law.support[1] - law.support[0] for law in features.laws])
    sides = widths * np.sqrt(features.importance)
    kept = sides > 0  # features without importance only take up dimensions
    sides, p = sides[kept], features.probability[kept]
    if len(set(zip(sides.tolist(), p.tolist(), strict=True))) == 1:
        return _alike(float(sides[0]), float(p[0]), len(sides), m)
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


def _alike(side: float, p: float, n: int, m: int) -> float:
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
