"""How W is to be read: the arguments of `classify`, checked."""

from typing import Any, Literal, NamedTuple

import numpy as np

from geomsup import checks
from geomsup.recognition.reading.overlaps import working_memory

__all__ = ["Center", "Options", "center_of", "enough_memory", "least_norm", "noise_level"]

Center = Literal["origin", "mean"] | np.ndarray | list[float]


class Options(NamedTuple):
    """Arguments of `classify`.

    `noise` per coordinate, or None; `represented`, the least norm as a fraction of the longest, or "auto"; `center`,
    a point ``(m,)`` or "mean"; `free`, whether a row and its opposite are the same; `memory` in bytes.
    """

    noise: float | None
    represented: float | Literal["auto"]
    center: np.ndarray | Literal["mean"]
    free: bool
    memory: float


def noise_level(noise: Any) -> float | None:
    """Return `noise`, a positive number of at most 1, or None."""
    if noise is None:
        return None
    level = checks.positive_number("noise", noise)
    if not level <= 1:
        raise ValueError(f"`noise` must be at most 1, the length of a row; got {level:g}. Leave it out.")
    return level


def least_norm(represented: Any) -> float | Literal["auto"]:
    """Return `represented`, "auto" or a fraction."""
    if isinstance(represented, str):
        if represented != "auto":
            raise ValueError(
                f'`represented` must be "auto" or a number; got {checks.shown(represented)}. '
                "Pass the least norm that counts, as a fraction of the largest."
            )
        return "auto"
    fraction = checks.number("represented", represented)
    if not 0 <= fraction < 1:
        raise ValueError(
            f"`represented` must be at least 0 and less than 1; got {fraction:g}. Pass the least norm that counts, "
            "as a fraction of the largest."
        )
    return fraction


def center_of(center: Any, m: int) -> np.ndarray | Literal["mean"]:
    """Return `center`: "mean", or a point of m coordinates, which is 0 for "origin"."""
    if isinstance(center, str):
        return "mean" if checks.one_of("center", center, ("origin", "mean")) == "mean" else np.zeros(m)
    point = checks.real_array("center", center)
    if point.shape != (m,):
        raise ValueError(
            f'`center` must be "origin", "mean" or a point of {m} coordinates; got shape {point.shape}. '
            "Pass one number for each hidden dimension."
        )
    return point


def enough_memory(memory: Any, shape: tuple[int, ...]) -> float:
    """Return `memory` in bytes, if W of this shape can be read with it."""
    bytes_ = checks.positive_number("memory", memory)
    needed = working_memory(*shape[-2:])
    if not bytes_ >= needed:
        raise ValueError(
            f"`memory` must be at least {needed} bytes for W of shape {shape[-2:]}; got {bytes_:g}. "
            "Allow more, or pass fewer rows."
        )
    return bytes_
