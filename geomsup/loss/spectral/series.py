"""The spectral method: one-dimensional Fourier series, of the length that the accuracy needs."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.plan import make_laws, make_plan, make_sizes, make_units
from geomsup.loss.spectral.falls import make_falls
from geomsup.threads import check_stop, stop_flag

__all__ = ["spectral_losses"]

# Lengths of series: third-octaves from 16 on.
GRID = np.unique(np.round(16 * 2.0 ** (np.arange(37) / 3)))
WIDEST = 16  # features of one group, at most: its loss alone is exact, over 2^16 vertices
SAMPLE = 24  # outputs that the first estimate uses
ROUGH = 0.02  # accuracy of the first estimate, as a fraction of Σ I E x²


def spectral_losses(
    coupling: np.ndarray,
    surplus: np.ndarray,
    b: np.ndarray,
    leak: float,
    features: Features,
    rtol: float,
    gradient: bool,
) -> OutputLosses:
    """Return the losses of outputs, truncated so that the weighted total is within `rtol` if it can be."""
    from geomsup.loss.spectral.bounds import spectral_periods, spectral_tails
    from geomsup.loss.spectral.kernels import spectral_outputs

    units, laws, plan = make_units(features), make_laws(features), make_plan(features)
    falls, sizes = make_falls(features), make_sizes(features)
    widest = int(np.diff(units.start).max())
    if widest > WIDEST:
        raise ValueError(
            f"`correlated` must not hold groups of more than {WIDEST} features; got {widest}. "
            'Split the group or use method="sampled".'
        )
    stop = stop_flag()
    importance, mean = features.importance, features.mean
    cost = float(importance @ features.second_moment)

    def series(goal: float, wanted: np.ndarray, gradient: bool) -> tuple[OutputLosses, bool]:
        """Evaluate to an absolute accuracy of about `goal`; say whether a longer series could still help."""
        share = goal / features.n / np.maximum(importance, np.finfo(float).tiny)
        periods, overflow = spectral_periods(coupling, b, units, laws, wanted, features.reach, 0.1 * share, stop)
        tails = spectral_tails(coupling, b, leak, units, laws, falls, wanted, periods, GRID, stop)
        choice = np.minimum((~(tails <= 0.8 * share[:, None])).sum(axis=1), len(GRID) - 1)
        terms = GRID[choice].astype(np.int64)
        value, rounding, *slopes = spectral_outputs(
            coupling, surplus, b, leak, units, laws, sizes, plan, mean, widest, wanted, periods, terms, gradient, stop
        )
        check_stop()
        error = rounding + overflow + np.take_along_axis(tails, choice[:, None], axis=1)[:, 0]
        return OutputLosses(value, error, *slopes), bool((choice < len(GRID) - 1).all())

    # How long the series must be depends on the loss it is to give: a rough one, of some of the outputs, first says
    # how large that is. A wrong guess costs another round, never accuracy.
    everyone, some = np.ones(features.n, bool), np.zeros(features.n, bool)
    counted = np.flatnonzero(importance)
    some[counted[:: -(-len(counted) // SAMPLE) or 1]] = True
    rough, _ = series(ROUGH * cost, some, False)
    seen = float(importance[some] @ (rough.value - rough.error)[some]) * features.n / some.sum()
    goal = rtol * max(seen, rtol * cost)
    for _ in range(4):
        result, longer = series(goal, everyone, gradient)
        total = float(importance @ result.value)
        if importance @ result.error <= rtol * total or goal <= rtol**2 * cost or not longer:
            break
        goal = max(0.5 * min(goal, rtol * total), rtol**2 * cost)
    return result
