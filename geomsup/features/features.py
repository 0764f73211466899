"""The inputs: how often each feature is present, with which others, and how important it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.features.arguments import Groups, check_groups, groups_of, is_list, joints_of, laws_of, with_joint
from geomsup.joint import Joint, Mixture
from geomsup.laws import Discrete, Law, Uniform, ends, law_from_dict
from geomsup.tables import Tabular

__all__ = ["MOST_PARTS", "Discrete", "Features", "Joint", "Mixture", "Uniform"]

MOST_FEATURES = 10_000_000

# Arguments that group features.
GROUPED = ("correlated", "anticorrelated", "joint")

# Outcomes of a mixture up to which its table is quicker than a loss for each of its states: 8 features of one piece.
TABLED = 256

# Choices of the states of all mixtures, at most: each takes a loss of its own.
MOST_PARTS = 4096


@checks.hinted
@dataclass(frozen=True, eq=False)
class Features(Tabular):
    """Sparse features: x_i is 0 with probability 1 - p_i, else drawn from its distribution, alone or with its group.

    Parameters
    ----------
    n
        Number of features.
    probability
        p_i = P(x_i ≠ 0) = 1 − sparsity, in [0, 1]; one number or ``(n,)``. Those of `joint` features follow from their
        tables: one number is for the others, and ``(n,)`` must agree.
    importance
        Weight I_i >= 0 of feature i in the loss; one number or ``(n,)``.
    values
        Distribution of a present feature's value, such as `Uniform`, `Discrete` or `Normal` (any `Law`); one for all
        features, or one for each. By default the paper's U[0, 1].
    correlated
        Groups of indices that are present or absent together, with the same probability; values are independent.
    anticorrelated
        Groups of indices of which at most one is present, each with its own probability; these add to at most 1.
    joint
        Who comes with whom: a `Joint`, any distribution over the sets of up to 16 features (correlation of any
        strength, hierarchies, exactly k present, arcs of a ring), or a `Mixture`, any number of features that are
        independent given the state of something hidden. Several of them are independent of each other.
    normalised
        Whether each sample is divided by its length ‖x‖₂; a sample without a present feature stays 0. The features then
        depend on each other: losses are sampled, training works, and the moments below are refused.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, shape or range, or groups overlap.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition": the synthetic data; "The geometry of superposition":
    correlated and anticorrelated features.

    Examples
    --------
    >>> features = Features(5, probability=0.1)
    >>> float(features.variance[0])  # p/3 - p²/4, the cost of a feature that is not represented
    0.03083333
    >>> features.sample(2, rng=0).shape
    (2, 5)
    >>> pairs = Features(4, 0.1, values=Discrete((1,)), correlated=[(0, 1), (2, 3)])
    >>> float(pairs.covariance[0, 1])  # p - p²
    0.09
    >>> import geomsup as gs
    >>> features = gs.Features(2, 0.1)
    >>> features.sample(3, 0).shape, features.variance.round(5).tolist()
    ((3, 2), [0.03083, 0.03083])
    >>> len(features.to_rows())
    2
    >>> gs.Features.from_dict(features.to_dict()) == features
    True
    """

    n: int
    probability: np.ndarray = 1.0  # pyright: ignore[reportAssignmentType]
    importance: np.ndarray = 1.0  # pyright: ignore[reportAssignmentType]
    values: Law | tuple[Law, ...] = field(default_factory=Uniform)
    correlated: Groups = ()
    anticorrelated: Groups = ()
    joint: tuple[Joint | Mixture, ...] = ()
    normalised: bool = False

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            n: int,
            probability: Any = 1.0,
            importance: Any = 1.0,
            values: Law | Sequence[Law] = ...,
            correlated: Sequence[Sequence[int]] | np.ndarray = (),
            anticorrelated: Sequence[Sequence[int]] | np.ndarray = (),
            joint: Sequence[Joint | Mixture] = (),
            normalised: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        n = checks.integer("n", self.n, minimum=1, maximum=MOST_FEATURES)
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "values", laws_of(self.values, n))
        object.__setattr__(self, "joint", joints_of(self.joint, n))
        object.__setattr__(self, "probability", with_joint(self.probability, self.joint, n))
        bounds = {"probability": (0.0, 1.0), "importance": (0.0, np.inf)}
        for name, (low, high) in bounds.items():
            array = checks.per_feature(name, getattr(self, name), n, low=low, high=high)
            object.__setattr__(self, name, _frozen(array))
        for name in ("correlated", "anticorrelated"):
            object.__setattr__(self, name, groups_of(name, getattr(self, name), n))
        check_groups(self.correlated, self.anticorrelated, self.joint, self.probability)
        object.__setattr__(self, "normalised", checks.boolean("normalised", self.normalised))

    @property
    def grouped(self) -> bool:
        """Whether the presence of some features depends on that of others."""
        return bool(self.correlated or self.anticorrelated or self.joint)

    @cached_property
    def laws(self) -> tuple[Law, ...]:
        """The distribution of each feature's values, ``n`` of them."""
        return self.values if isinstance(self.values, tuple) else (self.values,) * self.n

    @cached_property
    def kinds(self) -> tuple[tuple[int, ...], ...]:
        """Features that have the same probability, importance and distribution, kind by kind."""
        kinds: dict[tuple[float, float, Law], list[int]] = {}
        for i, key in enumerate(zip(self.probability.tolist(), self.importance.tolist(), self.laws, strict=True)):
            kinds.setdefault(key, []).append(i)
        return tuple(map(tuple, kinds.values()))

    @cached_property
    def units(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Independent units: ("together", members), ("one of", members), ("joint", members) or ("mixture", members).

        A feature alone is "together". The features of `parts` have no mixtures.
        """
        self.refuse_normalised()
        tables = tuple(table.members for table in self.joint)
        kinds = tuple("mixture" if isinstance(table, Mixture) else "joint" for table in self.joint)
        grouped = {i for group in self.correlated + self.anticorrelated + tables for i in group}
        alone = tuple(("together", (i,)) for i in range(self.n) if i not in grouped)
        return (
            *alone,
            *(("together", group) for group in self.correlated),
            *(("one of", group) for group in self.anticorrelated),
            *zip(kinds, tables, strict=True),
        )

    @cached_property
    def parts(self) -> tuple[tuple[float, "Features"], ...]:
        """What these features are a mixture of: weights, and features without a `Mixture`; or themselves alone.

        There is one for each choice of the hidden states. Mixtures of few features become tables instead.

        Examples
        --------
        >>> parts = Features(300, joint=[Mixture(range(300), np.full((2, 300), [[0.1], [0.2]]))]).parts
        >>> [(weight, float(part.probability[0])) for weight, part in parts]
        [(0.5, 0.1), (0.5, 0.2)]
        """
        if not self._mixtures:
            return ((1.0, self),)
        if self.choices > MOST_PARTS:
            raise ValueError(
                f"`joint` must not leave more than {MOST_PARTS} choices of the states of all mixtures; "
                f'got {self.choices:g}. Pass method="sampled" to expected_loss, or Joint.mixture for few features.'
            )
        large = self._large_mixtures
        fixed = [_tabled(table) for table in self.joint if table not in large]
        found: list[tuple[float, Features]] = []
        for states in product(*(zip(one.weights.tolist(), one.given, strict=True) for one in large)):
            probability, weight = np.array(self.probability), prod(weight for weight, _ in states)
            for mixture, (_, p) in zip(large, states, strict=True):
                probability[list(mixture.members)] = p
            if weight > 0:
                found.append((weight, replace(self, probability=probability, joint=fixed)))
        return tuple(found)

    @cached_property
    def choices(self) -> int:
        """Number of choices of the states of the mixtures that do not become tables: that of `parts`, at most."""
        return prod(len(mixture.weights) for mixture in self._large_mixtures)

    @cached_property
    def _large_mixtures(self) -> list[Mixture]:
        pieces = [len(law.pieces()[0]) for law in self.laws] if self._mixtures else []
        return [
            mixture for members, mixture in self._mixtures.items()
            if prod(1 + pieces[i] for i in members) > TABLED
        ]  # fmt: skip

    def sets(self, kind: str, group: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], float], ...]:
        """Return the sets of features of a unit that may be present, each with its probability.

        Examples
        --------
        >>> features = Features(3, 0.1, correlated=[(0, 1)])
        >>> [features.sets(*unit) for unit in features.units]
        [(((2,), 0.1),), (((0, 1), 0.1),)]
        """
        if kind == "joint":
            return self._tables[group].table
        if kind == "mixture":
            raise ValueError(
                '`kind` must not be "mixture", whose sets are too many; got "mixture". Ask `parts` for them.'
            )
        if kind == "together":
            return ((group, float(self.probability[group[0]])),)
        return tuple(((i,), float(self.probability[i])) for i in group)

    def both(self, kind: str, group: tuple[int, ...]) -> np.ndarray:
        """Return P(features i and j of a unit are both present), ``(group, group)``; on the diagonal P(i is present).

        Examples
        --------
        >>> features = Features(3, 0.1, correlated=[(0, 1)])
        >>> features.both("together", (0, 1))
        array([[0.1, 0.1],
               [0.1, 0.1]])
        """
        if kind == "one of":
            return np.diag(self.probability[list(group)])
        if kind == "mixture":
            mixture = self._mixtures[group]
            result = (mixture.given.T * mixture.weights) @ mixture.given
            np.fill_diagonal(result, mixture.probability)
            return result
        sets = self.sets(kind, group)
        present = np.array([[i in one for i in group] for one, _ in sets], float).reshape(-1, len(group))
        return present.T @ (present * np.array([p for _, p in sets])[:, None])

    @cached_property
    def _tables(self) -> dict[tuple[int, ...], Joint]:
        return {table.members: table for table in self.joint if isinstance(table, Joint)}

    @cached_property
    def _mixtures(self) -> dict[tuple[int, ...], Mixture]:
        return {table.members: table for table in self.joint if isinstance(table, Mixture)}

    @cached_property
    def ends(self) -> np.ndarray:
        """Least and greatest value on the pieces of each present feature's distribution, ``(n, 2)``."""
        found = {id(law): ends(law) for law in self.laws}  # most often one for all features
        return _frozen(np.array([found[id(law)] for law in self.laws]))

    @cached_property
    def reach(self) -> np.ndarray:
        """Largest absolute value on the pieces of each present feature's distribution, ``(n,)``."""
        return _frozen(np.abs(self.ends).max(axis=1))

    @cached_property
    def mean(self) -> np.ndarray:
        """E x_i, ``(n,)``."""
        self.refuse_normalised()
        return _frozen(self.probability * np.array([law.mean for law in self.laws]))

    @cached_property
    def second_moment(self) -> np.ndarray:
        """E x_i², ``(n,)``."""
        self.refuse_normalised()
        return _frozen(self.probability * np.array([law.second_moment for law in self.laws]))

    @cached_property
    def root_mean_square(self) -> np.ndarray:
        """sqrt(E x_i²), ``(n,)``."""
        return _frozen(np.sqrt(self.second_moment))

    @cached_property
    def variance(self) -> np.ndarray:
        """Var(x_i), ``(n,)``: the loss of a feature that is not represented, per unit of importance."""
        return _frozen(self.second_moment - self.mean**2)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Cov(x_i, x_j), ``(n, n)``: off the diagonal only groups count."""
        mean, centre = self.mean, np.array([law.mean for law in self.laws])
        result = np.diag(self.variance)
        for kind, members in self.units:
            if len(members) > 1:
                at = list(members)
                block = self.both(kind, members) * np.outer(centre[at], centre[at]) - np.outer(mean[at], mean[at])
                np.fill_diagonal(block, self.variance[at])
                result[np.ix_(at, at)] = block
        return _frozen(result)

    def refuse_normalised(self) -> None:
        """Raise ValueError if samples are normalised: what follows would rest on independent features.

        Examples
        --------
        >>> Features(2, 0.1, normalised=True).refuse_normalised()
        Traceback (most recent call last):
        ValueError: `features` must not be normalised for moments, ...
        """
        if self.normalised:
            raise ValueError(
                "`features` must not be normalised for moments, exact losses, optima and comparisons, as the features "
                'then depend on each other; got normalised=True. Use expected_loss(method="sampled"), or leave it out.'
            )

    def sample(self, size: int, rng: Any = None) -> np.ndarray:
        """Draw inputs ``(size, n)``; `rng` is anything ``np.random.default_rng`` takes."""
        size = checks.integer("size", size, minimum=0)
        checks.room("size", size * self.n)
        generator = checks.random_generator("rng", rng)
        present = generator.random((size, self.n)) < self.probability
        for group in self.correlated:
            present[:, group] = present[:, group[:1]]
        for group in self.anticorrelated:
            edges = np.concatenate([[0.0], np.cumsum(self.probability[list(group)])])
            lot = generator.random((size, 1))
            present[:, group] = (lot >= edges[:-1]) & (lot < edges[1:])
        for table in self.joint:
            present[:, table.members] = table.present(size, generator)
        if isinstance(self.values, tuple):
            values = np.stack([law.sample(size, generator) for law in self.values], axis=1)
        else:
            values = self.values.sample((size, self.n), generator)
        x = np.where(present, values, 0.0)
        return _normalised(x) if self.normalised else x

    def to_dict(self) -> dict[str, Any]:
        """Return the features as plain lists and numbers, ready for JSON."""
        values = self.values
        return {
            "n": self.n,
            "probability": self.probability.tolist(),
            "importance": self.importance.tolist(),
            "values": [law.to_dict() for law in values] if isinstance(values, tuple) else values.to_dict(),
            "correlated": [list(group) for group in self.correlated],
            "anticorrelated": [list(group) for group in self.anticorrelated],
            "joint": [table.to_dict() for table in self.joint],
            "normalised": self.normalised,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Features":
        """Build features from what `to_dict` returned."""
        checks.holds("data", data, ("n", "probability", "importance"))
        law = data.get("values", Uniform().to_dict())
        if not isinstance(law, dict | list | tuple):
            raise TypeError(
                f"`values` must be a distribution, or a list of them; got {checks.shown(law)}. See `to_dict`."
            )
        values = law_from_dict(law) if isinstance(law, dict) else [law_from_dict(one) for one in law]
        tables = data.get("joint", ())
        if not is_list(tables):
            raise TypeError(f"`joint` must be a list of tables; got {checks.shown(tables)}. See `to_dict`.")
        joint = [(Mixture if _has_states(table) else Joint).from_dict(table) for table in tables]
        groups = data.get("correlated", ()), data.get("anticorrelated", ()), joint
        return cls(data["n"], data["probability"], data["importance"], values, *groups, data.get("normalised", False))

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: probability of presence, importance, distribution of values."""
        stated = zip(self.probability.tolist(), self.importance.tolist(), self.laws, strict=True)
        return [
            {"feature": i, "probability": p, "importance": importance, "values": repr(law)}
            for i, (p, importance, law) in enumerate(stated)
        ]

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Features) and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        arrays = (*self.probability.tolist(), *self.importance.tolist())
        groups = self.correlated, self.anticorrelated, self.joint
        return (self.n, *arrays, self.values, *groups, self.normalised)

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        shown = [str(self.n)]
        for name in ("probability", "importance"):
            array = getattr(self, name)
            same = bool((array == array[0]).all())
            shown.append(
                f"{name}={array[0]:g}" if same else f"{name}={np.array2string(array, threshold=6, precision=4)}"
            )
        shown.append(f"values={self.values!r}")
        shown += [f"{name}={getattr(self, name)}" for name in (*GROUPED, "normalised") if getattr(self, name)]
        return f"Features({', '.join(shown)})"


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array


def _normalised(x: np.ndarray) -> np.ndarray:
    """Divide samples ``(size, n)`` by their lengths; those of zeros stay."""
    largest = np.abs(x).max(axis=1, keepdims=True)  # squares of x may be no doubles
    x = x / np.where(largest > 0, largest, 1.0)
    length = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(length > 0, length, 1.0)


def _has_states(table: Any) -> bool:
    return isinstance(table, Mapping) and "given" in table


def _tabled(table: Joint | Mixture) -> Joint:
    if isinstance(table, Joint):
        return table
    return Joint.mixture(table.members, table.given, weights=table.weights)
