"""Which variant of a shape with free parameters the data are: a named one, a fitted one, or a distorted one."""

from dataclasses import replace
from math import exp, log
from typing import NamedTuple

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.matching.acceptance import RIGID_RATIO, freedom, noise_explains
from geomsup.recognition.matching.alignment import procrustes
from geomsup.recognition.matching.families import family
from geomsup.recognition.matching.match import Match
from geomsup.shapes.capped import TYPICAL

__all__ = ["Fit", "decided", "significant"]

# A variant of a shape with free parameters is named when the data lie off it, along the parameters, by no more than
# noise does with this probability (3 standard errors of one parameter), or by VARIANT_DEGREES (the Thomson and
# the tight-frame square antiprism are 1.2 degrees apart).
VARIANT_CHANCE = 0.0027
VARIANT_DEGREES = 0.25


# Further parameters are kept if noise would lower the distance as much at most this often.
SIGNIFICANT = 1e-4
LOG_TINY = -600.0  # smaller probabilities are too near to what a double holds


class Fit(NamedTuple):
    """Variants of a shape fitted with one map from rows to vertices, nearest first, and its fitted member."""

    named: list[Match]
    fitted: Match | None


def decided(X: np.ndarray, fit: Fit, noise: float | None) -> Match | None:
    """Name the nearest variant if its residual is at the noise level, else the fitted member, else "distorted".

    With `noise` a chi-square test says so, and refuses rigid shapes that it does not explain. Without, the residual
    must be within half of the acceptance bound, and a shape with free parameters must not lie off the variant
    along them.
    """
    best, own = fit.named[0], fit.fitted
    accepted = best.chord <= best.reach
    if not accepted and own is None:
        return None
    if accepted and _explains(X, best, own, noise):
        return best
    if own is not None and (noise is None or _noise_explains(X, own, noise)):
        return own
    if not accepted or best.variant == TYPICAL or (noise is not None and family(best.polytope) is None):
        return None
    return replace(best, variant="distorted")


def significant(X: np.ndarray, rich: Match, plain: Match, log_ways: float = 0.0) -> bool:
    """Whether a fit with more parameters, in one of so many ways, is nearer than noise would make it (F test).

    Distances are those inside the subspace of the richer fit: other dimensions tell nothing about parameters.
    """
    k, r = rich.template.shape
    own = X @ rich.frame.T
    plain_frame = procrustes(plain.template, own)
    before = ((own - plain.template @ plain_frame) ** 2).sum()
    after = ((own - rich.template) ** 2).sum()
    count = max(rich.n_parameters - plain.n_parameters, 1)
    left = max(freedom(k, r, r) - rich.n_parameters, 1)
    allowed = count * _quantile(count, left, log(SIGNIFICANT) - log_ways) * after / left
    return bool(before - after > allowed)


def _quantile(count: int, left: int, log_chance: float) -> float:
    """Return the F that noise exceeds with a probability, however small.

    P(F > q) = I_x(left/2, count/2) with x = left/(left + count q), and I_x(a, b) = x^a/(a B(a, b)) for small x.

    Examples
    --------
    >>> _quantile(1, 10, np.log(0.05)), _quantile(2, 8, -900.0)  # from a table; 4 e^225
    (4.96460..., 2.08122...e+98)
    """
    from scipy.special import betaincinv, betaln

    a, b = left / 2, count / 2
    if log_chance > LOG_TINY:
        x = float(betaincinv(a, b, exp(log_chance)))
    else:
        x = exp(max((log_chance + log(a) + float(betaln(a, b))) / a, -chance.LARGEST_EXPONENT))
    return left * (1 - x) / (count * x)


def _explains(X: np.ndarray, best: Match, own: Match | None, noise: float | None) -> bool:
    if best.variant == TYPICAL:
        return False
    if noise is not None:
        return _noise_explains(X, best, noise)
    return best.chord <= RIGID_RATIO * best.reach and (own is None or _on_variant(X, best, own))


def _noise_explains(X: np.ndarray, match: Match, noise: float) -> bool:
    return noise_explains(len(X), X.shape[1], len(match.frame), match.chord, noise, match.n_parameters)


def _on_variant(X: np.ndarray, best: Match, own: Match) -> bool:
    """Whether the parameters of the fitted member are the variant's, by the noise that the member leaves.

    Noise inside the shape's subspace: dimensions that W has beside it tell nothing about the parameters.
    """
    from scipy.special import chdtri

    k, r = own.template.shape
    offset = max(k * (best.chord**2 - own.chord**2), 0.0)
    left = max(freedom(k, r, r) - own.n_parameters, 1)
    variance = ((X @ own.frame.T - own.template) ** 2).sum() / left
    allowed = variance * float(chdtri(own.n_parameters, VARIANT_CHANCE))
    return bool(offset <= max(allowed, np.radians(VARIANT_DEGREES) ** 2 * k))
