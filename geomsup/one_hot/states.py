"""Codes for one-hot inputs: shapes at the norm and the bias where the loss is stationary."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss import Hessian, hessian
from geomsup.loss.curvature import MOST_PARAMETERS
from geomsup.model import ToyModel
from geomsup.one_hot.kernels import critical_ratios, ratio_moments, squared_errors
from geomsup.shapes import Polytope, polytope
from geomsup.shapes.catalogue import named_polytope
from geomsup.tables import Readable

__all__ = ["OneHotState", "critical_states", "one_hot_features", "one_hot_state", "one_hot_states"]

SAME_ANGLES = 1e-9  # vertices whose sorted cosines differ by less see the same angles
ORTHOGONAL = 1e-12  # cosines below this are rounded zeros: where an output is on or off turns on their sign
AT_REST = 1e-9  # forces (slopes of H) below this are rounding, which leaves 1e-14; a square antiprism's are near 0.1
MOST_FEATURES = 5_000  # as all pairs of features are looked at
MOST_SIDES = 999  # of a polygon
MOST_SIGNS = 3  # more dead features of one sign are counted in a name instead


@dataclass(frozen=True, eq=False)
class OneHotState(Readable):
    """A critical point of the one-hot loss: a shape with one norm and one bias, and features that are dead.

    Attributes
    ----------
    shape
        The `Polytope`, k vertices.
    norm, bias
        Common norm l of the k rows, and common bias b.
    dead
        Number of features with W_i = 0. "+": bias `dead_bias`; "-": any bias up to 0.
    silent
        How many of the dead are "-".
    dead_bias
        1/(2c), the best bias of a dead feature, with c = k + `dead` features.
    potential
        H = Σ_i H_i = 3 c L, as the literature gives it; a dead feature adds 1 - 3/(4c) if "+", 1 if "-".
    loss
        L = H / (3c) = Σ_i E(x_i - x'_i)².

    Examples
    --------
    >>> import geomsup as gs
    >>> state = gs.one_hot_states("pentagon")[0]
    >>> state.name, state.kind, state.n_features, state.index
    ('pentagon', 'minimum', 5, 0)
    >>> state.model
    ToyModel(5 features in 2 dimensions, relu)
    >>> state.n_flat, state.n_symmetries
    (1, 1)
    >>> state.to_dict()["name"]
    'pentagon'
    """

    shape: Polytope
    norm: float
    bias: float
    dead: int
    silent: int
    dead_bias: float
    potential: float
    loss: float

    @property
    def n_features(self) -> int:
        """Number of features c, dead ones included."""
        return self.shape.n_vertices + self.dead

    @property
    def name(self) -> str:
        """Name of the shape, and a sign for each dead feature: "pentagon ++-", "pentagon 12+"."""
        counts = {"+": self.dead - self.silent, "-": self.silent}
        signs = [sign * n if n <= MOST_SIGNS else f"{n}{sign}" for sign, n in counts.items()]
        return f"{self.shape.name} {''.join(signs)}".rstrip()

    @cached_property
    def model(self) -> ToyModel:
        """The model, with the dead features last, silent ones at the very end (at bias -1/(2c))."""
        k = self.shape.n_vertices
        W = np.zeros((self.n_features, self.shape.dimension))
        W[:k] = self.norm * self.shape.vertices
        b = np.full(self.n_features, self.bias)
        b[k:] = self.dead_bias
        b[self.n_features - self.silent :] *= -1
        return ToyModel(W, b)

    @cached_property
    def features(self) -> Features:
        """The c features, of which exactly one is present."""
        return one_hot_features(self.n_features)

    @cached_property
    def curvature(self) -> Hessian:
        """Second derivatives of the loss of the whole model, dead features included (up to 400 parameters)."""
        return hessian(self.model, self.features)

    @property
    def index(self) -> int | None:
        """Number of eigenvalues that are negative for certain; None beyond 400 parameters."""
        return self.curvature.index if self._has_curvature else None

    @property
    def n_flat(self) -> int | None:
        """Number of eigenvalues that are zero or, at bias 0, may be; None beyond 400 parameters."""
        return self.curvature.n_flat if self._has_curvature else None

    @property
    def n_symmetries(self) -> int | None:
        """Number of zero eigenvalues that rotations explain; None beyond 400 parameters."""
        return self.curvature.n_symmetries if self._has_curvature else None

    @property
    def kind(self) -> str:
        """What the state is among all models of its size.

        "minimum": only rotations are flat. "flat minimum": nothing is lower nearby, but more is flat, because the
        loss is 0, or only silent features move freely (they reach no output while all biases are negative).
        "saddle": at least one negative eigenvalue. "undecided": second derivatives do not decide. This includes
        states at bias 0, where orthogonal or dead features have no second derivatives. "not computed": the model
        has more than 400 parameters.
        """
        if not self._has_curvature:
            return "not computed"
        found, free = self.curvature, self.silent * (self.shape.dimension + 1)
        explained = self.bias < 0 and found.n_flat == found.n_symmetries + free
        if found.kind == "undecided" and (self.potential == 0 or explained):
            return "flat minimum"
        return found.kind

    @property
    def _has_curvature(self) -> bool:
        return self.model.W.size + self.n_features <= MOST_PARAMETERS

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain values, ready for JSON."""
        fields = ("name", "n_features", "dead", "silent", "norm", "bias", "dead_bias", "potential", "loss")
        stability = ("kind", "index", "n_flat", "n_symmetries")
        return {"shape": self.shape.name} | {name: getattr(self, name) for name in (*fields, *stability)}

    def __str__(self) -> str:
        return (
            f"{self.name}: norm {self.norm:.10f}, bias {self.bias:.10f}, potential {self.potential:.8f}, "
            f"loss {self.loss:.8f}"
        )


def one_hot_features(n: int) -> Features:
    """Return n features of which exactly one is present, each equally often, uniform on [0, 1].

    Parameters
    ----------
    n
        Number of features, at least 2.

    Raises
    ------
    TypeError, ValueError
        If `n` is not a whole number from 2.

    References
    ----------
    :cite:t:`chen2023`.

    Examples
    --------
    >>> one_hot_features(4).anticorrelated
    ((0, 1, 2, 3),)
    """
    n = checks.integer("n", n, minimum=2, maximum=MOST_FEATURES)
    return Features(n, 1 / n, anticorrelated=[tuple(range(n))])


def one_hot_states(shape: Any, dead: int = 0, *, silent: int = 0) -> tuple[OneHotState, ...]:
    """Return every critical point of the one-hot loss with the directions of `shape`, one norm and one bias.

    With norm² = s and bias -τ s the potential of a vertex is 1 - 6 s A(τ) + 3 s² B(τ), where A and B are polynomials
    between neighbouring cosines of the shape. So s = A/B, and 2 A' B = A B' has finitely many roots τ, all of which
    are computed. So no critical point is missed. There is at least one, as A²/B rises from τ = -∞ and is 0 at τ = 1.

    Parameters
    ----------
    shape
        A `Polytope`, its name, or k for the regular k-gon (2: the digon). All vertices must have the same angles to the
        others, and the symmetry of the shape must fix them: no direction to move along the sphere may be left.
    dead
        Number of features with W_i = 0 beside the k of the shape.
    silent
        How many of the dead have a bias up to 0 ("-"); the others have their best bias, 1/(2c) ("+"), which lowers
        the potential of each from 1 to 1 - 3/(4c).

    Returns
    -------
    tuple of OneHotState
        Lowest loss first.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, or the shape is not critical for any norm and bias.

    References
    ----------
    :cite:t:`chen2023`: the distribution, the k-gons, dead features.

    Examples
    --------
    >>> [state.name for state in one_hot_states(5, dead=2, silent=1)]
    ['pentagon +-']
    """
    shape = _resolve_shape(shape)
    dead = checks.integer("dead", dead, minimum=0, maximum=MOST_FEATURES)
    silent = checks.integer("silent", silent, minimum=0, maximum=MOST_FEATURES)
    if silent > dead:
        raise ValueError(f"`silent` must be at most `dead` ({dead}); got {silent}. Silent features are dead ones.")
    states = critical_states(shape, dead, silent)
    if not states:
        raise ValueError(
            f"`shape` must have vertices that all see the same angles and that symmetry holds in place; got "
            f"{shape.name}, critical for no norm and bias. Use geomsup.optimum, which moves every row by itself."
        )
    return states


def one_hot_state(shape: Any, dead: int = 0, *, silent: int = 0) -> OneHotState:
    """Return the critical point of lowest one-hot loss with the directions of `shape`; see `one_hot_states`.

    Parameters
    ----------
    shape, dead, silent
        As in `one_hot_states`.

    Raises
    ------
    TypeError, ValueError
        As in `one_hot_states`.

    References
    ----------
    :cite:t:`chen2023`.

    Examples
    --------
    >>> print(one_hot_state(5))
    pentagon: norm 1.1704596391, bias -0.2822972831, potential 0.23738441, loss 0.01582563
    >>> one_hot_state(5, dead=1).kind, one_hot_state("icosahedron").kind
    ('minimum', 'minimum')
    """
    return one_hot_states(shape, dead, silent=silent)[0]


def _resolve_shape(shape: Any) -> Polytope:
    """Return the polytope meant by a polytope, a name, or a number of sides."""
    if isinstance(shape, Polytope):
        return shape
    if isinstance(shape, str):
        return named_polytope("shape", shape)
    if isinstance(shape, bool | np.bool_) or not isinstance(shape, int | np.integer):
        raise TypeError(
            f"`shape` must be a Polytope, a name, or a number of sides; "
            f"got {checks.shown(shape)} ({type(shape).__name__}). "
            "Pass 5 or 'pentagon'."
        )
    sides = checks.integer("shape", shape, minimum=2, maximum=MOST_SIDES)
    return polytope("digon" if sides == 2 else f"{sides}-gon")


def critical_states(shape: Polytope, dead: int, silent: int) -> tuple[OneHotState, ...]:
    """Return what `one_hot_states` does, and nothing for shapes that are not critical; no argument is checked.

    Examples
    --------
    >>> critical_states(polytope("square antiprism"), 0, 0)  # its height is free
    ()
    """
    rows = -np.sort(-shape.gram, axis=1)  # each vertex sees itself first
    if np.ptp(rows, axis=0).max() > SAME_ANGLES:
        return ()
    cosines = np.where(np.abs(rows[0]) < ORTHOGONAL, 0.0, rows[0])
    heard = np.concatenate([[1.0], cosines[1:], np.zeros(dead)])
    states = [_state(shape, heard, ratio, dead, silent) for ratio in critical_ratios(heard)]
    return tuple(sorted(filter(_is_at_rest, states), key=lambda state: state.loss))


def _state(shape: Polytope, heard: np.ndarray, ratio: float, dead: int, silent: int) -> OneHotState:
    A, B, _, _ = ratio_moments(heard, ratio)
    squared_norm = A / B
    bias = -ratio * squared_norm if ratio else 0.0
    k, c = shape.n_vertices, len(heard)
    vertex = squared_errors(squared_norm * heard[None], np.array([bias]), np.eye(1, c))[0]
    potential = k * float(vertex.sum()) + (dead - silent) * (1 - 3 / (4 * c)) + silent
    return OneHotState(shape, squared_norm**0.5, bias, dead, silent, 1 / (2 * c), potential, potential / (3 * c))


def _is_at_rest(state: OneHotState) -> bool:
    """Whether all forces on the rows of W and the biases of the whole model are zero."""
    W, b = state.model.W, state.model.b
    _, slope_coupling, slope_b = squared_errors(W @ W.T, b, np.eye(len(b)))
    forces = (slope_coupling + slope_coupling.T) @ W
    return bool(np.abs(forces).max() < AT_REST and np.abs(slope_b.sum(axis=1)).max() < AT_REST)
