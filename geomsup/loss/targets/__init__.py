"""Losses to other targets than x, of other powers than the square, and by the number of active features."""

from geomsup.loss.targets.losses import count_distribution, method_for, target_losses
from geomsup.loss.targets.target import PAIRS, TARGETS, USUAL, Wanted, checked, targets_of

__all__ = [
    "PAIRS", "TARGETS", "USUAL", "Wanted", "checked", "count_distribution", "method_for", "target_losses", "targets_of",
]  # fmt: skip
