"""Second derivatives of the expected loss, and what they say about a critical point."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.loss.expected import Unreachable, check_problem, loss_of_pieces
from geomsup.loss.misfit import coarser
from geomsup.loss.ordinary import excesses, ordinary_for, times_power
from geomsup.model import ToyModel
from geomsup.samples import checked_features

__all__ = ["Hessian", "hessian"]

MOST_PARAMETERS = 400
STEPS = (4e-3, 2e-4, 1e-5)  # steps tried in turn: near a kink of the second derivative only short ones stay on one side
SMOOTH = 1e-7  # accuracy of losses with histograms of values, whose steps change second derivatives by far more
CLEAN = 1e-8  # an error this small beside the row ends the search
CLEAN_OF_HISTOGRAMS = 1e-4  # the same where a histogram stands for a density: it changes second derivatives by 1e-3
FLAT = 1e-5  # eigenvalues this small beside the largest are flat: where optimisers stop, rotations cost about 1e-8
CRITICAL = 1e-6  # a gradient this small beside the largest eigenvalue is zero: a step of 1e-6 would cancel it


@dataclass(frozen=True, eq=False)
class Hessian:
    """Second derivatives of the expected loss in (W row by row, b, W_out row by row if untied).

    Attributes
    ----------
    matrix
        ``(k, k)``, symmetric.
    entry_error
        ``(k, k)``, an estimate of the error of each entry: the change by the last extrapolation, the asymmetry, and
        the jump between derivatives from the left and from the right; for smooth distributions of values also the
        change if a quarter of the pieces stand for them. The jump is large where the loss has no second
        derivative: at ``b[i] = 0`` with a kink there, if with some probability no feature is present.
    gradient
        ``(k,)``, the exact gradient.
    model, features
        What was differentiated.

    Examples
    --------
    >>> result = hessian(ToyModel([[0.0], [0.0]], [0.05, 0.05]), Features(2, 0.1))
    >>> result.kind, result.index, result.n_flat  # nothing represented: both directions of W go down
    ('saddle', 2, 0)
    >>> import geomsup as gs
    >>> found = gs.hessian(gs.optimum(gs.Features(2, 0.1), 1).model, gs.Features(2, 0.1))
    >>> found.kind, found.index, found.n_flat, found.n_symmetries
    ('minimum', 0, 0, 0)
    >>> found.eigenvalues.shape, bool(found.error < found.tolerance)
    ((4,), True)
    """

    matrix: np.ndarray = field(repr=False)
    entry_error: np.ndarray = field(repr=False)
    gradient: np.ndarray = field(repr=False)
    model: ToyModel
    features: Features

    @property
    def error(self) -> float:
        """Estimate of the greatest error of an eigenvalue: the Frobenius norm of `entry_error`."""
        largest = float(self.entry_error.max())
        return largest * float(np.linalg.norm(self.entry_error / (largest or 1.0)))

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues in ascending order, ``(k,)``."""
        return np.linalg.eigvalsh(self.matrix)

    @property
    def tolerance(self) -> float:
        """Eigenvalues up to this size count as zero: the error, or 1e-5 of the largest."""
        return max(self.error, FLAT * float(np.abs(self.eigenvalues).max()))

    @property
    def index(self) -> int:
        """Number of negative eigenvalues."""
        return int((self.eigenvalues < -self.tolerance).sum())

    @property
    def n_flat(self) -> int:
        """Number of zero eigenvalues; at a critical point at least `n_symmetries`."""
        return int((np.abs(self.eigenvalues) <= self.tolerance).sum())

    @property
    def n_symmetries(self) -> int:
        """Number of directions along which W_out Wᵀ does not change.

        A tied W of rank r has m(m-1)/2 - (m-r)(m-r-1)/2 rotations. An untied model has the maps W → W A,
        W_out → W_out A⁻ᵀ; the A that move something are m² - (m-r)(m-s), with s the rank of W_out.
        """
        m, rank = self.model.n_hidden, int(np.linalg.matrix_rank(self.model.W))
        if self.model.W_out is None:
            return m * (m - 1) // 2 - (m - rank) * (m - rank - 1) // 2
        return m * m - (m - rank) * (m - int(np.linalg.matrix_rank(self.model.W_out)))

    @property
    def kind(self) -> str:
        """What the point is, to second order.

        "not a critical point" if the gradient is not zero; "saddle" with negative eigenvalues (the loss has no
        maxima); "minimum" if only symmetries are flat; "undecided" if more directions are flat.
        """
        if np.abs(self.gradient).max() > CRITICAL * max(1e-6, float(np.abs(self.eigenvalues).max())):
            return "not a critical point"
        if self.index:
            return "saddle"
        return "minimum" if self.n_flat <= self.n_symmetries else "undecided"

    def __repr__(self) -> str:
        size = len(self.matrix)
        return (
            f"Hessian({size} parameters, {self.kind}, index {self.index}, {self.n_flat} flat, error {self.error:.1e})"
        )


def hessian(model: ToyModel, features: Features, *, rtol: float = 1e-9) -> Hessian:
    """Return the second derivatives of the expected loss of `model`.

    Central differences of the exact gradient g, (g(v + h e) - g(v - h e)) / 2h, at three steps h, extrapolated to
    h = 0 twice (Richardson), and made symmetric.

    Parameters
    ----------
    model
        A `ToyModel` with a linear hidden layer and at most 400 parameters.
    features
        The distribution of the inputs, with the model's number of features.
    rtol
        Relative accuracy of the losses whose gradients are taken.

    Raises
    ------
    TypeError
        If `model` or `features` has the wrong type.
    ValueError
        If the model has too many parameters or a nonlinear hidden layer, sizes differ, or `rtol` cannot be met.

    References
    ----------
    :cite:t:`ridders1982` (extrapolated differences).

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]], activation="linear")
    >>> float(hessian(digon, Features(2, 0.5)).matrix[2, 2])  # of (b - ...)²
    2.0
    """
    if isinstance(model, ToyModel):  # check_problem refuses anything else
        _check(model)
        checked_features("features", features)
    check_problem(model, features, "auto", rtol)
    law, value_unit, loss_unit = ordinary_for(model, features)
    rough = coarser(law)
    rtol = rtol if rough is law else max(rtol, SMOOTH)
    loss_of_pieces(model, features, "auto", rtol, True)  # refuses what has none
    v = _packed(model.W, np.ldexp(model.b, -value_unit), model.W_out)
    refusal = ValueError(
        f"`model` must have second derivatives that a double can hold; got weights up to {_largest(model.W)} and "
        f"biases up to {_largest(model.b)}. Rescale them."
    )
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what is beyond doubles is refused below
            clean = CLEAN if rough is law else CLEAN_OF_HISTOGRAMS
            parts = _differentiated(v, model, law, rtol, clean)
            if rough is not law:
                other, _, _ = _differentiated(v, model, rough, rtol, clean)
                parts = parts[0], parts[1] + np.abs(parts[0] - other), parts[2]
    except Unreachable:  # its message is about a model one step away, and in other units
        raise ValueError(
            f"`rtol` must be reachable also near the model, where slopes are taken; got {rtol:g}. Pass a larger rtol."
        ) from None
    except ValueError:
        raise refusal from None
    units = np.zeros(len(v), int)  # of the parameters
    units[model.W.size : model.W.size + len(model.b)] = value_unit
    both = loss_unit - units[:, None] - units
    matrix, error, slope = map(times_power, parts, (both, both, loss_unit - units))
    if not all(np.isfinite(part).all() for part in (matrix, error, slope)):
        raise refusal
    return Hessian(matrix, error, slope, model, features)


def _differentiated(
    v: np.ndarray, model: ToyModel, features: Features, rtol: float, clean: float
) -> tuple[np.ndarray, ...]:
    """Return the second derivatives at `v`, their errors, and the gradient."""

    def gradient(vector: np.ndarray) -> np.ndarray:
        result = loss_of_pieces(_unpacked(vector, model), features, "auto", rtol, True)
        return _packed(result.grad_W, result.grad_b, result.grad_W_out)

    noise = 8 * np.finfo(float).eps * _size_of_slopes(_unpacked(v, model), features)
    center, scale = gradient(v), _scales(model, features)
    rows, errors = zip(*(_row(gradient, v, k, center, noise, clean, scale[k]) for k in range(len(v))), strict=True)
    matrix, error = np.array(rows), np.array(errors)
    error = np.maximum(error, error.T) + np.abs(matrix - matrix.T) / 2
    return (matrix + matrix.T) / 2, error, center


def _largest(values: np.ndarray) -> str:
    return f"{np.abs(values).max():.3g}"


def _check(model: ToyModel) -> None:
    if model.hidden_activation != "linear":
        raise ValueError(
            f"`model` must have a linear hidden layer, as the gradients of others are only sampled; got {model!r}. "
            "Use a linear one."
        )
    if model.b_hidden is not None or model.W_between is not None:
        raise ValueError(
            f"`model` must have one hidden layer without a bias; got {model!r}. Add W_out b_hidden to `b` instead."
        )
    size = len(_packed(model.W, model.b, model.W_out))
    if size > MOST_PARAMETERS:
        raise ValueError(
            f"`model` must have at most {MOST_PARAMETERS} parameters; got {size}, whose matrix would take "
            f"{6 * size} losses. Pass a smaller model, or one block of it."
        )


def _size_of_slopes(model: ToyModel, features: Features) -> float:
    """Size of the largest terms that a derivative of the loss is a sum of; it is rounded to so many ulps."""
    reach = np.abs(model.coupling) @ features.root_mean_square + np.abs(model.b) + features.root_mean_square
    longest = max(1.0, float(features.root_mean_square.max() * max(np.abs(model.W).max(), np.abs(model.decoder).max())))
    return 2 * longest * float((np.abs(features.importance) * reach).max())


def _scales(model: ToyModel, features: Features) -> np.ndarray:
    """Return what steps of the parameters are at least in units of: 1, or more in far models, where 1 is nothing.

    There the largest weight of the layer counts, and for a bias what its output sees.
    """
    far = [np.full(model.W.size, np.abs(model.W).max())]
    far.append(np.abs(model.coupling) @ features.root_mean_square)
    far += [np.full(model.W.size, np.abs(model.decoder).max())] * (model.W_out is not None)
    return np.maximum(1.0, np.ldexp(1.0, excesses(np.concatenate(far))))


def _row(
    gradient: Any, v: np.ndarray, k: int, center: np.ndarray, noise: float, clean: float, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivative of the gradient in v_k, and an estimate of its error, at the best of a few steps."""
    tried = []
    for step in STEPS:
        row, error = _extrapolated(gradient, v, k, center, step * max(scale, abs(v[k])))
        tried.append((row, error + noise / (step * scale)))
        if tried[-1][1].max() <= clean * np.abs(row).max():
            break
    return min(tried, key=lambda pair: float(pair[1].max()))


def _extrapolated(
    gradient: Any, v: np.ndarray, k: int, center: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    central, sided = [], []
    for halving in range(3):
        step = np.zeros_like(v)
        step[k] = longest / 2**halving
        ahead, behind = (gradient(v + sign * step) for sign in (1, -1))
        central.append((ahead - behind) / (2 * step[k]))
        sided.append((ahead - 2 * center + behind) / step[k])  # right minus left derivative
    once = [(4 * central[j + 1] - central[j]) / 3 for j in (0, 1)]
    twice = (16 * once[1] - once[0]) / 15
    # Where the loss is smooth, the sides differ in proportion to the step; a jump stays.
    jump = np.maximum(np.abs(2 * sided[2] - sided[1]) - np.abs(sided[1] - sided[2]), 0.0)
    return twice, np.abs(twice - once[1]) + jump


def _packed(W: Any, b: Any, W_out: Any) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in (W, b, W_out) if part is not None])


def _unpacked(vector: np.ndarray, model: ToyModel) -> ToyModel:
    """Return a model like `model` with the parameters of `vector`."""
    size, n = model.W.size, model.n_features
    W_out = None if model.W_out is None else vector[size + n :].reshape(model.W.shape)
    W, b = vector[:size].reshape(model.W.shape), vector[size : size + n]
    return ToyModel(W, b, activation=model.activation, W_out=W_out)
