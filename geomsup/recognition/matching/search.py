"""Are these unit rows a rotated, relabelled copy of a known shape? Maps are proposed, residuals decide."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import exp, log, log1p

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import EXACT
from geomsup.recognition.matching.acceptance import RIGID_RATIO, noise_explains, reach
from geomsup.recognition.matching.alignment import procrustes, refined, rms
from geomsup.recognition.matching.coincidence import LabelledRows, coincident, shared
from geomsup.recognition.matching.families import family, sound
from geomsup.recognition.matching.maps import proposals
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.nested import nested_shapes
from geomsup.recognition.matching.partly import partly_filled, too_empty
from geomsup.recognition.matching.solids import DIMENSIONS, other_solids
from geomsup.recognition.matching.templates import Template, lower_bounds, nearest_stretched, templates
from geomsup.recognition.matching.variants import Fit, decided, significant
from geomsup.shapes import Polytope, candidates

__all__ = ["best_match", "match_many"]

# Rows that all have a larger cosine with one of them are no shape. The vertices of a shape have the mean 0, and the
# mean of these rows is longer than the largest distance accepted, a quarter of √2.
ONE_DIRECTION = 0.9
# Rows further than this from their mean (root mean square) are not one direction: two rows with that cosine are 0.22.
WIDEST_DIRECTION = 0.225

# A shape within this fraction of its reach is fitted well enough. Noise of 3 % of the shortest chord stays inside in
# three dimensions. Beyond, another start may lead to a better map.
CLEAR_RATIO = 0.25

# Cosines that hold a member together if it is fitted to noisy rows, whose cosines are smaller by the noise.
LOOSEST = 0.05

# Kinds of shapes whose faces are regular, or dual to such: nothing of them is free.
RIGID = ("Johnson", "solid")

# Shapes that are members of families with other names, simplest first: named unless the other is clearly better.
CONTAINED = {"square cuboid": ("cube",), "cuboid": ("cube", "square cuboid")}

# Log of the odds from which the other is clearly better, whatever the test says: a name at odds of 1:10 is no name.
CLEARLY = log(10)

# Vertices that two shapes have fitted are the same if they differ by less than this fraction of the rows' distance.
ALIKE = 0.3

# A shape with more free parameters fits too much.
MOST_PARAMETERS = 5


def best_match(X: np.ndarray, noise: float | None = None, *, others: bool = True) -> Match | None:
    """Find the shape that unit rows fit best, or None if none is accepted.

    Rows are tried as they are; only if that fails, rows that nearly coincide are merged to one vertex.

    Parameters
    ----------
    X
        ``(k, m)`` unit rows.
    noise
        Root-mean-square noise per coordinate of X, if known: adds a chi-square test.
    others
        Whether solids that are not inscribed in a sphere (`other_solids`) are candidates.

    Examples
    --------
    >>> best_match(np.array([[0.0, 1.0], [0.0, -1.0]])).polytope.name
    'digon'
    """
    if len(X) == 1 or (X @ X[0]).min() > ONE_DIRECTION:
        return _fit_point(X)
    return _fit_shapes(LabelledRows(X, np.arange(len(X))), noise, others) or _fit_coincident(X, noise)


def match_many(X: np.ndarray, noise: float | None = None) -> Match | None:
    """Find the shape of unit rows that are too many not to share vertices, as `best_match` does for fewer.

    Examples
    --------
    >>> X = np.tile([[0.0, 1.0], [0.0, -1.0]], (2000, 1))
    >>> match = match_many(X)
    >>> match.polytope.name, match.n_vertices
    ('digon', 2)
    """
    labels = shared(X)
    if labels is None:
        return None
    rows = LabelledRows(X.astype(np.float64), labels)
    return _fit_point(rows.X) if labels.max() == 0 else _fit_shapes(rows, noise)


def _fit_coincident(X: np.ndarray, noise: float | None) -> Match | None:
    matches = []
    for labels in coincident(X):
        matches.append(_fit_point(X) if labels.max() == 0 else _fit_shapes(LabelledRows(X, labels), noise))
    return min((match for match in matches if match), key=lambda match: match.chord, default=None)


def _fit_point(X: np.ndarray) -> Match | None:
    """All rows in one direction, that of their mean."""
    mean = X.mean(axis=0)
    frame = mean[None, :] / max(float(np.linalg.norm(mean)), 1e-12)
    chord = rms(X - frame)
    if chord > WIDEST_DIRECTION:
        return None
    return Match(None, "uniform", (0,) * len(X), np.ones((len(X), 1)), frame, chord)


def _fit_shapes(rows: LabelledRows, noise: float | None, others: bool = True) -> Match | None:
    """Fit the candidates, nearest lower bounds first; skip those that could not be less accidental than the best."""
    v, m = rows.vertices.shape
    shapes = [shape for rank in range(1, min(v, m) + 1) for shape in candidates(rank, v, flexible=True)]
    if others and m >= DIMENSIONS[0]:
        shapes += [shape for shape in other_solids(v) if shape.dimension <= m]
    hopes = [_hopes(rows, shape) for shape in shapes]
    # What is known of the distance of each shape: a lower bound, then what fitting it has found.
    distances = [bound for bound, _ in hopes]
    choice = _Choice(rows)
    for i in sorted((i for i, (_, starts) in enumerate(hopes) if starts), key=lambda i: (hopes[i][0], i)):
        if choice.is_beyond(shapes[i], *hopes[i]):
            continue
        match = _fit(rows, shapes[i], hopes[i][1], noise)
        if match is not None:
            distances[i] = match.chord
            choice.weigh(match, i)
    for i in _contained(choice.best, shapes):
        match = _fit(rows, shapes[i], hopes[i][1], noise)
        accident = _accident(rows, match) if match else np.inf
        if match and choice.best and accident < choice.least + CLEARLY and not significant(rows.X, choice.best, match):
            choice.take(match, accident, i)
            break
    for match in _less_usual(rows, choice.best) if others else ():
        if noise is None or noise_explains(len(rows.X), m, len(match.frame), match.chord, noise, match.n_parameters):
            choice.weigh(match)
    if choice.best is None:
        return None
    best = replace(choice.best, rival=_rival(choice.best, choice.least, choice.found))
    return _beside(best, [(distances[i], shapes[i].name) for i in range(len(shapes)) if i != choice.place])


@dataclass(eq=False)
class _Choice:
    """The least accidental match so far, its place among the candidates, and all that were found."""

    rows: LabelledRows
    best: Match | None = None
    least: float = np.inf
    place: int = -1
    found: list[tuple[float, Match]] = field(default_factory=list)

    def weigh(self, match: Match, place: int = -1) -> None:
        """Keep a match if it is less accidental than the best; others may be rivals."""
        accident = _accident(self.rows, match)
        self.found.append((accident, match))
        if accident < self.least and not too_empty(match):
            self.take(match, accident, place)

    def take(self, match: Match, accident: float, place: int) -> None:
        """Prefer a match to the best so far."""
        self.best, self.least, self.place = match, accident, place

    def is_beyond(self, shape: Polytope, bound: float, starts: list[Template]) -> bool:
        """Whether a shape at its lower bound would be further than the best, and more accidental."""
        if self.best is None or bound <= self.best.chord or _has_fewer_parameters(shape, self.best):
            return False
        return _accident(self.rows, _promised(self.rows, bound, starts)) > self.least


def _has_fewer_parameters(shape: Polytope, best: Match) -> bool:
    """Whether fitting a shape could explain the rows with fewer parameters than the best so far.

    A bound on the distance to its variants says nothing of its other members.
    """
    own = family(shape) if best.n_parameters > 1 and shape.kind not in RIGID else None
    return own is not None and own.n_parameters < best.n_parameters


def _contained(best: Match | None, shapes: list[Polytope]) -> list[int]:
    """Places of the shapes that are special members of the best one, simplest first."""
    names = CONTAINED.get(best.polytope.name, ()) if best and best.polytope else ()
    return [i for name in names for i, shape in enumerate(shapes) if shape.name == name]


def _less_usual(rows: LabelledRows, best: Match | None) -> Iterator[Match]:
    """Explanations to try where no candidate fits well: shapes with empty vertices, and shapes of shapes.

    A simplex may be a shape of simplices, however well it fits.
    """
    doubtful = best is None or best.chord > CLEAR_RATIO * best.reach
    if doubtful:
        yield from partly_filled(rows)
    elif best and best.n_parameters:  # a rigid shape with empty vertices needs no parameters
        yield from (match for match in partly_filled(rows) if match.polytope and family(match.polytope) is None)
    if doubtful or (best and best.chord > EXACT and best.n_vertices == len(best.frame) + 1):
        yield from nested_shapes(rows)


def _rival(best: Match, least: float, found: list[tuple[float, Match]]) -> float:
    """How probable the best other explanation is, over the probability of the best.

    A shape that has the same vertices, such as a member of another family, is no other explanation.
    """
    same = max(ALIKE * best.chord, chance.SMALLEST_DEVIATION)
    others = [accident for accident, match in found if match is not best and rms(match.fitted - best.fitted) > same]
    return exp(max(least - min(others), -chance.LARGEST_EXPONENT)) if others else 0.0


def _beside(best: Match, others: list[tuple[float, str]]) -> Match:
    """The match with its runner-up."""
    if not others:
        return best
    distance, name = min(others)
    return replace(best, runner_up=name, margin=distance - best.chord)


def _accident(rows: LabelledRows, match: Match) -> float:
    """Log of the probability that random rows come as close to a shape; of two shapes the less accidental is named.

    This weighs distance against freedom: a fitted parameter is one way less to leave the copies, and a shape of few
    symmetries has more copies. Up to a constant it is Bayes' factor for noise of unknown size, where all orders of
    magnitude up to `USUAL_NOISE` are alike and larger noise is rarer by its fourth power. Columns that the rows do not
    use say nothing about which of two shapes it is.
    """
    m = max(rows.rank, match.template.shape[1])
    tube = chance.tube(
        match.template, match.symmetry_order, match.n_vertices, m, m,
        max(match.chord, chance.SMALLEST_DEVIATION), match.n_parameters, len(match.empty),
    )  # fmt: skip
    return tube.log_probability + log1p(match.relative_noise(m) ** 4)


def _promised(rows: LabelledRows, bound: float, starts: list[Template]) -> Match:
    """What a shape that is not fitted yet would be at its lower bound, without fitted parameters."""
    T, shape = starts[0].vertices[rows.labels], starts[0].shape
    return Match(shape, "", tuple(rows.labels.tolist()), T, np.empty((0, 0)), bound, starts[0].reach)


def _hopes(rows: LabelledRows, shape: Polytope) -> tuple[float, list[Template]]:
    """The least lower bound, and the templates of a shape that may be near enough, most promising first."""
    bounds, found = [], []
    for i, template in enumerate((*templates(shape), *nearest_stretched(rows.singular, shape))):
        bound = float(lower_bounds(rows.singular, None, template))
        if bound <= template.reach:  # spares large blocks the rest
            bound = float(lower_bounds(rows.singular, rows.products, template))
        bounds.append(bound)
        if bound <= template.reach:
            found.append((bound, i, template))
    found.sort(key=lambda hope: hope[:2])
    return min(bounds), [template for _, _, template in found]


def _fit(rows: LabelledRows, shape: Polytope, starts: list[Template], noise: float | None) -> Match | None:
    """Fit a shape from its promising templates: the nearest of its variants and its family's members."""
    best = None
    for template in _in_turn(starts):
        order = _best_map(rows, template)
        if order is not None:
            fit = _with_member(rows, order, shape)
            best = fit if best is None else min(best, fit, key=_nearest)
            if _nearest(best) <= CLEAR_RATIO * template.reach:
                break
    return None if best is None else decided(rows.X, best, noise)


def _nearest(fit: Fit) -> float:
    return min(fit.named[0].chord, fit.fitted.chord if fit.fitted else np.inf)


def _in_turn(starts: list[Template]) -> Iterator[Template]:
    """The first of a shape's variants that may be near (one represents all), then its stretched members."""
    variants = [template for template in starts if template.name]
    yield from variants[:1]
    yield from (template for template in starts if not template.name)


def _best_map(rows: LabelledRows, template: Template) -> np.ndarray | None:
    """Map from the vertices of the rows to the template's: the first that is good enough, or the best."""
    best, least, seen = None, np.inf, set[bytes]()
    for order in proposals(rows, template):
        if order.tobytes() in seen:
            continue
        better = refined(rows.vertices, template.vertices, order)
        seen |= {order.tobytes(), better.tobytes()}
        chord = chance.deviation(rows.X, template.vertices[better[rows.labels]])
        if chord < least:
            best, least = better, chord
        if chord < RIGID_RATIO * template.reach:
            break
    return best


def _with_member(rows: LabelledRows, order: np.ndarray, shape: Polytope) -> Fit:
    """Fit every variant from a map, and the member of the family that is nearest."""
    named = []
    for name, vertices in shape.variants.items():
        better = refined(rows.vertices, vertices, order)
        named.append(_fitted(rows, better, shape, name, vertices))
    named.sort(key=lambda match: match.chord)
    own = _member(rows, order, shape)
    accepted = own is not None and own.chord <= RIGID_RATIO * own.reach
    return Fit(named, own if accepted else None)


def _member(rows: LabelledRows, order: np.ndarray, shape: Polytope) -> Match | None:
    """Member of the shape's family nearest to the rows, its parameters fitted; None for a rigid shape."""
    found = family(shape) if shape.kind not in RIGID else None
    if found is None or found.n_parameters > MOST_PARAMETERS:
        return None
    vertices = shape.vertices
    for _ in range(4):
        placed = np.argsort(order)
        for _ in range(8):  # the frame and the member by turns
            frame = procrustes(vertices, rows.vertices[placed])
            vertices = found.nearest(rows.vertices[placed] @ frame.T)
        order, before = refined(rows.vertices, vertices, order), order
        if (order == before).all():
            break
    if not sound(vertices, LOOSEST):
        return None
    return replace(_fitted(rows, order, shape, "fitted", vertices), n_parameters=found.n_parameters)


def _fitted(rows: LabelledRows, order: np.ndarray, shape: Polytope, variant: str, vertices: np.ndarray) -> Match:
    indices = order[rows.labels]
    template = vertices[indices]
    frame = procrustes(template, rows.X)
    chord = rms(rows.X - template @ frame)
    return Match(shape, variant, tuple(indices.tolist()), template, frame, chord, reach(vertices))
