"""Name the geometry of W: of several cuts of the interference graph, keep the least accidental one."""

from dataclasses import dataclass, replace
from typing import Any, Literal, overload

import numpy as np

from geomsup import checks
from geomsup.arrays import Batch, as_rows
from geomsup.dimensions import dimensionality
from geomsup.recognition.accidents import centred_by_chance, noisier_than_others, opposite_by_chance
from geomsup.recognition.building import component_of
from geomsup.recognition.found import Found
from geomsup.recognition.geometries import Geometries
from geomsup.recognition.geometry import Geometry
from geomsup.recognition.lines import as_lines
from geomsup.recognition.options import Center, Options, center_of, enough_memory, least_norm, noise_level
from geomsup.recognition.reading.few import read_few
from geomsup.recognition.reading.many import read_many
from geomsup.recognition.reading.overlaps import Overlaps
from geomsup.recognition.reading.rows import UnitRows, row_norms, shares, strong_rows, thresholds

__all__ = ["classify"]

# More rows, or more dimensions, are read in batches and row blocks. With fewer, the matrix of cosines is held, and all
# components of every cut are compared with each other.
MANY_ROWS = 500

# Components without a shape that get an outline, at most; if there are more, none does.
MOST_OUTLINES = 200

# More rows are not read in other ways to give a hint.
MOST_HINTED = 100

# Shapes that a hint counts have more confidence.
HINTED = 0.9

# Default working memory in bytes.
MEMORY = 2**30


@overload
def classify(
    W: "np.ndarray[tuple[int, int], Any]",
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float | Literal["auto"] = "auto",
    center: Center = "origin",
    signs: Literal["fixed", "free"] = "fixed",
    memory: float = MEMORY,
) -> Geometry: ...
@overload
def classify(  # pyright: ignore[reportOverlappingOverload]
    W: Batch,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float | Literal["auto"] = "auto",
    center: Center = "origin",
    signs: Literal["fixed", "free"] = "fixed",
    memory: float = MEMORY,
) -> Geometries[Geometry]: ...
@overload
def classify(
    W: object,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float | Literal["auto"] = "auto",
    center: Center = "origin",
    signs: Literal["fixed", "free"] = "fixed",
    memory: float = MEMORY,
) -> Geometry: ...
@checks.hinted
def classify(
    W: Any,
    *,
    orientation: str = "auto",
    noise: float | None = None,
    represented: float | Literal["auto"] = "auto",
    center: Center = "origin",
    signs: Literal["fixed", "free"] = "fixed",
    memory: float = MEMORY,
) -> Geometry | Geometries[Geometry]:
    """Name the shapes that the features' directions form.

    Rows of W that are much shorter than the others are set aside. The others are scaled to unit length. They fall into
    components that are nearly orthogonal to each other. Candidate cuts come from the single-linkage dendrogram of
    absolute cosines. Every component of every cut is compared with the catalogue (isomorphism of the inner products,
    Procrustes, residual), also with shapes of which some vertices are empty. Explanations of all rows are weighed
    against each other: the one that random rows would come as close to least often is kept. Rows that lie across the
    components of the best explanation are called stray features.

    A shape is named if two conditions hold. The rms distance to its vertices, in the complement of the other
    components, is at most a quarter of its shortest chord (or of √2). And random rows would come as close at most one
    time in ten, or the fit is exact. Row norms do not matter beyond the first step, except that they decide between
    solids of the same directions.

    Beyond 500 rows or dimensions W is read in row blocks, and the matrix of cosines is never held. The dendrogram is
    followed at 64 thresholds. Small components are compared with the catalogue in batches, and a shape is compared
    with chance in all dimensions. Components that share dimensions count as nearly orthogonal if their rows are 60
    degrees or more from each other's lines. Small branches are then read once more as few rows are. More than 100 rows
    that form no shape get a description instead of a name (`Component.description`).

    Parameters
    ----------
    W
        Weights ``(n, m)``: anything `geomsup.as_rows` takes, a `ToyModel` included. A batch ``(B, n, m)``
        gives a `Geometries`.
    orientation
        "rows", "columns" or "auto" (the longer axis is the features), as in `geomsup.as_rows`.
    noise
        Root-mean-square noise per coordinate of the unit rows, if known. A chi-square test (quantile 1 − 1e-6) then
        refuses rigid shapes whose residual is too large for the noise. It calls shapes with a free parameter
        "distorted".
    represented
        Rows shorter than this fraction of the longest are set aside as not represented. "auto" cuts at the widest gap
        between the norms, if one row there is three times as long as the next, else at 0.1. If fewer rows than half of
        the dimensions are longer, it also tries a tenth of the median norm, and keeps what is less probable by chance.
        `Geometry.represented` says where it cut.
    center
        The point that shapes are about: "origin", "mean" (of all rows), or a point ``(m,)``. Categories that share a
        direction, such as the days of the week, form a shape about their mean.
    signs
        "free" reads the rows as lines: a row and its opposite are the same. The six diagonals of the icosahedron are
        such a configuration.
    memory
        Bytes that may be used at a time, beside W and the result; about 8nm + 640n + 16 min(n, m)² are needed.

    Returns
    -------
    Geometry or Geometries
        Components with names, residuals and confidence.

    Raises
    ------
    TypeError
        If `W` does not hold real numbers.
    ValueError
        If `W` is ragged, not finite, square while orientation is "auto", or has other than 2 or 3 axes; or
        `noise` is not positive, `represented` is not "auto" or between 0 and 1, `center` is no point of m coordinates,
        `signs` is neither "fixed" nor "free", or `memory` is less than W needs.

    References
    ----------
    :cite:t:`elhage2022`, "The geometry of superposition": uniform polytopes and tegum products in W.

    Examples
    --------
    >>> classify([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]).name
    'octahedron (3 digons)'
    >>> turns = np.arange(7) * 2 * np.pi / 7
    >>> days = np.stack([np.cos(turns), np.sin(turns), np.full(7, 0.8)], axis=1)
    >>> classify(days, center="mean").name, classify(days).hint
    ('heptagon', 'center="mean" names more: heptagon')
    """
    rows = as_rows(W, orientation=orientation)
    if rows.ndim > 3:
        raise ValueError(
            f"`W` must have the shape (n_features, n_hidden) or one batch axis more; got shape {rows.shape}. "
            "Reshape it to (batch, n_features, n_hidden)."
        )
    options = Options(
        noise=noise_level(noise),
        represented=least_norm(represented),
        center=center_of(center, rows.shape[-1]),
        free=checks.one_of("signs", signs, ("fixed", "free")) == "free",
        memory=enough_memory(memory, rows.shape),
    )
    if rows.ndim == 2:
        return _classify(rows, options)
    return Geometries(tuple(_classify(matrix, options) for matrix in rows))


def _classify(W: np.ndarray, options: Options) -> Geometry:
    """Name the shapes, and give a hint where another way to read the rows names more."""
    reading = _read_about(W, options)
    hint = _hint(W, options, reading.whole.parts)
    geometry = _geometry(reading, options.free)
    return replace(geometry, hint=hint) if hint else geometry


@dataclass(frozen=True, eq=False)
class _Whole:
    """All rows that are represented, what they were found to be, and how probable that is by chance."""

    rows: UnitRows
    parts: list[Found]
    log_p: float
    scanned: Overlaps | None = None


@dataclass(frozen=True, eq=False)
class _About:
    """Rows V about a center, of which those longer than `cut` were read."""

    V: np.ndarray
    center: np.ndarray
    cut: float
    whole: _Whole


def _read_about(W: np.ndarray, options: Options, strays: bool = True) -> _About:
    """Read the rows about the center; of several ways to say which are represented, the least accidental one."""
    center = W.mean(axis=0) if isinstance(options.center, str) else options.center
    V = W - center if center.any() else W
    cuts = thresholds(row_norms(V)[0], V.shape[1]) if options.represented == "auto" else [options.represented]
    readings = [_read(strong_rows(V, cut), options, strays) for cut in cuts]
    best = min(range(len(cuts)), key=lambda i: readings[i].log_p)
    return _About(V, center, cuts[best], readings[best])


def _read(rows: UnitRows, options: Options, strays: bool = True) -> _Whole:
    """Find the components of the rows that are represented; some of few rows may be strays, if allowed."""
    if options.free:
        rows = rows.both_signs()
    scanned = None
    if not len(rows):
        return _Whole(rows, [], 0.0)
    if len(rows) > MANY_ROWS or (rows.n_dimensions > MANY_ROWS and len(rows) > 1):
        parts, scanned = read_many(rows, options.noise, options.memory / 4)
        log_p = 0.0
    else:
        parts, log_p = read_few(rows.take(np.arange(len(rows))), options.noise, strays)
    if isinstance(options.center, str):
        parts = centred_by_chance(parts, rows)
    return _Whole(rows, noisier_than_others(opposite_by_chance(parts, rows), rows), log_p, scanned)


def _geometry(reading: _About, free: bool) -> Geometry:
    """Return the public value of a reading."""
    V, whole = reading.V, reading.whole
    rows, parts = whole.rows, whole.parts
    if free:
        rows = rows.first_half()
        parts = as_lines(parts, rows)
    weak = np.setdiff1d(np.arange(len(V)), rows.strong)
    D = shares(V) if len(V) > MANY_ROWS else dimensionality(V, orientation="rows")
    # Very many outlines would take minutes.
    outlined = sum(not part.named for part in parts) <= MOST_OUTLINES
    components = [component_of(part, rows, D, whole.scanned, outlined) for part in parts]
    components.sort(key=lambda c: (-len(c.features), -c.rank, c.features))
    return Geometry(tuple(components), tuple(weak.tolist()), D, V, center=reading.center, represented=reading.cut)


def _hint(W: np.ndarray, options: Options, parts: list[Found]) -> str | None:
    """Say which other way to read the rows names more shapes, if one does without strays."""
    if len(W) > MOST_HINTED or isinstance(options.center, str) or options.center.any() or options.free:
        return None
    # Strays beside named shapes are no sign that the rows are to be read in another way.
    if all(part.polytope is not None or part.stray or (part.named and len(part.members) < 3) for part in parts):
        return None
    mine = _n_shaped(parts)
    others = {
        'center="mean"': options._replace(center="mean"),
        'signs="free"': options._replace(free=True),
    }
    for argument, other in others.items():
        reading = _read_about(W, other, strays=False)
        if _n_shaped(reading.whole.parts) < mine + 3:
            continue
        geometry = _geometry(reading, other.free)
        sure = [one for one in geometry.components if one.polytope and one.confidence > HINTED]
        shaped = sum(len(component.features) for component in sure)
        if shaped >= mine + 3:
            return f"{argument} names more: {geometry.name}"
    return None


def _n_shaped(parts: list[Found]) -> int:
    return sum(len(part.members) for part in parts if part.named and part.polytope is not None)
