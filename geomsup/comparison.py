"""A trained model held against the theoretical optimum."""

from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any

from geomsup.features import Features
from geomsup.loss import ExpectedLoss, expected_loss
from geomsup.model import ToyModel
from geomsup.optima import Block, Optimum, optimum
from geomsup.optima.optimum import blocks

if TYPE_CHECKING:
    from geomsup.recognition import Geometry

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A model's exact loss and geometry next to the optimum's.

    Attributes
    ----------
    loss
        Expected loss of the model.
    optimum
        The `Optimum` it is held against.
    excess
        loss / optimum.loss - 1, a fraction: 0.02 is two percent above. 0 or infinity when the optimum is 0.
    expected
        The model's `ExpectedLoss`, with its error bound.
    """

    expected: ExpectedLoss
    optimum: Optimum = field(repr=False)

    @property
    def model(self) -> ToyModel:
        """The model compared."""
        return self.expected.model

    @property
    def loss(self) -> float:
        """Expected loss of the model."""
        return self.expected.value

    @property
    def excess(self) -> float:
        """Fraction of the optimum's loss by which the model is above it, loss / optimum.loss - 1."""
        if self.optimum.loss == 0:
            return 0.0 if self.loss <= self.expected.error else float("inf")
        return self.loss / self.optimum.loss - 1

    @cached_property
    def geometry(self) -> "Geometry":
        """The named geometry of the model's W."""
        from geomsup.recognition import classify

        return classify(self.model.W, orientation="rows")

    @cached_property
    def per_component(self) -> tuple[Block, ...]:
        """The model's components, each with what its features cost, then the features not represented."""
        return blocks(self.geometry, self.expected.per_feature)

    def plot(self, axes: Any = None) -> Any:
        """Draw the rows of W beside the optimum's and the loss of every feature; see `geomsup.plot`."""
        from geomsup.plot import plot_comparison

        return plot_comparison(self, axes=axes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "loss": self.loss,
            "error": self.expected.error,
            "geometry": self.geometry.name,
            "excess": self.excess if isfinite(self.excess) else None,  # JSON knows no infinity
            "per_component": [vars(part) | {"features": list(part.features)} for part in self.per_component],
            "optimum": self.optimum.to_dict(),
        }

    def __str__(self) -> str:
        rows = [
            ("", "loss", "geometry"),
            ("model", f"{self.loss:.9g}", self.geometry.name),
            ("optimum", f"{self.optimum.loss:.9g}", f"{self.optimum.geometry.name} ({self.optimum.status})"),
            ("excess", f"{100 * self.excess:.3g} %", ""),
        ]
        lines = [f"{name:<9}{number:>14}  {shape}".rstrip() for name, number, shape in rows]
        for title, parts in (
            ("the model's parts", self.per_component),
            ("the optimum's", self.optimum.blocks),
        ):
            lines.append(f"{title}:")
            lines += [
                f"  {part.name}: {len(part.features)} features, loss {part.loss:.6g}, "
                f"{part.loss / len(part.features):.6g} each"
                for part in parts
            ]
        return "\n".join(lines)


def compare(model: ToyModel, features: Features, *, starts: int = 32, rng: Any = 0) -> Comparison:
    """Return the expected loss and geometry of `model` next to the optimum for `features`.

    The search for the optimum starts from `model` too, so a tied model is never below it.

    Parameters
    ----------
    model
        The trained `ToyModel`.
    features
        The law its inputs had.
    starts, rng
        Passed on to `optimum`.

    Raises
    ------
    TypeError, ValueError
        As `expected_loss` and `optimum` do.

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> result = compare(digon, Features(2, probability=0.1), starts=4)
    >>> result.excess  # what norm 1 and bias 0 give away
    0.00417
    """
    expected = expected_loss(model, features)
    guesses = [model] if model.W_out is None and model.activation == "relu" else []
    best = optimum(features, model.n_hidden, activation=model.activation, starts=starts, rng=rng, guesses=guesses)
    return Comparison(expected, best)
