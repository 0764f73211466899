"""Of which kinds of models there are phase diagrams."""

from typing import Any

from geomsup.features import Features
from geomsup.optima.conditions.conditions import Conditions, checked_conditions
from geomsup.optima.conditions.known import check_known

__all__ = ["checked_kind"]


def checked_kind(
    n: int, activation: Any, tied: Any, coherence: Any, max_cosine: Any, hidden_activation: Any, target: Any
) -> Conditions:
    """Return the kind of models that arguments of `phase_diagram` name, or refuse it."""
    asked = checked_conditions(activation, tied, coherence, max_cosine, 0.0, hidden_activation, target)
    features = Features(n, 0.5)  # which losses are known does not depend on p
    conditions = asked.on(features)
    check_known(features, conditions)
    if not asked.tied and (asked.coherence > 0 or asked.max_cosine is not None):
        name = "coherence" if asked.coherence > 0 else "max_cosine"
        raise ValueError(
            f"`{name}` must be left out if the decoder is not W; got {getattr(asked, name):g}. A decoder of its own "
            "undoes any change of W that keeps to it, so that nothing is decided by it."
        )
    if not asked.tied and asked.hidden_activation == "relu":
        raise ValueError(
            '`hidden_activation` must be "linear" if the decoder is not W; got "relu". What features share has no name '
            "there. Ask for single points with optimum instead."
        )
    return conditions
