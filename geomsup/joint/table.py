"""Which of a few features are present together: any distribution over their sets."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import comb, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.joint.mixture import checked_members, checked_states

__all__ = ["Joint"]

# Members of one distribution, at most: a table of all their sets has 2^16 entries.
MOST_MEMBERS = 16

# Sets of members by states, of a mixture, that are worked out at a time: 32 MB.
MOST_ENTRIES = 2**22

# Rounding errors of probabilities that add to 1.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class Joint:
    """A distribution over the sets of features that are present together; values are independent of it.

    ``Features(n, p, joint=[...])`` takes any number of them, for different features. The class methods make the usual
    ones.

    Parameters
    ----------
    members
        Indices of the features.
    table
        Probability of each set of members that are present, ``{(0, 1): 0.1, (0,): 0.2}``. The remaining probability is
        that of no member present.

    Raises
    ------
    TypeError, ValueError
        If a set has other members, or the probabilities are negative or add to more than 1.

    Examples
    --------
    >>> pair = Joint((0, 1), {(0, 1): 0.1, (0,): 0.2})
    >>> pair.probability, pair.absent
    (array([0.3, 0.1]), 0.7)
    >>> Joint.correlated((0, 1), 0.1, correlation=0.5)
    Joint((0, 1), 3 sets, probability 0.1)
    >>> pair.both(0, 1), pair.moved({0: 3, 1: 5}).members
    (0.1, (3, 5))
    >>> pair.present(4, rng=0).shape
    (4, 2)
    >>> Joint.from_dict(pair.to_dict()) == pair
    True
    """

    members: tuple[int, ...]
    table: tuple[tuple[tuple[int, ...], float], ...]

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(self, members: Iterable[int], table: Any) -> None: ...

    def __post_init__(self) -> None:
        members = _members(self.members)
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "table", _table(members, self.table))

    @cached_property
    def probability(self) -> np.ndarray:
        """P(member is present), ``(members,)``."""
        parts = [sum(p for present, p in self.table if i in present) for i in self.members]
        result = np.array(parts, dtype=np.float64)
        result.flags.writeable = False
        return result

    @cached_property
    def absent(self) -> float:
        """P(no member is present)."""
        return max(1.0 - sum(p for _, p in self.table), 0.0)

    def both(self, i: int, j: int) -> float:
        """P(features i and j are both present)."""
        return float(sum(p for present, p in self.table if i in present and j in present))

    def present(self, size: int, rng: Any = None) -> np.ndarray:
        """Draw which members are present, ``(size, members)``; `rng` is anything ``np.random.default_rng`` takes."""
        lots = checks.random_generator("rng", rng).random(checks.integer("size", size, minimum=0))
        edges = np.cumsum([p for _, p in self.table])  # each set has a stretch of lots
        sets = [present for present, _ in self.table] + [()]
        states = np.array([[i in present for i in self.members] for present in sets])
        return states[np.searchsorted(edges, lots, side="right")]

    def moved(self, places: Mapping[int, int]) -> "Joint":
        """Return the same distribution for other features: i becomes ``places[i]``."""
        table = {tuple(places[i] for i in present): p for present, p in self.table}
        return Joint([places[i] for i in self.members], table)

    @classmethod
    def independent(cls, members: Iterable[int], probability: Any) -> "Joint":
        """Features that are independent of each other, each present with its probability.

        Examples
        --------
        >>> Joint.independent((0, 1), (0.5, 0.2)).both(0, 1)
        0.1
        """
        own = _members(members)
        p = checks.per_feature("probability", probability, len(own), low=0.0, high=1.0)
        return cls(own, _independent(own, p))

    @classmethod
    def correlated(cls, members: Iterable[int], probability: Any, *, correlation: float) -> "Joint":
        """Features that are coupled with the probability `correlation`, and independent otherwise.

        Coupled features share one uniform number U: feature i is present if U < p_i. With equal probabilities all are
        present or none is, and the presence of any two has the correlation `correlation`.

        Parameters
        ----------
        members
            Indices of the features.
        probability
            P(feature is present), one number or one per member.
        correlation
            From 0, independent, to 1, together.

        Examples
        --------
        >>> pair = Joint.correlated((0, 1), 0.1, correlation=0.5)
        >>> (pair.both(0, 1) - 0.01) / (0.1 * 0.9)
        0.5
        >>> Joint.correlated((0, 1), (0.5, 0.25), correlation=1).table
        (((0,), 0.25), ((0, 1), 0.25))
        """
        own = _members(members)
        p = checks.per_feature("probability", probability, len(own), low=0.0, high=1.0)
        share = _probability("correlation", correlation)
        table = {present: (1 - share) * q for present, q in _independent(own, p).items()}
        order = np.argsort(-p, kind="stable")
        falling = np.append(p[order], 0.0)
        for k in range(len(own)):  # the likeliest k + 1 features are present
            present = tuple(own[i] for i in sorted(order[: k + 1].tolist()))
            table[present] = table.get(present, 0.0) + share * float(falling[k] - falling[k + 1])
        return cls(own, table)

    @classmethod
    def mixture(cls, members: Iterable[int], probability: Any, *, weights: Any = None) -> "Joint":
        """Features that are independent of each other, given the state of something hidden: a topic, an angle.

        This is the table of a `Mixture`, which takes more features.

        P(S) = Σ_k w_k Π_{i in S} p_ki Π_{i not in S} (1 − p_ki).

        Parameters
        ----------
        members
            Indices of the features.
        probability
            p_ki = P(feature i is present, given state k), ``(states, members)``.
        weights
            Relative weights w_k of the states, ``(states,)``; equal by default.

        Examples
        --------
        >>> months = Joint.mixture((0, 1, 2), [[0.9, 0.1, 0.0], [0.0, 0.1, 0.9]])
        >>> months.probability, months.both(0, 2)
        (array([0.45, 0.1 , 0.45]), 0.0)
        """
        own = _members(members)
        p, share = checked_states("probability", probability, weights, len(own))
        step = max(1, MOST_ENTRIES >> len(own))
        total = sum(share[k : k + step] @ _given(p[k : k + step]) for k in range(0, len(p), step))
        sets = (
            (tuple(i for k, i in enumerate(own) if code >> k & 1), q) for code, q in enumerate(np.array(total).tolist())
        )
        return cls(own, {present: q for present, q in sets if present})

    @classmethod
    def exactly(cls, members: Iterable[int], count: int) -> "Joint":
        """`count` of the features are present, all sets of so many equally often.

        Examples
        --------
        >>> Joint.exactly(range(4), 2).probability
        array([0.5, 0.5, 0.5, 0.5])
        """
        own = _members(members)
        count = checks.integer("count", count, minimum=1, maximum=len(own))
        ways = comb(len(own), count)
        return cls(own, dict.fromkeys(combinations(own, count), 1 / ways))

    @classmethod
    def one_at_least(cls, members: Iterable[int], probability: float) -> "Joint":
        """Independent features; if none of them would be present, one is, and all are equally likely to be that one.

        Examples
        --------
        >>> Joint.one_at_least((0, 1), 0.5).probability  # 1/2 + 1/2 · 1/4
        array([0.625, 0.625])
        """
        own, p = _members(members), _probability("probability", probability)
        table = _independent(own, np.full(len(own), p))
        for i in own:
            table[i,] = table.get((i,), 0.0) + (1 - p) ** len(own) / len(own)
        return cls(own, table)

    @classmethod
    def hierarchy(cls, parents: Mapping[int, Sequence[int]], probability: Any, *, need: str = "all") -> "Joint":
        """Features that are only present if all, or any, of their parents are: trees, and graphs without circles.

        Parameters
        ----------
        parents
            Parents of each member, ``{0: [], 1: [0], 2: [0]}``: 0 has none, 1 and 2 are its children.
        probability
            P(feature is present, given that its parents are), one number or one per member, in the order of `parents`.
        need
            "all" parents, or "any" of them.

        Examples
        --------
        >>> Joint.hierarchy({0: [], 1: [0], 2: [0]}, (0.1, 0.5, 0.5)).probability
        array([0.1 , 0.05, 0.05])
        """
        if not isinstance(parents, Mapping) or not all(isinstance(above, Sequence) for above in parents.values()):
            raise TypeError(
                f"`parents` must map each member to a list of its parents; got {checks.shown(parents)}. "
                "Write {0: [], 1: [0]}."
            )
        own = _members(parents)
        p = dict(zip(own, checks.per_feature("probability", probability, len(own), low=0.0, high=1.0), strict=True))
        enough = all if checks.one_of("need", need, ("all", "any")) == "all" else any
        table: dict[tuple[int, ...], float] = {(): 1.0}
        for i in _in_order(own, parents):
            above = tuple(parents[i])
            grown: dict[tuple[int, ...], float] = {}
            for present, q in table.items():
                may = not above or enough(parent in present for parent in above)
                chance = p[i] if may else 0.0
                for state, weight in (((*present, i), q * chance), (present, q * (1 - chance))):
                    if weight > 0:
                        grown[state] = weight
            table = grown
        return cls(own, {present: q for present, q in table.items() if present})

    @classmethod
    def ring(cls, members: Iterable[int], width: float, *, probability: float = 1.0) -> "Joint":
        """Features on a circle: those within an arc of `width` about a random angle are present.

        Parameters
        ----------
        members
            Indices of the features, in their order on the circle.
        width
            Length of the arc, in distances of neighbours; more than 0, less than the number of members.
        probability
            P(there is an arc).

        Examples
        --------
        >>> Joint.ring(range(6), 1.5).probability
        array([0.25, 0.25, 0.25, 0.25, 0.25, 0.25])
        """
        own, p = _members(members), _probability("probability", probability)
        k, width = len(own), checks.positive_number("width", width)
        if not width < k:
            raise ValueError(
                f"`width` must be less than the number of members ({k}); got {width:g}. Pass a shorter arc."
            )
        whole, part = int(width), width - int(width)
        table: dict[tuple[int, ...], float] = {}
        for first in range(k):
            for length, share in ((whole, 1 - part), (whole + 1, part)):
                present = tuple(own[(first + step) % k] for step in range(min(length, k)))
                key = tuple(sorted(present))
                table[key] = table.get(key, 0.0) + p * share / k
        table.pop((), None)
        return cls(own, table)

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain lists and numbers, ready for JSON."""
        return {"members": list(self.members), "table": [[list(present), p] for present, p in self.table]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Joint":
        """Build a distribution from what `to_dict` returned."""
        checks.holds("joint", data, ("members", "table"))
        return cls(data["members"], data["table"])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Joint) and (self.members, self.table) == (other.members, other.table)

    def __hash__(self) -> int:
        return hash((self.members, self.table))

    def __repr__(self) -> str:
        low, high = float(self.probability.min()), float(self.probability.max())
        shown = f"{low:g}" if high - low < ROUNDING else f"{low:g} to {high:g}"
        return f"Joint({self.members}, {len(self.table)} sets, probability {shown})"


def _members(members: Any) -> tuple[int, ...]:
    return checked_members(members, MOST_MEMBERS)


def _table(members: tuple[int, ...], table: Any) -> tuple[tuple[tuple[int, ...], float], ...]:
    """Sets in the order of the members, each once, without those that never come, and without the empty one."""
    place = {i: k for k, i in enumerate(members)}
    sums: dict[tuple[int, ...], float] = {}
    for present, p in _pairs(table):
        group = tuple(present) if isinstance(present, Iterable) and not isinstance(present, str) else (present,)
        if not all((type(i) is int or isinstance(i, Hashable)) and i in place for i in group) or len(set(group)) < len(
            group
        ):
            raise ValueError(
                f"`table` must have sets of members {members}, each once; got {checks.shown(present)}. "
                "Write the indices that are present."
            )
        key = tuple(sorted(map(int, group), key=lambda i: place[i]))
        sums[key] = sums.get(key, 0.0) + _probability("table", p)
    total = sum(sums.values())
    if not total <= 1 + ROUNDING:
        raise ValueError(f"`table` must hold probabilities that add to at most 1; got {total:g}. Divide by the sum.")
    kept = [(key, p) for key, p in sums.items() if key and p > 0]
    return tuple(sorted(kept, key=lambda entry: [place[i] for i in entry[0]]))


def _pairs(table: Any) -> list[tuple[Any, Any]]:
    entries = list(table.items()) if isinstance(table, Mapping) else table
    if isinstance(entries, list | tuple) and all(isinstance(one, list | tuple) and len(one) == 2 for one in entries):
        return [(one[0], one[1]) for one in entries]
    raise TypeError(
        f"`table` must map sets of members to probabilities; got {checks.shown(table)}. Write {{(0, 1): 0.1}}."
    )


def _probability(name: str, value: Any) -> float:
    if type(value) is float and 0 <= value <= 1:  # most of a table of thousands of sets: 40 times as quick
        return value
    p = checks.number(name, value)
    if not 0 <= p <= 1:
        raise ValueError(f"`{name}` must be from 0 to 1; got {p:g}. Pass a probability.")
    return p


def _independent(members: tuple[int, ...], p: np.ndarray) -> dict[tuple[int, ...], float]:
    table = {}
    for states in product((False, True), repeat=len(members)):
        weight = prod(float(q) if here else 1 - float(q) for here, q in zip(states, p, strict=True))
        present = tuple(i for i, here in zip(members, states, strict=True) if here)
        if present and weight > 0:
            table[present] = weight
    return table


def _given(p: np.ndarray) -> np.ndarray:
    """Return P(S | state) of all sets S of members, ``(states, sets)``; p is ``(states, members)``."""
    chance = np.ones((len(p), 1))
    for column in p.T:  # of the members so far
        chance = np.concatenate([chance * (1 - column)[:, None], chance * column[:, None]], axis=1)
    return chance


def _in_order(members: tuple[int, ...], parents: Mapping[int, Sequence[int]]) -> list[int]:
    """Members, each behind its parents."""
    order: list[int] = []
    left = list(members)
    for i in members:
        strange = [parent for parent in parents[i] if parent not in parents]
        if strange:
            raise ValueError(f"`parents` must be members themselves; got {strange[0]} for {i}. Add it as a member.")
    while left:
        ready = [i for i in left if all(parent in order for parent in parents[i])]
        if not ready:
            raise ValueError(f"`parents` must not go in circles; got one among {left}. Take out a parent.")
        order += ready
        left = [i for i in left if i not in ready]
    return order
