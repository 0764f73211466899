"""A point where one optimum gives way to another, as a value."""

from dataclasses import dataclass, field

from geomsup.model import ToyModel
from geomsup.tables import Readable

__all__ = ["Transition"]


@dataclass(frozen=True, eq=False)
class Transition(Readable):
    """A point where the optimum changes non-analytically.

    Attributes
    ----------
    probability, importance
        Where.
    order
        "first" if both states are minima at the point and have the same loss: each continues on the other's side, or
        they stay different. "second" if one turns into the other.
    from_, to
        Names of the phases, that of lower probability or importance first. They are the same on a first-order
        line inside a phase.
    along
        What was varied, "probability" or "importance".
    loss
        Of the optimum there, with the penalty if there is one.
    error
        Estimate of the relative error of the position.
    slope_jump
        Change of the slope of the lowest loss, dL/dI or dL/dp, whichever was varied. By the envelope theorem it is the
        slope of each state's loss at fixed weights. 0 at second order.
    models
        The two states at the point.

    Examples
    --------
    >>> import geomsup as gs
    >>> transition = gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4]).transitions[0]
    >>> transition.order, transition.from_, transition.to
    ('first', 'extra in a digon', 'extra not represented, others: 1 dedicated')
    >>> sorted(transition.to_dict())
    ['along', 'error', 'from_', 'importance', 'loss', 'models', 'order', 'probability', 'slope_jump', 'to']
    """

    probability: float
    importance: float
    order: str
    from_: str
    to: str
    along: str
    loss: float
    error: float
    slope_jump: float
    models: tuple[ToyModel, ToyModel] = field(repr=False)

    def __str__(self) -> str:
        return (
            f"{self.order} order at p = {self.probability:.6g}, I = {self.importance:.6g}: "
            f"{self.from_} -> {self.to}, loss {self.loss:.6g}"
        )
