"""The expected loss, as exactly as it can be had."""

from contextlib import suppress

from geomsup.features import Features
from geomsup.loss import ExpectedLoss, expected_loss
from geomsup.loss.expected import Unreachable
from geomsup.model import ToyModel
from geomsup.samples import SampledFeatures

__all__ = ["reachable_loss"]

# Relative accuracies to ask for: of many discrete values, series may not reach the usual one (None).
ACCURACIES, COARSEST = (None, 1e-7, 1e-5), 1e-3
# The first is left out beyond this many features, where it may take half a minute; if there is no time, the second too.
MANY = 60


def reachable_loss(
    model: ToyModel, features: Features, *, quickly: bool = False, target: str = "identity"
) -> ExpectedLoss:
    """Return the expected loss to the usual accuracy, or to the best of some coarser ones that can be reached."""
    many = isinstance(features, Features | SampledFeatures) and features.n > MANY  # `expected_loss` refuses others
    skipped = 1 + quickly if many else 0
    for rtol in ACCURACIES[skipped:]:
        with suppress(Unreachable):
            return expected_loss(model, features, rtol=rtol, target=target)
    return expected_loss(model, features, rtol=COARSEST, target=target)
