"""For which features the losses of models of a kind are known, with their slopes."""

from geomsup import checks
from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.cells.boxes import make_boxes
from geomsup.loss.cells.losses import has_linear_target
from geomsup.loss.objective import sets_of_all
from geomsup.loss.targets import PAIRS, checked
from geomsup.loss.targets.descents import has_pieces
from geomsup.loss.targets.pairs import inputs_needed
from geomsup.optima.conditions.conditions import Conditions

__all__ = ["check_known"]

# Largest values, and 1 over the smallest, of targets that are not of the unit of inputs: losses to squares are fourth
# powers, below 1e308. Products and distances are of different units, and descents are for numbers near 1.
LARGEST_VALUE = {"square": 1e70, "product_pairs": 100.0}
MOST_SETS = 2**10  # of ten features, to another target: a loss takes 0.3 s, and twelve would take 4 s


def check_known(features: Features, asked: Conditions) -> None:
    """Refuse features of which descents do not know the exact loss of such models."""
    target = asked.on(features).target
    if target != "identity":
        checked(asked.target, 2, False, features.n)  # refuses half a pair
    if target in LARGEST_VALUE:
        _check_sizes(features, target)
    if asked.hidden_activation == "relu":
        _check_cells(features, asked)
    elif target != "identity":
        _check_target(features, asked)


def _check_sizes(features: Features, target: str) -> None:
    size, most = features.reach.max(), LARGEST_VALUE[target]
    if not 1 / most <= size <= most:
        raise ValueError(
            f"`features` must have largest values from {1 / most:g} to {most:g} for the target {target!r}; "
            f"got {size:.3g}. Take another unit of x."
        )


def _check_cells(features: Features, asked: Conditions) -> None:
    if make_boxes(features) is None:
        raise ValueError(
            f'`hidden_activation` must be "linear" unless there are few features: up to 5 of uniform values, or some '
            f"more whose values are points; got {_shown(features)}. Train such models."
        )
    if not has_linear_target(features, asked.target):
        raise ValueError(
            '`target` must be "identity", "abs" or "relu" if hidden units are ReLUs and values are not all points; got '
            f"{asked.target!r}. The loss is a sum over cells in which the model and the target are linear."
        )


def _shown(features: Features) -> str:
    count = checks.count(features.n, "feature")
    return count if has_pieces(features) else f"{count} of smooth values, normalised, or in large groups"


def _check_target(features: Features, asked: Conditions) -> None:
    if asked.activation not in LEAKS:
        raise ValueError(
            f"`activation` must be piecewise linear for the target {asked.target!r}; got "
            f"{asked.activation!r}. Pass one of {', '.join(LEAKS)}."
        )
    if asked.target in PAIRS:
        if not inputs_needed(features) <= MOST_SETS:
            raise ValueError(
                f"`target` must not be of pairs unless all values are points, and at most {MOST_SETS} inputs come of "
                f"them; got {asked.target!r}. Train models for it."
            )
        return
    if not has_pieces(features):
        raise ValueError(
            '`target` must be "identity" for smooth distributions of values, normalised features, and large groups; '
            f"got {asked.target!r}. Only piecewise uniform values, and points, have exact losses to others."
        )
    if not sets_of_all(features) <= MOST_SETS:
        raise ValueError(
            f'`target` must be "identity" for more than {MOST_SETS} sets of present features (10 independent ones); '
            f"got {asked.target!r}. Train models for it."
        )
