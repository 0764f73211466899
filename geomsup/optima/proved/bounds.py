"""Losses that no model of a given size can beat."""

import numpy as np

from geomsup.features import Features
from geomsup.optima.alike import common_scale
from geomsup.optima.proved.certificates import by_certificates
from geomsup.optima.proved.entropy import alike_by_entropy, by_entropy
from geomsup.optima.proved.one_active import by_one_active
from geomsup.optima.proved.pairs import by_pairs
from geomsup.optima.proved.two_active import by_two_active

__all__ = ["lower_bound"]


def lower_bound(features: Features, n_hidden: int, *, nonnegative: bool = True, tied_relu: bool = True) -> float:
    """Return a loss that no model of `n_hidden` dimensions beats: the best of what is proved of these features.

    - Σ_i I_i E min(x_i, 0)², if outputs are `nonnegative`, as those of a ReLU are.
    - What any decoder loses that knows m linear combinations of the features (`entropy`).
    - What x' = relu(W Wᵀ x + b) loses while one feature is active (`one_active`), or one or two (`two_active`), or
      while an output hears none or one of the others (`pairs`), if the model is such a `tied_relu`, and features are
      equally probable.
    - What certificates say of three to five features at five probabilities (`certificates`).

    Examples
    --------
    >>> round(lower_bound(Features(2, 1.0), 1), 5)  # the optimum is 0.0833
    0.04114
    >>> pentagon, digons = 8.126e-5, 6.666e-7  # the optima of 5 and of 4 features with p = 0.001 in two dimensions
    >>> [round(lower_bound(Features(n, 0.001), 2) / best, 2) for n, best in ((5, pentagon), (4, digons))]
    [0.97, 0.93]
    """
    features.refuse_normalised()
    negative = float(features.importance @ [_negative_part(features, i) for i in range(features.n)])
    several = by_entropy(features, n_hidden)
    few = _by_few_active(features, n_hidden) if tied_relu else 0.0
    return max(negative if nonnegative else 0.0, several, few)


def _by_few_active(features: Features, m: int) -> float:
    """Return what is proved of equally probable features whose values are uniform on [0, s]; 0 of others.

    Let B_k be a bound of any k of them, if each has importance 1. What others add to their outputs is a shift of
    biases. So the mean over sets of k shows that j >= k features lose j B_k/k at least. The loss is
    Σ_j (I_j - I_(j+1)) times that of the j most important ones.
    """
    scale = common_scale(features)
    if scale is None:
        return 0.0
    importance = np.append(np.sort(features.importance)[::-1], 0.0)
    each, p, best, n = 0.0, float(features.probability[0]), [], features.n
    heard = [bound for k in {n, min(n, 2 * m)} if (bound := by_pairs(k, m, p)) is not None]
    for k in range(1, n + 1):
        pairs = by_two_active(k, m, p) if k in (m + 1, 2 * m) else 0.0
        # They add up: the first is about one active feature, and the second about more than m.
        apart = by_one_active(k, m, p) + alike_by_entropy(1.0, p, k, m)
        each = max(each, pairs / k, apart / k, by_certificates(k, m, p) / k)
        each = max(each, *(bound.total(k, m) / k for bound in heard if bound.k <= k > m), 0.0)
        best.append(k * each)
    return float(-np.diff(importance) @ best) * scale**2


def _negative_part(features: Features, i: int) -> float:
    """E min(x_i, 0)², by pieces of the distribution."""
    weight, low, width = features.laws[i].pieces()
    high = np.minimum(low + width, 0.0)
    inside = np.minimum(low, 0.0)
    share = np.where(width > 0, (high - inside) / np.where(width > 0, width, 1.0), (low < 0).astype(float))
    return float(features.probability[i] * (weight * share * (high**2 + high * inside + inside**2) / 3).sum())
