"""What a linear probe reads of each feature, against what the best single neuron says."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.expected import check_problem
from geomsup.model import ToyModel
from geomsup.neurons.reading import linear_hidden
from geomsup.samples import SampledFeatures
from geomsup.tables import Readable, Tabular, html_table

__all__ = ["Probes", "probes"]


@dataclass(frozen=True, eq=False)
class Probes(Readable, Tabular):
    """The least mean squared error of every feature, read from the hidden layer, and from one neuron of it.

    All are closed forms of the second moments, right up to rounding; of a data set, they are those of its samples.

    Attributes
    ----------
    variance
        Var x_i, ``(n,)``: the error of a constant.
    probe, neuron
        Least E(x_i - w·h - c)², ``(n,)``: w free, and w on the best neuron alone. Importance plays no part.
    best
        That neuron, ``(n,)``.
    rank
        Of what the hidden layer holds. Σ_i of the probe's R² is exactly this if features are uncorrelated: so a mean R²
        of rank / n is the null, which every such model has, and only how R² is shared out tells anything.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.probes(gs.ToyModel([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), gs.Features(3, 0.1)))
    probes of 3 features: mean R² 0.667 by a probe, 0.667 by the best neuron; 1 feature has its neuron (exact)
    """

    variance: np.ndarray = field(repr=False)
    probe: np.ndarray = field(repr=False)
    neuron: np.ndarray = field(repr=False)
    best: np.ndarray = field(repr=False)
    rank: int

    @property
    def probe_r2(self) -> np.ndarray:
        """Share of the variance that the probe explains, ``(n,)``; 0 for a feature that never varies."""
        return _explained(self.probe, self.variance)

    @property
    def neuron_r2(self) -> np.ndarray:
        """Share of the variance that the best neuron explains, ``(n,)``."""
        return _explained(self.neuron, self.variance)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: the variance, both errors, and the best neuron."""
        columns = zip(self.variance, self.probe, self.neuron, self.best, strict=True)
        return [
            {"feature": i, "variance": float(variance), "probe": float(probe), "neuron": float(neuron), "best": int(k)}
            for i, (variance, probe, neuron, k) in enumerate(columns)
        ]

    def __str__(self) -> str:
        own = int((self.neuron_r2 > 1 - 1e-9).sum())  # rounding of R²
        return (
            f"probes of {checks.count(len(self.best), 'feature')}: mean R² {self.probe_r2.mean():.3f} by a probe, "
            f"{self.neuron_r2.mean():.3f} by the best neuron; {checks.count(own, 'feature')} "
            f"{'has its neuron' if own == 1 else 'have a neuron each'} (exact)"
        )

    def _repr_html_(self) -> str:
        return html_table(str(self), self.to_rows())


@checks.hinted
def probes(model: ToyModel, features: Features | SampledFeatures) -> Probes:
    """Return what the best linear probe and the best single neuron lose on each feature.

    The hidden layer is h = Wᵀ x. With Σ the covariance of x, the best affine probe loses Σ_ii - c_iᵀ (Wᵀ Σ W)⁺ c_i,
    c_i = Wᵀ Σ e_i, and neuron k loses Σ_ii - c_ik² / (Wᵀ Σ W)_kk.

    Parameters
    ----------
    model
        A `ToyModel` with a linear hidden layer; its outputs play no part.
    features
        `Features`, dependent or not, or `SampledFeatures`.

    Raises
    ------
    TypeError, ValueError
        If `model` or `features` is something else, sizes differ, or the hidden layer is not linear.

    Examples
    --------
    >>> import geomsup as gs
    >>> digon = gs.ToyModel([[1.0], [-1.0]])
    >>> found = gs.probes(digon, gs.Features(2, 0.3))
    >>> found.probe / found.variance
    array([0.5, 0.5])
    """
    check_problem(model, features, "auto", None)
    linear_hidden(model)
    variance = np.array(features.variance)
    root = _root(features.covariance)
    # Each neuron in a unit of its own: it changes no probe, and no square overflows.
    largest = np.abs(model.W).max(axis=0)
    seen = root @ (model.W / np.where(largest > 0, largest, 1.0))
    unit = _units(seen)
    left, singular, _ = np.linalg.svd(unit, full_matrices=False)
    rank = int((singular > len(root) * np.finfo(float).eps * max(float(singular[0]), 1e-300)).sum())
    by_probe = ((root @ left[:, :rank]) ** 2).sum(axis=1)
    by_neuron = (root @ unit) ** 2
    best = by_neuron.argmax(axis=1)
    by_best = by_neuron[np.arange(len(best)), best]
    return Probes(variance, np.maximum(variance - by_probe, 0.0), np.maximum(variance - by_best, 0.0), best, rank)


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root: diagonal if the features are uncorrelated, without rounding between them."""
    if not (covariance - np.diag(np.diag(covariance))).any():
        return np.diag(np.sqrt(np.diag(covariance)))
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _units(columns: np.ndarray) -> np.ndarray:
    """Return the columns at length 1; those of zeros stay."""
    largest = np.abs(columns).max(axis=0)
    columns = columns / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(columns, axis=0)
    return columns / np.where(length > 0, length, 1.0)


def _explained(error: np.ndarray, variance: np.ndarray) -> np.ndarray:
    return np.divide(variance - error, variance, out=np.zeros(len(variance)), where=variance > 0)
