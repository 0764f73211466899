"""Section: the loss against the optimum, of a model and its parts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geomsup.reports.axes import Axis

if TYPE_CHECKING:
    from geomsup.comparison import Comparison
    from geomsup.reports.colours import Colours

__all__ = ["HEIGHT", "WIDTH", "Cost", "Losses", "Segment", "losses"]

WIDTH, HEIGHT = 760.0, 92.0
LEFT, RIGHT = 90.0, 740.0

# Lines of the table: names of parts.
MOST_LINES = 14


@dataclass(frozen=True)
class Segment:
    """A piece of a bar: what it is, its loss, where it is drawn, and its colour."""

    name: str
    loss: float
    x: float
    width: float
    colour: int


@dataclass(frozen=True)
class Cost:
    """All parts of one name: number, loss, and what of it is noise and structure; None where that is not known."""

    name: str
    number: int
    loss: float
    noise: float | None
    structure: float | None


@dataclass(frozen=True)
class Losses:
    """The numbers, and the two bars."""

    sentence: str
    loss: float
    error: float
    optimum: float
    optimum_name: str
    proof: str
    bound: float
    excess: float
    model: tuple[Segment, ...]
    best: tuple[Segment, ...]
    costs: tuple[Cost, ...]
    axis: Axis


def losses(comparison: "Comparison", colours: "Colours") -> Losses:
    """Return the loss of a model, of the optimum, and of the model's parts by name.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> result = gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, probability=0.1), starts=4)
    >>> found = losses(result, colours_of(result.geometry))
    >>> found.optimum_name, len(found.model)
    ('digon', 1)
    """
    best = comparison.optimum
    axis = Axis(0.0, max(comparison.loss, best.loss) or 1.0, LEFT, RIGHT)
    parts = [(part.name, part.loss) for part in comparison.per_component]
    own = [colours.components[i] if i < len(colours.components) else -1 for i in range(len(parts))]
    blocks = [(block.name, block.loss) for block in best.blocks]
    theirs = [colours.names.get(name, -1) if colours.by == "shape" else -1 for name, _ in blocks]
    return Losses(
        sentence=_sentence(comparison),
        loss=comparison.loss,
        error=comparison.expected.error,
        optimum=best.loss,
        optimum_name=best.geometry.name,
        proof=best.proof,
        bound=best.lower_bound,
        excess=comparison.excess,
        model=_segments(parts, own, axis),
        best=_segments(blocks, theirs, axis),
        costs=_costs(comparison),
        axis=axis,
    )


def _sentence(comparison: "Comparison") -> str:
    how_far = (
        f"{100 * comparison.excess:.3g} % above" if comparison.excess > 0 else f"as low as (to {comparison.excess:.1e})"
    )
    same = comparison.geometry.name == comparison.optimum.geometry.name
    target = comparison.optimum.conditions.target
    made = "" if target == "identity" else f" of the target {target}"
    told = (
        f"The model loses {comparison.loss:.6g}{made} in the mean, {how_far} the lowest loss known for its size, "
        f"{comparison.optimum.loss:.6g}."
    )
    if comparison.optimum.searched is not None:  # the model itself says nothing of what an optimum looks like
        higher = f"{comparison.optimum.searched:.6g}"
        return (
            f"{told} That is where a descent from a trained model ends; a search without it ended higher, at {higher}."
        )
    shape = "the same shapes" if same else f"other shapes: {comparison.optimum.geometry.name}"
    return f"{told} The optimum has {shape}."


def _segments(parts: list[tuple[str, float]], colours: list[int], axis: Axis) -> tuple[Segment, ...]:
    made, start = [], 0.0
    for (name, loss), colour in zip(parts, colours, strict=True):
        x = axis.at(start)
        start += loss
        if loss > 0:
            made.append(Segment(name, loss, x, axis.at(start) - x, colour))
    return tuple(made)


def _costs(comparison: "Comparison") -> tuple[Cost, ...]:
    """Return the parts by name, those that exceed most first."""
    names = dict.fromkeys(part.name for part in comparison.per_component)
    found = []
    for name in names:
        alike = [part for part in comparison.per_component if part.name == name]
        noise, structure = (
            None if any(getattr(part, cost) is None for part in alike) else sum(getattr(part, cost) for part in alike)
            for cost in ("noise", "structure")
        )
        found.append(Cost(name, len(alike), sum(part.loss for part in alike), noise, structure))
    found.sort(key=lambda cost: (-((cost.noise or 0.0) + (cost.structure or 0.0)), cost.name))
    return tuple(found[:MOST_LINES])
