"""Section: many rows. What they are like, and which few of them form shapes beyond chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geomsup.recognition.description import Description
from geomsup.recognition.printing import listed

if TYPE_CHECKING:
    from geomsup.recognition import Discoveries, Discovery, Geometry

__all__ = ["MANY_ROWS", "Dictionary", "Found", "Quantity", "dictionary", "is_dictionary"]

# More rows are a dictionary: `classify` reads them in batches.
MANY_ROWS = 500

# Discoveries in the table, the least probable; the rest is counted.
MOST_LINES = 60


@dataclass(frozen=True)
class Quantity:
    """A number about the rows, the number that chance or a bound gives, and what it means."""

    name: str
    value: str
    beside: str
    meaning: str


@dataclass(frozen=True)
class Found:
    """A discovery, as texts."""

    name: str
    center: str
    rows: str
    residual: str
    p_value: str
    q_value: str


@dataclass(frozen=True)
class Dictionary:
    """What the section says."""

    sentence: str
    descriptions: tuple[tuple[str, tuple[Quantity, ...]], ...]
    counts: tuple[tuple[str, int], ...]
    found: tuple[Found, ...]
    more: int
    promise: str


def is_dictionary(geometry: "Geometry") -> bool:
    """Whether rows are so many, or so shapeless, that shapes are looked for among them.

    Examples
    --------
    >>> import geomsup as gs
    >>> is_dictionary(gs.classify([[1.0], [-1.0]]))
    False
    """
    many = geometry.n_features > MANY_ROWS
    return many or any(isinstance(component.description, Description) for component in geometry.components)


def dictionary(geometry: "Geometry", discoveries: "Discoveries") -> Dictionary:
    """Return descriptions of what has no shape, and the discoveries.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> W = np.random.default_rng(0).normal(size=(600, 60))
    >>> W[7] = -W[300]
    >>> dictionary(gs.classify(W), gs.find_shapes(W)).counts
    (('digon', 1),)
    """
    dense = [
        (component.full_name, _quantities(component.description))
        for component in geometry.components
        if isinstance(component.description, Description)
    ]
    names = ", ".join(f"{number} × {name}" for name, number in discoveries.counts.items()) or "none"
    rate = 100 * discoveries.false_discovery_rate
    return Dictionary(
        sentence=f"Among {discoveries.n_rows} rows, small groups were looked for that form a shape more exactly than "
        f"chance explains. Found: {names}.",
        descriptions=tuple(dense),
        counts=tuple(discoveries.counts.items()),
        found=tuple(map(_line, discoveries.found[:MOST_LINES])),
        more=max(len(discoveries) - MOST_LINES, 0),
        promise=f"In the mean at most {rate:.3g} % of these discoveries are false. They are compared with rows of "
        f"the same lengths in random directions (null model: {discoveries.null}). A p-value is a bound on the "
        "probability that chance brings as regular a group anywhere among the rows.",
    )


def _line(one: "Discovery") -> Found:
    p, q = (f"{value:.1e}" if value > 0 else "< 1e-300" for value in (one.p_value, one.q_value))
    return Found(one.name, one.center, listed(one.rows), f"{one.residual:.2f}°", p, q)


def _quantities(values: Description) -> tuple[Quantity, ...]:
    return (
        Quantity("largest |cosine| of two rows", f"{values.coherence:.3g}", f"at least {values.welch:.3g} (Welch)",
                 f"rows {values.coherent_pair[0]} and {values.coherent_pair[1]} are the most alike"),
        Quantity("typical cosine (rms)", f"{values.rms_cosine:.3g}", f"random rows: {values.random_rms:.3g}",
                 "how much two rows interfere"),
        Quantity("effective rank", f"{values.effective_rank:.4g}", f"of {values.rank}; "
                 f"random rows: {values.random_effective_rank:.4g}", "how many dimensions the rows really use"),
        Quantity("distance from random rows", f"{values.random_distance:.3g}", "0: as random rows; 1: nothing alike",
                 "how far the cosines are distributed otherwise (Kolmogorov and Smirnov)"),
        Quantity("distance from a tight frame", f"{values.tightness:.3g}",
                 f"random rows: {(values.rank / values.n_rows) ** 0.5:.3g}", "0 if all directions are used equally"),
        Quantity("spread of the lengths", f"{100 * values.norm_spread:.2g} %", "", "0 if all rows are equally long"),
    )  # fmt: skip
