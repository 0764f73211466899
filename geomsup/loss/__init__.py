"""Expected loss of a model on features, without sampling."""

from geomsup.loss.expected import ExpectedLoss, expected_loss

__all__ = ["ExpectedLoss", "expected_loss"]
