"""What models lose because each output hears other features, one at a time: any norms, biases, and dimensions.

Let α = a_ij/q_i be the product of two rows over the norm² of the one whose output is hurt. Then α_ij α_ji = cos²,
whatever the norms are. For an output with norm² q and bias b let D be its loss while no other feature is present, and

    I = E (x_i - (q x_i + a y + b)₊)² - φ(a/q),

where x_i is present with probability p, and another feature y is present. Then output i loses at least

    F = min over q, b, a of w_0 D(q, b) + w_1 I(q, b, a)

besides w_1/(n - 1) Σ_j φ(α_ij). Here k features are looked at, the others only move b: w_0 and w_1 are the chances that
none, or one, of the k - 1 other ones is present. φ is made such that φ(α_ij) + φ(α_ji) >= 2 h(cos) for a polynomial h,
whose sum over all pairs of n rows in m dimensions cannot be small. F depends on p, k and h only. The page on theorems
has the proof.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np

from geomsup.optima.proved.heard import Boxes, Case, lower, value
from geomsup.optima.proved.shares import Shares

__all__ = ["Bound", "by_pairs"]

# Ends of boxes at first. Of q: so many in each 1, then wider; of b and |a|: the first from 0, the ratio, and the last.
EACH, FIRST, RATIO, LAST = 4, 0.25, 2.0, 1000.0
TOLERANCE = 5e-3  # boxes are halved until F is known to this part of the bound
ROUNDS, MOST_BOXES = 14, 120_000
# Of p: what rounding may do to D, and to I. The sums are of terms below 16⁴, divided by more than 0.01² 0.005.
ROUNDING, ROUNDING_HEARD = 1e-9, 1e-6
SPARSEST, DENSEST = 1e-6, 0.999  # probabilities: at smaller ones the loss of an output alone would drown in rounding
# Coefficients of h that are tried: that of c² times p/6, those of c, c³ and -1 relative to it. Four features in two
# dimensions have the largest bounds at 0.91: with more, rows of very different norms gain.
LEADING = 0.91 * 1.2 ** np.arange(-8.0, 22.0)
ODD, CUBIC, CONSTANT = (0.0, 0.3, 1.0), (0.0, 0.4), (0.0, 0.15)
# Points at which F is estimated, to choose k and h: dense about rows of norm 1 without biases.
COARSE_Q = np.array([0.02, 0.2, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4, 1.8])
COARSE_B = np.array([-0.9, -0.5, -0.3, -0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5])
COARSE_A = np.concatenate([np.linspace(-2.0, 1.4, 36), [-8.0, -4.0, 3.0, 6.0]])


class Bound(NamedTuple):
    """What n >= k features lose at least: F, and what pairs add to it."""

    p: float
    k: int
    shares: Shares
    least: float

    def total(self, n: int, m: int) -> float:
        """Return a loss that n features in m dimensions do not beat, each of importance 1."""
        heard = _weights(self.p, self.k)[1] / (n - 1)
        return n * self.least + heard * self.shares.sum_over_pairs(n, m)


@lru_cache(maxsize=1024)
def by_pairs(n: int, m: int, p: float) -> Bound | None:
    """Return a bound that is good for n features in m dimensions; None if none is found."""
    if not (m < n and SPARSEST <= p <= DENSEST):
        return None
    estimate = _estimated(n, m, p)
    if not estimate.total(n, m) > 0:
        return None
    bound = estimate._replace(least=_least_output(estimate, TOLERANCE * estimate.total(n, m) / n))
    return bound if bound.total(n, m) > 0 else None


def _weights(p: float, k: int) -> tuple[float, float]:
    """Return the chances that none, or one, of k - 1 features is present."""
    return (1 - p) ** (k - 1), (k - 1) * p * (1 - p) ** (k - 2)


def _estimated(n: int, m: int, p: float) -> Bound:
    """Return the k and h of the largest bound, with F as a few points tell it: never less than it is."""
    q, b, a = COARSE_Q[:, None, None], COARSE_B[:, None], COARSE_A
    nothing = Shares(0.0)
    alone, heard = value(Case(p, 1.0, 0.0, nothing), q, b, a)[..., 0], value(Case(p, 0.0, 1.0, nothing), q, b, a)
    best = Bound(p, 2, nothing, 0.0)
    for shares in _candidates(p, n > 2 * m):
        x = np.abs(a) / q
        inner = (heard - np.where(a > 0, shares.given(x, 1), shares.given(x, -1))).min(axis=2)
        for k in {2, 3, (n + 2) // 2, n} & set(range(2, n + 1)):
            none, one = _weights(p, k)
            bound = Bound(p, k, shares, float((none * alone + one * inner).min()))
            if bound.total(n, m) > best.total(n, m) and _largest_q(bound) < LAST / 10:
                best = bound
    return best


def _candidates(p: float, crowded: bool) -> Iterator[Shares]:
    """Yield h; if there are at most two features for each dimension, only multiples of c² help."""
    for leading in LEADING:
        square = leading * p / 6
        for odd, cubic, constant in product(ODD, CUBIC, CONSTANT) if crowded else [(0.0, 0.0, 0.0)]:
            yield Shares(square, odd * square, cubic * square, constant * square)


def _least_output(estimate: Bound, tolerance: float) -> float:
    """Return a number that F is never below; that of the estimate is never below F."""
    none, one = _weights(estimate.p, estimate.k)
    case, ends = Case(estimate.p, none, one, estimate.shares), _ends_of_q(_largest_q(estimate))
    done, boxes = min(estimate.least, _far(case, float(ends[-1]))), _boxes(ends)
    enough = done - tolerance
    for number in range(ROUNDS + 1):
        found = lower(case, boxes)
        open_ = found < enough
        done = min(done, float(found[~open_].min(initial=np.inf)))
        boxes, found = boxes.some(open_), found[open_]
        if number == ROUNDS or 8 * len(found) > MOST_BOXES or not len(found):
            break
        boxes = boxes.halved()
    return min(done, float(found.min(initial=np.inf))) - ROUNDING * estimate.p - ROUNDING_HEARD * estimate.p * one


def _largest_q(bound: Bound) -> float:
    """Return the q beyond which every output loses more than the least; infinite if there is none.

    Both losses are p/3 ((q - 1)/(q + 1))² at least, whatever else is added to x.
    """
    none, one = _weights(bound.p, bound.k)
    root = np.sqrt(3 * (bound.least + one * bound.shares.most) / (none + one) / bound.p)
    return float((1 + root) / (1 - root)) if root < 1 else np.inf


def _ends_of_q(largest: float) -> np.ndarray:
    """Return ends of intervals of q, up to the largest one."""
    ends = list(np.arange(0, min(np.ceil(EACH * largest), 2 * EACH) + 1) / EACH)
    while ends[-1] < largest:
        ends.append(ends[-1] * (1 + 1 / EACH))
    return np.array(ends)


def _boxes(q: np.ndarray) -> Boxes:
    """Return the boxes at first."""
    ends = np.concatenate([[0.0], FIRST * RATIO ** np.arange(np.ceil(np.log(LAST / FIRST) / np.log(RATIO)) + 1)])
    both = np.concatenate([-ends[:0:-1], ends])
    middles = [(one[1:] + one[:-1]) / 2 for one in (q, both, both)]
    halves = [(one[1:] - one[:-1]) / 2 for one in (q, both, both)]
    centre, width = np.meshgrid(*middles, indexing="ij"), np.meshgrid(*halves, indexing="ij")
    return Boxes(*(part.ravel() for part in (*centre, *width)))


def _far(case: Case, q: float) -> float:
    """Return what outputs with at most this q lose at least where b or |a| is beyond LAST.

    Then outputs are 0 or too large for nearly all y; and if a is positive, their own feature alone gives 0 too.
    """
    silent, too_large = case.p / 3 * max(1 - 2 * (q + 1) / LAST, 0), (1 - case.p) * LAST**2 / 5
    negative = case.heard * (silent - 2 * case.shares.top(-1))
    positive = case.alone * silent + case.heard * (silent - 2 * case.shares.top(1))
    return min(negative, positive, case.heard * (too_large - case.shares.most))
