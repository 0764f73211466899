"""Where and how one optimum gives way to another between two points of a phase diagram."""

from typing import Any, NamedTuple

import numpy as np

from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima.descent import End
from geomsup.phases.cells import Cell, Setting
from geomsup.phases.starts import grown, starts_of
from geomsup.phases.transition import Transition

__all__ = ["locate"]

SAME = 3e-3  # states whose invariants differ by less count as one: below about this size rows vanish (cells.py)
ROUNDING = 1e-13  # relative difference of losses that is not rounding
COARSE_WIDTH = 1e-4  # width of the bracket before losses are compared, as a fraction of the points' distance
WIDTH = 1e-10  # width of the bracket at the end
STEEP = 1e-13  # slope left by descents close to a transition
STEPS = 10.0 ** np.arange(-4.0, 0.0, 0.125)  # distances from the transition at which the order parameter is computed
FITTED = 5  # points of a branch extrapolated to where its order parameter vanishes
NEARBY = 1e-5  # relative distance of losses whose difference is a slope in p
LARGEST = 0.3  # order parameter of such points, at most
# Distance on either side of a transition at which its states are compared with others, as a fraction of the points'
# distance: far enough that losses differ by more than rounding.
ASIDE = 0.01
RANDOM = 4  # random starts on either side, besides dropped features that are grown again
BETTER = 1e-9  # a third state is lower by this fraction
MOST = 8  # transitions between two cells, at most: a search that finds ever more states ends


def locate(setting: Setting, low: Cell, high: Cell, a: End, b: End) -> tuple[Transition, ...]:
    """Return the transitions between optimum `a` at `low` and `b` at `high`; none if they are continuously connected.

    The bracket is halved with both states followed by descent; where they end in one, it goes to the side that it
    looks like. What is found there is confirmed by the loss on both sides. If a third state is lower there, it divides
    the bracket, and both parts are searched.
    """
    line = _Line(setting, low, high)
    found: list[tuple[float, Transition]] = []
    pending = [_Bracket(0.0, 1.0, a, b)]
    while pending:
        whole = pending.pop()
        place = line.between(whole)
        if place is None:
            continue
        third = line.third(place, whole) if len(found) + len(pending) < MOST else None
        if third is not None:
            t, state = third
            pending += [whole._replace(right=t, b=state), whole._replace(left=t, a=state)]
        elif line.confirmed(place):
            found.append((place.t, line.transition(place)))
    return tuple(transition for _, transition in sorted(found, key=lambda pair: pair[0]))


class _Bracket(NamedTuple):
    """Two points with the optimum at each."""

    left: float
    right: float
    a: End
    b: End


class _Place(NamedTuple):
    """Where a transition seems to be: at t, up to `error`, of an order, between the two states of a bracket.

    At second order `probe` is the richer state where it was seen last, at `probe_t`.
    """

    t: float
    error: float
    order: str
    bracket: _Bracket
    probe_t: float = 0.0
    probe: End | None = None


class _Line:
    """Points between two cells, straight in log p and log I, from t = 0 to t = 1."""

    def __init__(self, setting: Setting, low: Cell, high: Cell) -> None:
        self.setting, self.low, self.high = setting, np.log(low), np.log(high)
        self.along = "probability" if low[1] == high[1] else "importance"

    def cell(self, t: float) -> Cell:
        """Return (p, I) at t."""
        p, importance = np.exp((1 - t) * self.low + t * self.high)
        return min(float(p), 1.0), float(importance)

    def distance(self, a: End, b: End) -> float:
        """Return how far two states are apart."""
        return self.setting.distance(a.W, b.W)

    def same(self, a: End, b: End) -> bool:
        """Tell whether two states count as one."""
        return self.distance(a, b) < SAME and self.setting.name(a.W) == self.setting.name(b.W)

    def differs(self, bracket: _Bracket) -> bool:
        """Tell whether the two optima of a bracket are not one that moved a little."""
        return self.setting.differ(bracket.a.W, bracket.b.W)

    def looks_like_a(self, bracket: _Bracket, state: End) -> bool:
        """Tell which of the two of a bracket a state is, by name, else by distance."""
        names = self.setting.name(bracket.a.W), self.setting.name(bracket.b.W)
        own = self.setting.name(state.W)
        if names[0] != names[1] and own in names:
            return own == names[0]
        return self.distance(state, bracket.a) < self.distance(state, bracket.b)

    def richness(self, state: End) -> tuple[int, int, float]:
        """Order states: more features stored, more couplings, less alike."""
        rows = self.setting.rows(state.W)
        gram = rows @ rows.T
        others = np.diag(gram)[:-1]
        spread = float(np.ptp(others[others > 0])) if others.any() else 0.0
        return int(np.any(rows, axis=1).sum()), int((np.abs(gram) > SAME / 3).sum()), spread

    def at(self, t: float, state: End) -> End:
        """Follow a state to t."""
        return self.setting.follow(self.cell(t), state, STEEP)

    def between(self, bracket: _Bracket) -> _Place | None:
        """Return where one state of the bracket gives way to the other."""
        bracket = self.halve(bracket, COARSE_WIDTH)
        if not self.differs(bracket):
            return None
        crossing = self.crossing(bracket)
        if crossing is not None:
            return _Place(crossing, WIDTH, "first", bracket)
        meeting = self.meeting(bracket)
        if meeting is not None:
            return meeting
        bracket = self.halve(bracket, WIDTH)
        return _Place(bracket.right, WIDTH, "first", bracket) if self.differs(bracket) else None

    def third(self, place: _Place, whole: _Bracket) -> tuple[float, End] | None:
        """Return a point beside the transition with a state that is lower than both that meet there."""
        for t in (place.t - ASIDE, place.t + ASIDE):
            if not whole.left < t < whole.right:
                continue
            cell = self.cell(t)
            own = [self.at(t, state) for state in (place.bracket.a, place.bracket.b)]
            starts = [start for state in own for start in grown(self.setting, state)]
            starts += list(starts_of(self.setting, cell[0], 1, RANDOM, np.random.default_rng(0))[0])
            best = min(self.setting.descend(cell, starts), key=lambda end: end.loss)
            if best.loss < min(end.loss for end in own) * (1 - BETTER):
                return t, self.setting.tidy(cell, self.at(t, best))
        return None

    def confirmed(self, place: _Place) -> bool:
        """Tell whether the losses on both sides are as the transition says.

        First order: each state is the lower one, or the only one, on its side. Second order: the richer state is lower
        where it was seen, and as far on the other side nothing of it is left.
        """
        if place.order == "first":
            sides = ((max(place.t - ASIDE, 0.0), place.bracket.a), (min(place.t + ASIDE, 1.0), place.bracket.b))
            for t, own in sides:
                a, b = self.at(t, place.bracket.a), self.at(t, place.bracket.b)
                home, guest = (a, b) if own is place.bracket.a else (b, a)
                if guest.loss < home.loss * (1 - ROUNDING) and not self.same(guest, home):
                    return False
            return True
        a, b = place.bracket.a, place.bracket.b
        simple, rich = (a, b) if self.richness(b) >= self.richness(a) else (b, a)
        probe = place.probe or rich
        if not probe.loss < self.at(place.probe_t, simple).loss * (1 - ROUNDING):
            return False
        beyond = float(np.clip(2 * place.t - place.probe_t, 0.0, 1.0))
        return self.at(beyond, probe).loss >= self.at(beyond, simple).loss * (1 - BETTER)

    def halve(self, bracket: _Bracket, width: float) -> _Bracket:
        """Halve the bracket to `width`: where both states end in one, it goes to the side it looks like."""
        while bracket.right - bracket.left > width and self.differs(bracket):
            t = (bracket.left + bracket.right) / 2
            a, b = self.at(t, bracket.a), self.at(t, bracket.b)
            best = min(a, b, key=lambda end: end.loss)
            open_ = not self.same(a, b) and abs(a.loss - b.loss) > ROUNDING * best.loss
            if best is a if open_ else self.looks_like_a(bracket, best):
                bracket = bracket._replace(left=t, a=best)
            else:
                bracket = bracket._replace(right=t, b=best)
        return bracket

    def crossing(self, bracket: _Bracket) -> float | None:
        """Return where the two losses cross, None unless both states can be followed from end to end."""
        from scipy.optimize import brentq

        left, right, a, b = bracket
        guests = (self.at(left, b), a), (self.at(right, a), b)
        if any(self.same(guest, home) or guest.loss <= home.loss * (1 + ROUNDING) for guest, home in guests):
            return None

        def gap(t: float) -> float:
            return self.at(t, a).loss / self.at(t, b).loss - 1

        root: Any = brentq(gap, left, right, xtol=WIDTH)
        return float(root)

    def meeting(self, bracket: _Bracket) -> _Place | None:
        """Return where one state turns into the other; None if it does not.

        On the side of the richer state, with the simpler one as the origin, t is fitted as a polynomial in their
        difference, and extrapolated to 0.
        """
        left, right, a, b = bracket
        forward = self.richness(b) >= self.richness(a)
        start, sign, simple, rich = (right, 1.0, a, b) if forward else (left, -1.0, b, a)
        points: list[tuple[float, float]] = []
        seen = rich
        for step in STEPS:
            t = start + sign * step
            rich = self.at(t, rich)
            difference = self.distance(self.at(t, simple), rich)
            if difference > LARGEST or len(points) == FITTED:
                break
            if difference > SAME and (not points or difference > 1.5 * points[-1][1]):
                points.append((t, difference))
                seen = rich
        if len(points) < FITTED:
            return None
        best, rough = _at_zero(points), _at_zero(points[:-1])
        error = max(abs(best - rough), WIDTH)
        # If the branch stops short of the other state, the fit ends far from where they change places.
        if abs(best - start) >= abs(points[0][0] - start) + COARSE_WIDTH:
            return None
        return _Place(best, error, "second", bracket, points[-1][0], seen)

    def transition(self, place: _Place) -> Transition:
        """Describe the transition."""
        t, error, order, bracket, _, _ = place
        cell = self.cell(t)
        a, b = self.at(t, bracket.a), self.at(t, bracket.b)
        if order == "second" or self.same(a, b):
            a, b = bracket.a, bracket.b
        models = self.setting.model(a.W, a.b), self.setting.model(b.W, b.b)
        loss = min(self.setting.loss(cell, one) for one in models)
        names = self.setting.name(bracket.a.W), self.setting.name(bracket.b.W)
        jump = 0.0 if order == "second" else self.slope(cell, models[1]) - self.slope(cell, models[0])
        scale = float(np.abs(self.high - self.low).max())
        return Transition(
            *cell, order, *names, self.along, loss, error * scale, jump, models,
        )  # fmt: skip

    def slope(self, cell: Cell, model: ToyModel) -> float:
        """Return the slope of the model's loss in what is varied: exact in I, by a short difference in p."""
        if self.along == "importance":
            found = expected_loss(model, self.setting.features(cell), target=self.setting.conditions.target)
            return float(found.per_feature[-1]) / cell[1]
        low, high = cell[0] * (1 - NEARBY), min(cell[0] * (1 + NEARBY), 1.0)
        losses = [self.setting.loss((p, cell[1]), model) for p in (low, high)]
        return (losses[1] - losses[0]) / (high - low)


def _at_zero(points: list[tuple[float, float]]) -> float:
    """Extrapolate t(δ) to δ = 0 by the polynomial through all points (Lagrange)."""
    t, delta = np.array(points).T
    weights = [np.prod([-other / (own - other) for other in delta if other != own]) for own in delta]
    return float(np.dot(weights, t))
