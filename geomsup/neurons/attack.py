"""The change of the inputs that moves a neuron or an output most."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.activations import resolve_activation
from geomsup.arrays import to_numpy
from geomsup.model import ToyModel, checked_model
from geomsup.neurons.reading import LARGEST, coupling_of, rising_hidden, rising_outputs
from geomsup.tables import Readable, Tabular, html_table

__all__ = ["Attack", "attack"]

NORMS = ("l2", "linf")


@dataclass(frozen=True, eq=False)
class Attack(Readable, Tabular):
    """The worst perturbation of an input, and what it does. It is the worst one: a theorem, right up to rounding.

    Attributes
    ----------
    target, unit
        "output" or "neuron", and which.
    x, delta
        The input, and the perturbation of norm `eps`, ``(n,)``.
    before, after
        The value of the unit at x, and at x + delta.
    typical
        Root mean square change of the unit's sum by a random perturbation of this norm: a random direction ("l2"), or
        random signs ("linf"). It is the null that an attack is to be held against.
    strongest
        The change of the unit's sum by `delta`, without sign.
    eps, norm
        What was asked.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(gs.attack(gs.ToyModel([[1.0, 0.0], [0.6, 0.8]]), output=0, eps=0.1))
    output 0: 0 to 0.11662 by a change of l2 norm 0.1; a random one moves its sum by 0.0825 (exact)
    """

    target: str
    unit: int
    x: np.ndarray = field(repr=False)
    delta: np.ndarray = field(repr=False)
    before: float
    after: float
    typical: float
    strongest: float
    eps: float
    norm: str

    @property
    def change(self) -> float:
        """What the perturbation does to the unit: after - before."""
        return self.after - self.before

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: the input and its perturbation."""
        pairs = zip(self.x, self.delta, strict=True)
        return [{"feature": i, "x": float(x), "delta": float(delta)} for i, (x, delta) in enumerate(pairs)]

    def __str__(self) -> str:
        return (
            f"{self.target} {self.unit}: {self.before:.5g} to {self.after:.5g} by a change of {self.norm} norm "
            f"{self.eps:g}; a random one moves its sum by {self.typical:.3g} (exact)"
        )

    def _repr_html_(self) -> str:
        return html_table(str(self), self.to_rows())


@checks.hinted
def attack(
    model: ToyModel,
    *,
    output: int | None = None,
    neuron: int | None = None,
    x: Any = None,
    eps: float = 0.1,
    norm: str = "l2",
) -> Attack:
    """Return the perturbation of norm `eps` that changes an output, or a hidden neuron, most.

    The unit is a rising function of a sum c·x + b. Among all perturbations with ``‖δ‖ <= eps`` the sum moves most by
    δ = ± eps c / ‖c‖₂ ("l2"), or ± eps sign(c) ("linf"): by eps ‖c‖₂ or eps ‖c‖₁. The sign is the one that moves the
    unit further; + if both move it equally.

    Parameters
    ----------
    model
        A `ToyModel` with "relu", "linear" or "leaky_relu" where the unit is; for an output, with a linear hidden layer.
    output, neuron
        The index of one of them; the other is None.
    x
        The input, ``(n,)``; zeros by default.
    eps
        Norm of the perturbation, above 0.
    norm
        "l2" or "linf", the largest change of an entry.

    Raises
    ------
    TypeError, ValueError
        If an argument is something else, or both or neither of `output` and `neuron` are given.

    References
    ----------
    :cite:t:`elhage2022`, "Superposition and adversarial examples".

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.attack(gs.ToyModel([[3.0], [4.0]]), neuron=0, eps=0.5)
    >>> found.delta, found.change  # 0.5 times the length of the column
    (array([0.3, 0.4]), 2.5)
    """
    checked_model("model", model)
    if (output is None) == (neuron is None):
        given = f"{checks.shown(output)} and {checks.shown(neuron)}"
        raise ValueError(f"`output` or `neuron` must be given, not both; got {given}. Pass one.")
    at = np.zeros(model.n_features) if x is None else to_numpy("x", x)
    if at.shape != (model.n_features,):
        raise ValueError(
            f"`x` must have one entry per feature ({model.n_features},); got shape {at.shape}. Pass one input."
        )
    if not np.abs(at).max() <= LARGEST:
        raise ValueError(f"`x` must hold numbers up to {LARGEST:g}; got {np.abs(at).max():g}. Take another unit of x.")
    eps = checks.positive_number("eps", eps)
    if not eps <= LARGEST:
        raise ValueError(f"`eps` must be at most {LARGEST:g}; got {eps:g}. Take another unit of x.")
    checks.one_of("norm", norm, NORMS)
    if neuron is None:
        target, unit = "output", checks.integer("output", output, minimum=0, maximum=model.n_features - 1)
        coupling, bias = coupling_of(rising_outputs(model))
        slope, offset, activation = coupling[unit], float(bias[unit]), model.activation
    else:
        target, unit = "neuron", checks.integer("neuron", neuron, minimum=0, maximum=model.n_hidden - 1)
        slope, activation = rising_hidden(model).W[:, unit], model.hidden_activation
        offset = 0.0 if model.b_hidden is None else float(model.b_hidden[unit])
    return _worst(target, unit, slope, offset, activation, at, eps, norm)


def _worst(
    target: str, unit: int, slope: np.ndarray, offset: float, activation: Any, x: np.ndarray, eps: float, norm: str
) -> Attack:
    rise = resolve_activation("activation", activation)
    length = float(np.linalg.norm(slope))
    up = np.sign(slope) if norm == "linf" else slope / length if length else np.zeros(len(slope))
    delta = eps * up
    reach = float(slope @ delta)
    total = float(slope @ x) + offset
    below, before, above = rise(np.array([total - reach, total, total + reach])).tolist()
    upward = above - before >= before - below
    typical = eps * length if norm == "linf" else eps * length / np.sqrt(len(slope))
    return Attack(
        target,
        unit,
        x,
        delta if upward else -delta,
        before,
        above if upward else below,
        float(typical),
        reach,
        eps,
        norm,
    )
