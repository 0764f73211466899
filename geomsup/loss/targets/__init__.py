"""Losses to other targets than x, of other powers than the square, and by the number of active features."""

from geomsup.loss.targets.losses import count_distribution, method_for, target_losses
from geomsup.loss.targets.target import TARGETS, USUAL, Wanted, checked

__all__ = ["TARGETS", "USUAL", "Wanted", "checked", "count_distribution", "method_for", "target_losses"]
