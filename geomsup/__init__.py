"""geomsup: exact losses, named geometry and theoretical optima for superposition in toy models.

Rows are features, everywhere: ``W`` has shape ``(n_features, n_hidden)``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geomsup.comparison import Comparison as Comparison
    from geomsup.comparison import compare as compare
    from geomsup.dimensions import (
        dimensionality as dimensionality,
    )
    from geomsup.dimensions import (
        dimensions_per_feature as dimensions_per_feature,
    )
    from geomsup.dimensions import (
        frame_spectrum as frame_spectrum,
    )
    from geomsup.dimensions import (
        leverage as leverage,
    )
    from geomsup.features import Features as Features
    from geomsup.features import Uniform as Uniform
    from geomsup.loss import ExpectedLoss as ExpectedLoss
    from geomsup.loss import expected_loss as expected_loss
    from geomsup.model import ToyModel as ToyModel
    from geomsup.model import as_rows as as_rows
    from geomsup.optima import Block as Block
    from geomsup.optima import Optimum as Optimum
    from geomsup.optima import optimum as optimum
    from geomsup.recognition import Component as Component
    from geomsup.recognition import Geometry as Geometry
    from geomsup.recognition import classify as classify
    from geomsup.shapes import Polytope as Polytope
    from geomsup.shapes import polytope as polytope
    from geomsup.shapes import polytopes as polytopes
    from geomsup.training import TrainingRun as TrainingRun
    from geomsup.training import train as train

__version__ = "0.1.0"

# Every public name and the module it lives in. Rooms have noun names that differ from the functions
# (``classify`` lives in ``recognition``): importing a submodule binds its name on this package, and
# would hide a function of the same name.
_HOMES = {
    "Features": "features",
    "Uniform": "features",
    "ToyModel": "model",
    "as_rows": "model",
    "ExpectedLoss": "loss",
    "expected_loss": "loss",
    "dimensionality": "dimensions",
    "dimensions_per_feature": "dimensions",
    "frame_spectrum": "dimensions",
    "leverage": "dimensions",
    "Polytope": "shapes",
    "polytope": "shapes",
    "polytopes": "shapes",
    "Component": "recognition",
    "Geometry": "recognition",
    "classify": "recognition",
    "Block": "optima",
    "Optimum": "optima",
    "optimum": "optima",
    "Comparison": "comparison",
    "compare": "comparison",
    "TrainingRun": "training",
    "train": "training",
}

__all__ = [
    "Block",
    "Comparison",
    "Component",
    "ExpectedLoss",
    "Features",
    "Geometry",
    "Optimum",
    "Polytope",
    "ToyModel",
    "TrainingRun",
    "Uniform",
    "as_rows",
    "classify",
    "compare",
    "dimensionality",
    "dimensions_per_feature",
    "expected_loss",
    "frame_spectrum",
    "leverage",
    "optimum",
    "polytope",
    "polytopes",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'geomsup' has no attribute {name!r}")
    value = getattr(import_module(f"geomsup.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
