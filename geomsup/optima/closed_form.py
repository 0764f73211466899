"""Optima that are known without a search: a dimension each for the best features."""

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.result import Optimum
from geomsup.optima.starts import dedicated
from geomsup.optima.tegum.solve import nonnegative

__all__ = ["closed_form", "has_closed_form"]


def has_closed_form(features: Features, n_hidden: int, conditions: Conditions) -> bool:
    """Whether no model is better than a dimension each for the m features of largest I_i Var x_i.

    That is so for linear outputs of uncorrelated features, tied or not (baldi1989: principal components), and where
    there are dimensions for all of them. The rows are orthogonal, so that of all conditions only decay changes it.
    """
    linear = conditions.activation == "linear" and not features.grouped
    enough = n_hidden >= int(np.count_nonzero(features.importance * features.variance)) and nonnegative(features)
    return conditions.weight_decay == 0 and (linear or (enough and conditions.activation in LEAKS))


def closed_form(features: Features, n_hidden: int, conditions: Conditions) -> Optimum:
    """Return this model."""
    model = ToyModel(*dedicated(features, n_hidden), activation=conditions.activation)
    loss = float(reachable_loss(model, features))
    return Optimum(loss, model, "closed form", loss, features, n_hidden, "minimum")
