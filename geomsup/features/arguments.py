"""What the arguments of `Features` may be, as they are kept."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.joint import Joint, Mixture
from geomsup.laws import Discrete, Law, Uniform

__all__ = ["Groups", "check_groups", "groups_of", "is_list", "joints_of", "laws_of", "with_joint"]

Groups = tuple[tuple[int, ...], ...]

# Probabilities that two arguments state, and that differ by less, are the same.
SAME = 1e-12


def laws_of(values: Any, n: int) -> Law | tuple[Law, ...]:
    """Return one distribution, or a tuple of n that are not all the same."""
    if _is_law(values):
        return values
    if not isinstance(values, Sequence) or isinstance(values, str) or not all(map(_is_law, values)):
        raise TypeError(
            f"`values` must be a distribution such as Uniform(0, 1), or one per feature; got {checks.shown(values)}. "
            "Wrap ranges in Uniform, lists of values in Discrete."
        )
    if len(values) != n:
        raise ValueError(
            f"`values` must be one distribution, or one per feature ({n}); got {len(values)}. Add or drop some."
        )
    laws = tuple(values)
    return laws[0] if all(law == laws[0] for law in laws) else laws


def _is_law(value: Any) -> bool:
    # These first: a protocol looks up one member after another, for a tenth of a millisecond.
    return isinstance(value, Uniform | Discrete) or (isinstance(value, Law) and not isinstance(value, type))


def groups_of(name: str, groups: Any, n: int) -> Groups:
    """Return groups of two or more indices below n."""
    if not is_list(groups):
        raise TypeError(
            f"`{name}` must be a list of groups of indices; got {checks.shown(groups)}. Write [(0, 1), (2, 3)]."
        )
    result = []
    for group in groups:
        if not is_list(group):
            raise TypeError(
                f"`{name}` must be a list of groups of indices; got {checks.shown(groups)}. Write [(0, 1), (2, 3)]."
            )
        members = tuple(checks.integer(name, index, minimum=0) for index in group)
        if len(members) < 2 or max(members) >= n:
            raise ValueError(
                f"`{name}` must hold groups of two or more indices below {n}; got {members}. Count from 0."
            )
        result.append(members)
    return tuple(result)


def joints_of(joint: Any, n: int) -> tuple[Joint | Mixture, ...]:
    """Return distributions of who comes with whom, of members below n."""
    if not isinstance(joint, Sequence) or not all(isinstance(table, Joint | Mixture) for table in joint):
        raise TypeError(
            f"`joint` must be a list of Joint or Mixture distributions; got {checks.shown(joint)}. "
            "Write [Joint((0, 1), ...)]."
        )
    for table in joint:
        if max(table.members) >= n:
            raise ValueError(f"`joint` must have members below {n}; got {checks.shown(table.members)}. Count from 0.")
    return tuple(joint)


def with_joint(probability: Any, joint: tuple[Joint | Mixture, ...], n: int) -> Any:
    """Probabilities of all features, those of joint ones from their tables."""
    if not joint:
        return probability
    members = [i for table in joint for i in table.members]
    known = np.concatenate([table.probability for table in joint])
    array = np.array(checks.per_feature("probability", probability, n, low=0.0, high=1.0))
    if np.ndim(probability) == 1:
        off = np.abs(array[members] - known)
        if not off.max() <= SAME:
            worst = int(off.argmax())
            raise ValueError(
                f"`probability` must agree with `joint`; got {array[members[worst]]:g} for feature {members[worst]}, "
                f"whose table gives {known[worst]:g}. Pass one number for the features without a table."
            )
    array[members] = known
    return array


def check_groups(
    correlated: Groups, anticorrelated: Groups, joint: tuple[Joint | Mixture, ...], probability: np.ndarray
) -> None:
    """Raise ValueError if groups overlap, or if their probabilities cannot be."""
    everyone = [i for group in correlated + anticorrelated + tuple(table.members for table in joint) for i in group]
    twice = sorted(i for i, times in Counter(everyone).items() if times > 1)
    if twice:
        raise ValueError(
            f"`correlated`, `anticorrelated` and `joint` must name every feature once at most; got {twice[0]} twice. "
            "Merge them."
        )
    for group in correlated:
        shared = probability[list(group)]
        if (shared != shared[0]).any():
            raise ValueError(
                f"`probability` must be the same within a correlated group; got {shared.tolist()} for {group}. "
                "The members are present together."
            )
    for group in anticorrelated:
        total = float(probability[list(group)].sum())
        if total > 1 + 1e-12:
            raise ValueError(
                f"`probability` must add to at most 1 within an anticorrelated group; got {total:g} for {group}. "
                "At most one member is present."
            )


def is_list(value: Any) -> bool:
    """Whether it is a list, or an array of at least one axis; a string is neither."""
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0
