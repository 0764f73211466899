"""Expected loss of a model on features, without sampling."""

from geomsup.loss.curvature import Hessian, hessian
from geomsup.loss.expected import ExpectedLoss, expected_loss

__all__ = ["ExpectedLoss", "Hessian", "expected_loss", "hessian"]
