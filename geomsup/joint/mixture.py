"""Features that are independent of each other, given the state of something hidden: any number of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks

__all__ = ["Mixture", "checked_members", "checked_states"]

MOST_INDICES = 10_000_000  # members: as many as `Features` may have; a range may be too long for the memory
MOST_SHOWN = 16  # members that are named: a line of them


@dataclass(frozen=True, eq=False, repr=False)
class Mixture:
    """Features that are independent of each other, given the state of something hidden: a topic, a context, a parent.

    P(S) = Σ_k w_k Π_{i in S} p_ki Π_{i not in S} (1 − p_ki).

    ``Features(n, p, joint=[...])`` takes it beside `Joint` tables. There may be any number of features, for the
    expected loss is the mean Σ_k w_k L_k of those of independent features. Values are independent of the state.

    Parameters
    ----------
    members
        Indices of the features.
    given
        p_ki = P(feature i is present, given state k), ``(states, members)``.
    weights
        Relative weights w_k of the states, ``(states,)``; equal by default. They are kept with the sum 1.

    Raises
    ------
    TypeError, ValueError
        If a probability is not from 0 to 1, a weight is negative, all are 0, or shapes differ.

    Examples
    --------
    >>> topics = Mixture((0, 1, 2), [[0.5, 0.5, 0.0], [0.0, 0.0, 0.5]], weights=[3, 1])
    >>> topics
    Mixture((0, 1, 2), 2 states, probability 0.125 to 0.375)
    >>> topics.probability, topics.both(0, 1), topics.both(0, 2)
    (array([0.375, 0.375, 0.125]), 0.1875, 0.0)
    >>> topics.present(2, rng=0).shape, topics.moved({0: 5, 1: 3, 2: 4}).members
    ((2, 3), (5, 3, 4))
    >>> Mixture.from_dict(topics.to_dict()) == topics
    True
    """

    members: tuple[int, ...]
    given: np.ndarray
    weights: np.ndarray = None  # pyright: ignore[reportAssignmentType]

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(self, members: Iterable[int], given: Any, weights: Any = None) -> None: ...

    def __post_init__(self) -> None:
        members = checked_members(self.members)
        given, weights = checked_states("given", self.given, self.weights, len(members))
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "given", _frozen(given))
        object.__setattr__(self, "weights", _frozen(weights))

    @cached_property
    def probability(self) -> np.ndarray:
        """P(member is present), ``(members,)``."""
        return _frozen(np.minimum(self.weights @ self.given, 1.0))  # weights may add to an ulp more than 1

    def both(self, i: int, j: int) -> float:
        """P(features i and j are both present)."""
        first, second = (self.given[:, self.members.index(feature)] for feature in (i, j))
        return float(self.weights @ (first if i == j else first * second))

    def moved(self, places: Mapping[int, int]) -> "Mixture":
        """Return the same distribution for other features: i becomes ``places[i]``."""
        return Mixture([places[i] for i in self.members], self.given, self.weights)

    def present(self, size: int, rng: Any = None) -> np.ndarray:
        """Draw which members are present, ``(size, members)``; `rng` is anything ``np.random.default_rng`` takes."""
        generator = checks.random_generator("rng", rng)
        edges = np.cumsum(self.weights)[:-1]  # the last state has what is left
        states = np.searchsorted(edges, generator.random(checks.integer("size", size, minimum=0)), side="right")
        return generator.random((size, len(self.members))) < self.given[states]

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain lists and numbers, ready for JSON."""
        return {"members": list(self.members), "given": self.given.tolist(), "weights": self.weights.tolist()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Mixture":
        """Build a distribution from what `to_dict` returned."""
        checks.holds("joint", data, ("members", "given"))
        return cls(data["members"], data["given"], data.get("weights"))

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return self.members, self.given.tobytes(), self.weights.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mixture) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        few = self.members if len(self.members) <= MOST_SHOWN else f"{len(self.members)} features"
        low, high = f"{self.probability.min():g}", f"{self.probability.max():g}"
        states, probability = checks.count(len(self.weights), "state"), low if low == high else f"{low} to {high}"
        return f"Mixture({few}, {states}, probability {probability})"


def checked_members(members: Any, most: int | None = None) -> tuple[int, ...]:
    """Return indices of features, each once, at most so many."""
    limit = most or MOST_INDICES
    try:
        found = tuple(checks.integer("members", i, minimum=0) for i in islice(members, limit + 1))
    except TypeError as error:
        if "members" in str(error):
            raise
        raise TypeError(f"`members` must be a list of indices; got {checks.shown(members)}. Write (0, 1, 2).") from None
    if not 0 < len(found) <= limit or len(set(found)) < len(found):
        rule = f"1 to {limit}" if most or len(found) > limit else "one or more"
        hint = "Use several Joints with fewer members, or a Mixture of states." if most else "Name each feature once."
        raise ValueError(f"`members` must be {rule} different indices; got {checks.shown(members)}. {hint}")
    return found


def checked_states(name: str, given: Any, weights: Any, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return P(feature | state), ``(states, count)``, and the weights of the states, whose sum is 1."""
    p = checks.real_array(name, given)
    if p.ndim != 2 or p.shape[1] != count or not len(p) or not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"`{name}` must have the shape (states, {count}), with entries from 0 to 1; "
            f"got {checks.shown(given)}. Write a row of probabilities for each state."
        )
    share = np.ones(len(p)) if weights is None else np.atleast_1d(checks.real_array("weights", weights))
    if share.shape != (len(p),) or not (share >= 0).all() or not share.max() > 0:
        raise ValueError(
            f"`weights` must be at least 0, one per state ({len(p)}), and not all 0; got {checks.shown(weights)}. "
            "Write how often each state comes."
        )
    share = share / share.max()  # so that their sum is a double
    return np.array(p), share / share.sum()


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
