"""The limit of high sparsity, where one feature is active at a time: its loss and its codes."""

from geomsup.one_hot.loss import OneHotLoss, one_hot_loss
from geomsup.one_hot.states import OneHotState, one_hot_features, one_hot_state, one_hot_states
from geomsup.one_hot.tables import OneHotTable, one_hot_codes, one_hot_polygons

__all__ = [
    "OneHotLoss",
    "OneHotState",
    "OneHotTable",
    "one_hot_codes",
    "one_hot_features",
    "one_hot_loss",
    "one_hot_polygons",
    "one_hot_state",
    "one_hot_states",
]
