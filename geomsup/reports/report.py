"""The public function: from anything with a W to a page."""

from typing import Any

from geomsup import checks
from geomsup.features import Features
from geomsup.recognition import Discoveries, find_shapes
from geomsup.reports.colours import colours_of
from geomsup.reports.page import ModelPart, Page, Part, check_extra, page_of
from geomsup.reports.sections.dictionary import dictionary, is_dictionary
from geomsup.reports.sections.gram import gram
from geomsup.reports.sections.graph import graph
from geomsup.reports.sections.headline import headline
from geomsup.reports.sections.levels import levels
from geomsup.reports.sections.losses import losses
from geomsup.reports.sections.models import models
from geomsup.reports.sections.shapes import shapes
from geomsup.reports.subjects import Chapter, Model, Wanted, chapters
from geomsup.samples import SampledFeatures
from geomsup.threads import Progress

__all__ = ["report"]


def report(
    source: Any,
    *,
    features: Any = None,
    title: str | None = None,
    date: str | None = None,
    weights: str | None = None,
    orientation: str = "auto",
    instances: str = "auto",
    optimum: bool = True,
    starts: int | None = None,
    time_limit: float | None = None,
    rng: Any = 0,
    progress: Progress = None,
) -> Page:
    """Make a page about what W holds: one file of HTML, for readers who have never seen this package.

    The page needs no network and no other file. It shows what is stored in which shapes, the dimensionality D_i of
    each feature, the Gram matrix W Wᵀ by component, the shapes (those of three dimensions can be turned), which
    features interfere, and the loss against the optimum where the inputs are known. Of more than 500 rows it shows
    what `find_shapes` discovers. The same input gives the same bytes. Needs the extra ``report`` (plotly and jinja2).

    Parameters
    ----------
    source
        What `geomsup.as_rows` takes: W ``(n, m)`` or a batch ``(B, n, m)``, rows are features; a `ToyModel`, a
        `TrainingRun`, a `Geometry` or `Geometries`; the path of a file with weights; or a folder of such files, each
        of which gets a chapter. Of several models in one file at most ten get sections.
    features
        The distribution of the inputs of a `ToyModel`, or of a model in a file. A `TrainingRun` knows its own.
    title
        Title of the page; by default what `source` is called.
    date
        A text that the page shows as its date; by default it has none.
    weights, orientation, instances
        How files and arrays are read, as in `geomsup.load`.
    optimum
        Whether to compare with the optimum, where the inputs are known.
    starts, rng
        Of the search for the optimum, as in `geomsup.optimum`; `rng` also of `find_shapes`.
    time_limit
        Seconds after which the search for an optimum returns the best so far: that of hundreds of features takes many
        minutes. Pages made with it may differ.
    progress
        Called as progress(stage, fraction).

    Returns
    -------
    Page
        The page, which `Page.save` writes.

    Raises
    ------
    TypeError, ValueError
        If `source` is nothing of the above, an argument is out of its range, or the extra ``report`` is not installed.

    Examples
    --------
    >>> import geomsup as gs
    >>> page = gs.report([[1, 0], [-1, 0], [0, 1], [0, -1]])
    >>> page.headlines
    ('W: square (2 digons)',)
    >>> page.save("square.html")  # doctest: +SKIP
    """
    check_extra()
    for name, value in (("title", title), ("date", date)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"`{name}` must be a text; got {checks.shown(value)}. Leave it out for none.")
    checks.boolean("optimum", optimum)
    if starts is not None:
        checks.integer("starts", starts, minimum=1)
    if time_limit is not None:
        checks.positive_number("time_limit", time_limit)
    checks.random_generator("rng", rng)
    if features is not None and not isinstance(features, Features | SampledFeatures):
        raise TypeError(
            f"`features` must be Features or SampledFeatures; got {checks.shown(features)}. Pass gs.Features(n, ...)."
        )
    checks.callback("progress", progress)
    tell = progress or (lambda stage, fraction: None)
    wanted = Wanted(features, title, weights, orientation, instances, optimum, starts, time_limit, rng, tell)
    read = chapters(source, wanted)
    parts = [_part(chapter, rng, tell) for chapter in read]
    tell("drawing", 0.0)
    page = page_of(parts, title or (read[0].title if len(read) == 1 else _folder(source)), date)
    tell("drawing", 1.0)
    return page


def _folder(source: Any) -> str:
    return checks.folder_or_file("source", source).resolve().name


def _part(chapter: Chapter, rng: Any, tell: Any) -> Part:
    several = None if chapter.geometries is None else models(chapter.geometries, chapter.comparisons)
    return Part(
        title=chapter.title,
        origin=chapter.origin,
        failure=chapter.failure,
        several=several,
        models=tuple(_sections(model, rng, tell) for model in chapter.models),
    )


def _sections(model: Model, rng: Any, tell: Any) -> ModelPart:
    """Return the data of all sections of one W."""
    geometry, comparison = model.geometry, model.comparison
    discoveries: Discoveries | None = None
    if is_dictionary(geometry):
        discoveries = find_shapes(geometry.W, rng=rng, progress=tell)
    colours = colours_of(geometry)
    if comparison is not None:
        tell("pricing", 0.0)  # the headline is the first to ask what each component costs: descents of all of them
    head = headline(geometry, colours, comparison)
    if comparison is not None:
        tell("pricing", 1.0)
    return ModelPart(
        title=model.title,
        remark=model.remark,
        headline=head,
        losses=None if comparison is None else losses(comparison, colours),
        dictionary=None if discoveries is None else dictionary(geometry, discoveries),
        shapes=shapes(geometry, colours),
        levels=levels(geometry, colours),
        gram=gram(geometry, colours, discoveries),
        graph=graph(geometry, colours, discoveries),
        by=colours.by,
    )
