"""The page as a value: what the templates make of the sections' data."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from os import PathLike
from typing import TYPE_CHECKING, Any

from geomsup import checks
from geomsup.files import write_text
from geomsup.plot.palette import FAINT, NEGATIVE, PALETTE, POSITIVE
from geomsup.version import __version__

if TYPE_CHECKING:
    from geomsup.reports.sections.dictionary import Dictionary
    from geomsup.reports.sections.gram import Gram
    from geomsup.reports.sections.graph import Graph
    from geomsup.reports.sections.headline import Headline
    from geomsup.reports.sections.levels import Levels
    from geomsup.reports.sections.losses import Losses
    from geomsup.reports.sections.models import Models
    from geomsup.reports.sections.shapes import Shapes

__all__ = ["ModelPart", "Page", "Part", "check_extra", "page_of"]

STATIC = files("geomsup.reports") / "static"


@dataclass(frozen=True, eq=False)
class ModelPart:
    """The sections of one W."""

    title: str
    remark: str | None
    headline: "Headline"
    losses: "Losses | None"
    dictionary: "Dictionary | None"
    shapes: "Shapes"
    levels: "Levels"
    gram: "Gram"
    graph: "Graph"
    by: str


@dataclass(frozen=True, eq=False)
class Part:
    """The chapter of one file or object."""

    title: str
    origin: str
    failure: str | None
    several: "Models | None"
    models: tuple[ModelPart, ...]


@dataclass(frozen=True, repr=False)
class Page:
    """A page of HTML that needs nothing else.

    Attributes
    ----------
    title
        Its title.
    html
        All of it.
    headlines
        What was found, a line for each chapter: its title, and the names of the shapes.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.report([[1.0], [-1.0]], title="Two features")
    Page('Two features': Two features: digon)
    >>> from tempfile import TemporaryDirectory
    >>> page = gs.report([[1.0], [-1.0]])
    >>> with TemporaryDirectory() as folder:
    ...     path = page.save(f"{folder}/report.html")
    >>> page.size > 1000
    True
    """

    title: str
    html: str
    headlines: tuple[str, ...]

    def save(self, path: "str | PathLike[str]") -> None:
        """Write the page to a file, complete or not at all."""
        write_text(checks.folder_or_file("path", path), self.html)

    @cached_property
    def size(self) -> int:
        """Size of the file, in bytes."""
        return len(self.html.encode())

    def __str__(self) -> str:
        return "\n".join(self.headlines)

    def __repr__(self) -> str:
        return f"Page({self.title!r}: {'; '.join(self.headlines)})"

    def _repr_html_(self) -> str:
        """Show the page in a frame of a notebook."""
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:600px;border:0"></iframe>'


def check_extra() -> None:
    """Raise if what the page is made with is not installed."""
    missing = [name for name in ("plotly", "jinja2") if find_spec(name) is None]
    if missing:
        raise ValueError(f"`report` needs {' and '.join(missing)}. Run: {checks.pip_install('geomsup[report]')}")


def page_of(parts: Sequence[Part], title: str, date: str | None) -> Page:
    """Return the page of some chapters."""
    turned = any(panel.traces for part in parts for model in part.models for panel in model.shapes.panels)
    html = _templates().get_template("page.html").render(
        parts=parts, title=title, date=date, version=__version__,
        style=_text("style.css"), script=_text("views.js"), plotly=_plotly() if turned else "",
        palette=PALETTE, faint=FAINT, positive=POSITIVE, negative=NEGATIVE,
    )  # fmt: skip
    return Page(title, html, tuple(map(_headline, parts)))


def _headline(part: Part) -> str:
    if part.failure is not None:
        return f"{part.title}: not read: {part.failure}"
    if part.several is not None:
        return f"{part.title}: {part.several.sentence}"
    return f"{part.title}: {part.models[0].headline.name}"


@lru_cache(maxsize=1)
def _templates() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    made = Environment(
        loader=FunctionLoader(lambda name: (STATIC / name).read_text(encoding="utf-8")),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"place": lambda value: f"{value:.1f}", "short": lambda value: f"{value:.4g}"}
    return made


def _text(name: str) -> Any:
    """Return a file of ours as what needs no escape."""
    from markupsafe import Markup

    return Markup((STATIC / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _plotly() -> Any:
    """Return plotly's program, which lies in its package."""
    from markupsafe import Markup

    return Markup((files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8"))
