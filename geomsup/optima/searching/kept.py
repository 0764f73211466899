"""What an interrupted search of whole models leaves on disk: the next one that begins alike goes on from there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.optima.cache import Part
from geomsup.optima.descent import End
from geomsup.version import __version__

__all__ = ["Kept", "State"]


@dataclass(frozen=True)
class State:
    """Where a chain is, between two rounds.

    Attributes
    ----------
    ends
        The different ends that it goes on from, the lowest first.
    exchanged, rotated
        Losses of ends whose exchanges were tried, of two features, or of three in a circle.
    rounds, moves, wasted
        Rounds so far; those of moves, with those of earlier chains; and how many of these, in a row, gained nothing.
    rng
        State of the generator before the next round.
    """

    ends: tuple[End, ...] = ()
    exchanged: tuple[float, ...] = ()
    rotated: tuple[float, ...] = ()
    rounds: int = 0
    moves: int = 0
    wasted: int = 0
    rng: Mapping[str, Any] = field(default_factory=dict)


class Kept:
    """The file of a search: the ends of its chains, and where the one under way was when it was interrupted.

    Features of which no file can be written (values of a user's own kind) leave nothing.
    """

    def __init__(self, features: Features, n_hidden: int, effort: Any, rng: np.random.Generator) -> None:
        inputs = {
            "geomsup": __version__,
            "m": n_hidden,
            "effort": asdict(effort),
            "rng": _plain(rng.bit_generator.state),
        }
        self._generator = type(rng.bit_generator)
        try:
            self._part: Part | None = Part("searches", inputs | {"features": features.to_dict()}, _read)
        except (TypeError, ValueError):
            self._part = None

    def read(self) -> tuple[list[End], State]:
        """Return the ends of chains, and where the next one is; none and the beginning if nothing is kept."""
        found = self._part.items() if self._part else []
        try:
            ends, state = found[0]
            self._generator().state = dict(state.rng)
        except Exception:  # nothing is kept, or it is damaged: then a generator may raise anything
            return [], State()
        return ends, state

    def write(self, ends: list[End], state: State) -> bool:
        """Keep the ends of chains, and where the next one is; return whether that could be done."""
        return self._part is not None and self._part.keep([_plain([ends, vars(state)])])

    def drop(self) -> None:
        """Remove the file: the search is done."""
        if self._part:
            self._part.drop()


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it: arrays and tuples, such as an `End` is, become lists."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def _read(known: Any) -> tuple[list[End], State]:
    ends, state = known
    lists = {name: tuple(state[name]) for name in ("exchanged", "rotated")}
    return _ends(ends), State(**{**state, **lists, "ends": tuple(_ends(state["ends"]))})


def _ends(known: Any) -> list[End]:
    return [End(float(loss), np.array(W), np.array(b)) for loss, W, b in known]
