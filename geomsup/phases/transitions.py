"""Where and how one optimum gives way to another between two points of a phase diagram."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima.descent import End
from geomsup.phases.cells import Cell, Setting
from geomsup.phases.names import invariants, phase_name

__all__ = ["Transition", "apart", "locate"]

# If entries of the Gram matrix differ by more than this between neighbouring cells of one name, a transition is
# searched: first-order lines run inside phases too (and end there, like the boiling line of water).
SUSPICIOUS = 0.1
SAME = 3e-3  # states whose invariants differ by less count as one: below about this size rows vanish (phase_cells)
ROUNDING = 1e-13  # relative difference of losses that is not rounding
COARSE_WIDTH = 1e-4  # width of the bracket before losses are compared, as a fraction of the points' distance
WIDTH = 1e-10  # width of the bracket at the end
STEEP = 1e-13  # slope left by descents close to a transition
STEPS = 10.0 ** np.arange(-4.0, 0.0, 0.125)  # distances from the transition at which the order parameter is computed
FITTED = 5  # points of a branch extrapolated to where its order parameter vanishes
NEARBY = 1e-5  # relative distance of losses whose difference is a slope in p
LARGEST = 0.3  # order parameter of such points, at most


@dataclass(frozen=True, eq=False)
class Transition:
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
        Of the optimum there.
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

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return vars(self) | {"models": [model.to_dict() for model in self.models]}

    def __str__(self) -> str:
        return (
            f"{self.order} order at p = {self.probability:.6g}, I = {self.importance:.6g}: "
            f"{self.from_} -> {self.to}, loss {self.loss:.6g}"
        )


def apart(a: End, b: End) -> bool:
    """Tell whether two states differ by more than what neighbouring cells of one phase usually do."""
    return _distance(a, b) > SUSPICIOUS


def locate(setting: Setting, low: Cell, high: Cell, a: End, b: End) -> Transition | None:
    """Return the transition between optimum `a` at `low` and `b` at `high`, None if they are continuously connected.

    The bracket is halved with both states followed by descent; where they end in one, it goes to the side that it
    looks like. If more than one transition lies between, the one this ends at is returned.
    """
    line = _Line(setting, low, high)
    bracket = line.halve(_Bracket(0.0, 1.0, a, b), COARSE_WIDTH)
    if not bracket.differs():
        return None
    crossing = line.crossing(bracket)
    if crossing is not None:
        return line.transition(crossing, WIDTH, "first", bracket)
    meeting = line.meeting(bracket)
    if meeting is not None:
        return line.transition(*meeting, "second", bracket)
    bracket = line.halve(bracket, WIDTH)
    return line.transition(bracket.right, WIDTH, "first", bracket) if bracket.differs() else None


class _Bracket(NamedTuple):
    """Two points with the optimum at each."""

    left: float
    right: float
    a: End
    b: End

    def differs(self) -> bool:
        """Tell whether the two optima are not one that moved a little."""
        return apart(self.a, self.b) or phase_name(self.a.W) != phase_name(self.b.W)

    def looks_like_a(self, state: End) -> bool:
        """Tell which of the two a state is, by name, else by distance."""
        names = phase_name(self.a.W), phase_name(self.b.W)
        if names[0] != names[1] and phase_name(state.W) in names:
            return phase_name(state.W) == names[0]
        return _distance(state, self.a) < _distance(state, self.b)


def _distance(a: End, b: End) -> float:
    return float(np.abs(invariants(a.W) - invariants(b.W)).max())


def _same(a: End, b: End) -> bool:
    return _distance(a, b) < SAME and phase_name(a.W) == phase_name(b.W)


class _Line:
    """Points between two cells, straight in log p and log I, from t = 0 to t = 1."""

    def __init__(self, setting: Setting, low: Cell, high: Cell) -> None:
        self.setting, self.low, self.high = setting, np.log(low), np.log(high)
        self.along = "probability" if low[1] == high[1] else "importance"

    def cell(self, t: float) -> Cell:
        """Return (p, I) at t."""
        p, importance = np.exp((1 - t) * self.low + t * self.high)
        return min(float(p), 1.0), float(importance)

    def at(self, t: float, state: End) -> End:
        """Follow a state to t."""
        return self.setting.follow(self.cell(t), state, STEEP)

    def halve(self, bracket: _Bracket, width: float) -> _Bracket:
        """Halve the bracket to `width`: where both states end in one, it goes to the side it looks like."""
        while bracket.right - bracket.left > width and bracket.differs():
            t = (bracket.left + bracket.right) / 2
            a, b = self.at(t, bracket.a), self.at(t, bracket.b)
            best = min(a, b, key=lambda end: end.loss)
            open_ = not _same(a, b) and abs(a.loss - b.loss) > ROUNDING * best.loss
            if best is a if open_ else bracket.looks_like_a(best):
                bracket = bracket._replace(left=t, a=best)
            else:
                bracket = bracket._replace(right=t, b=best)
        return bracket

    def crossing(self, bracket: _Bracket) -> float | None:
        """Return where the two losses cross, None unless both states can be followed from end to end."""
        from scipy.optimize import brentq

        left, right, a, b = bracket
        guests = (self.at(left, b), a), (self.at(right, a), b)
        if any(_same(guest, home) or guest.loss <= home.loss * (1 + ROUNDING) for guest, home in guests):
            return None

        def gap(t: float) -> float:
            return self.at(t, a).loss / self.at(t, b).loss - 1

        root: Any = brentq(gap, left, right, xtol=WIDTH)
        return float(root)

    def meeting(self, bracket: _Bracket) -> tuple[float, float] | None:
        """Return where one state turns into the other, and the error; None if it does not.

        On the side of the richer state, with the simpler one as the origin, t is fitted as a polynomial in their
        difference, and extrapolated to 0.
        """
        left, right, a, b = bracket
        forward = _richness(b) >= _richness(a)
        start, sign, simple, rich = (right, 1.0, a, b) if forward else (left, -1.0, b, a)
        points: list[tuple[float, float]] = []
        for step in STEPS:
            t = start + sign * step
            rich = self.at(t, rich)
            difference = _distance(self.at(t, simple), rich)
            if difference > LARGEST or len(points) == FITTED:
                break
            if difference > SAME and (not points or difference > 1.5 * points[-1][1]):
                points.append((t, difference))
        if len(points) < FITTED:
            return None
        best, rough = _at_zero(points), _at_zero(points[:-1])
        error = max(abs(best - rough), WIDTH)
        # If the branch stops short of the other state, the fit ends far from where they change places.
        return (best, error) if abs(best - start) < abs(points[0][0] - start) + COARSE_WIDTH else None

    def transition(self, t: float, error: float, order: str, bracket: _Bracket) -> Transition:
        """Describe the transition at t."""
        cell = self.cell(t)
        a, b = self.at(t, bracket.a), self.at(t, bracket.b)
        if order == "second" or _same(a, b):
            a, b = bracket.a, bracket.b
        models = ToyModel(a.W, a.b), ToyModel(b.W, b.b)
        loss = min(float(expected_loss(model, self.setting.features(cell))) for model in models)
        jump = 0.0 if order == "second" else self.slope(cell, models[1]) - self.slope(cell, models[0])
        scale = float(np.abs(self.high - self.low).max())
        return Transition(
            *cell, order, phase_name(bracket.a.W), phase_name(bracket.b.W), self.along, loss, error * scale, jump,
            models,
        )  # fmt: skip

    def slope(self, cell: Cell, model: ToyModel) -> float:
        """Return the slope of the model's loss in what is varied: exact in I, by a short difference in p."""
        if self.along == "importance":
            return float(expected_loss(model, self.setting.features(cell)).per_feature[-1]) / cell[1]
        low, high = cell[0] * (1 - NEARBY), min(cell[0] * (1 + NEARBY), 1.0)
        losses = [float(expected_loss(model, self.setting.features((p, cell[1])))) for p in (low, high)]
        return (losses[1] - losses[0]) / (high - low)


def _stored(state: End) -> int:
    return int(np.any(state.W, axis=1).sum())


def _richness(state: End) -> tuple[int, int, float]:
    """Order states: more features stored, more couplings, less alike."""
    gram = state.W @ state.W.T
    others = np.diag(gram)[:-1]
    spread = float(np.ptp(others[others > 0])) if others.any() else 0.0
    return _stored(state), int((np.abs(gram) > SAME / 3).sum()), spread


def _at_zero(points: list[tuple[float, float]]) -> float:
    """Extrapolate t(δ) to δ = 0 by the polynomial through all points (Lagrange)."""
    t, delta = np.array(points).T
    weights = [np.prod([-other / (own - other) for other in delta if other != own]) for own in delta]
    return float(np.dot(weights, t))
