"""Starts under a potential given as Python functions: scipy's L-BFGS-B on whole arrays."""

from contextlib import suppress

import numpy as np

from geomsup.energy.potentials import Potential
from geomsup.energy.seeds import Batch

__all__ = ["run_uncompiled"]

OPTIONS = {"maxiter": 3000, "maxfun": 5000, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 20}


class _Stopped(Exception):
    """The search has ended while a start was under way."""


def run_uncompiled(batch: Batch, potential: Potential, target: float, energies: np.ndarray, stop: np.ndarray) -> int:
    """Run the starts of a batch as `kernels.hopping.run_starts` does; hops are left out.

    A start that is stopped ends at the lowest points that it has been at.
    """
    from scipy.optimize import minimize

    _, d, n = batch.points.shape
    upper = np.triu_indices(n, 1)

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        raw = vector.reshape(n, d)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        rows = raw / lengths
        t = (rows @ rows.T)[upper]
        slopes = np.zeros((n, n))
        values, slopes[upper], _ = potential.terms(t, t)
        pull = (slopes + slopes.T) @ rows
        pull -= (pull * rows).sum(axis=1, keepdims=True) * rows
        energy = float(values.sum())
        if energy < energies[k]:
            energies[k], batch.points[k] = energy, rows.T
        if stop[0]:
            raise _Stopped
        return energy, (pull / lengths).ravel()

    for k in range(len(batch.points)):
        energies[k] = np.inf
        with suppress(_Stopped):
            minimize(objective, batch.points[k].T.ravel(), jac=True, method="L-BFGS-B", options=OPTIONS)
        if energies[k] <= target or stop[0]:
            return k + 1
    return len(batch.points)
