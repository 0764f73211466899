"""Problems of extreme size, scaled to an ordinary size by powers of two: nothing is rounded, and nothing overflows.

Losses of piecewise linear outputs scale with the units. With x = v y, L(W, b; x) = v² L(W, b/v; y). Importances
only multiply. If outputs are to be of degree d, as x² is of degree 2, biases scale with v^d, and W and decoder share
v^(d-1): the loss scales with v^2d. And an output u = t û, far larger or smaller than its input, is treated as û with
input x/t: E (x - f(u))² = t² E (x/t - f(û))². What already has an ordinary size is left as it is.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.coupling import coupling_matrix
from geomsup.loss.outputs import OutputLosses
from geomsup.model import ToyModel

__all__ = [
    "CLOSE", "FARTHEST", "Ordinary", "excesses", "ordinary", "ordinary_for", "row_losses", "scaled_coupling",
    "times_power",
]  # fmt: skip

ROOM = 40  # sizes between 2^-40 and 2^40 are left as they are: no power that is taken of them overflows
CLOSE = 4  # sizes that descents leave as they are: their first steps and tolerances are for numbers near 1
RAREST = -600  # below 2^-600 squares of probabilities are 0, and the loss is in proportion to them
SILENT = 1e-162  # squares of smaller outputs are 0
NOTHING = -10_000  # the exponent of 0
DEEPEST = 900  # 2^900 times a weight can still be multiplied
FARTHEST = 150  # an input 2^150 times larger or smaller than its output is as good as infinitely larger or smaller


class Ordinary(NamedTuple):
    """Features of ordinary size: x = 2^value y, and losses are 2^loss times those of y."""

    features: Features
    value: int
    loss: int


def ordinary(features: Features, room: int = ROOM, *, in_proportion: bool = True, degree: int = 1) -> Ordinary:
    """Return the features in units in which values, importances and probabilities are of ordinary size.

    Values and importances between 2^-room and 2^room are. Probabilities are only scaled if the loss is
    `in_proportion` to the smallest ones: nothing is lost where no feature is present. Outputs are to scale with the
    power `degree` of values.
    """
    value = int(excesses(features.reach.max(), room))
    value -= value * (degree - 1) % 2  # W and decoder share v^(degree - 1), in halves
    weight = int(excesses(features.importance.max(), room))
    likely = float(features.probability.max())
    rare = min(int(_exponents(likely)) - RAREST, 0) if likely and in_proportion and not features.joint else 0
    if value == weight == rare == 0:
        return Ordinary(features, 0, 0)
    single = not isinstance(features.values, tuple)
    laws = [law.times(2.0**-value) for law in (features.laws[:1] if single else features.laws)]
    changed = replace(
        features,
        probability=np.ldexp(features.probability, -rare),
        importance=np.ldexp(features.importance, -weight),
        values=laws[0] if single else laws,
    )
    return Ordinary(changed, value, 2 * degree * value + weight + rare)


def ordinary_for(model: ToyModel, features: Features) -> Ordinary:
    """Return `ordinary(features)` where the model's outputs scale as inputs and biases do, else the features as is."""
    bent = isinstance(model.activation, str) and (model.activation == "linear" or model.activation in LEAKS)
    if not bent:
        return Ordinary(features, 0, 0)
    with np.errstate(over="ignore", invalid="ignore"):
        nothing = np.abs(model(np.zeros(model.n_features)))  # the outputs where no feature is present
    return ordinary(features, in_proportion=bool((nothing < SILENT).all()))


def times_power(value: Any, exponent: Any) -> Any:
    """Return 2^exponent times values; infinite, without a warning, where that is beyond doubles."""
    with np.errstate(over="ignore"):
        return np.ldexp(value, exponent)


def row_losses(
    decoder: np.ndarray,
    encoder: np.ndarray,
    b: np.ndarray,
    b_error: np.ndarray,
    features: Features,
    engine: Callable[[np.ndarray, np.ndarray, np.ndarray, Features], OutputLosses],
) -> OutputLosses:
    """Return the losses of the outputs f(b + decoder encoderᵀ x), whatever their sizes, of ordinary features.

    `engine` takes couplings, 1 - their diagonal, biases and features, all of ordinary size; outputs that are left out
    get rows of zeros. `b_error` (n,) bounds the error of b. Errors include what rounding couplings and biases adds.
    """
    coupling, surplus, moved, power = scaled_coupling(decoder, encoder, b, features)
    far = power != 0
    b, moved = np.ldexp(b, -power), moved + np.ldexp(b_error, -power)
    unseen = far[:, None], far, far
    seen = [np.where(hide, 0.0, part) for hide, part in zip(unseen, (coupling, surplus, b), strict=True)]
    found = _rounded(engine(seen[0], seen[1], seen[2], features), np.where(far, 0.0, moved))
    for i in np.flatnonzero(far):
        _far_output(found, int(i), coupling[i], b[i], moved[i], int(power[i]), features, engine)
    return found


def scaled_coupling(
    decoder: np.ndarray, encoder: np.ndarray, b: np.ndarray, features: Features, size: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return couplings, 1 - their diagonal and their rounding, all in units of 2^power, and the powers (n,).

    Powers are 0 where outputs are of ordinary size, and else bring them there. Rounding is that of features of norms
    `size`, by default their root mean squares.
    """
    size = features.root_mean_square if size is None else size
    rows, columns = excesses(np.abs(decoder).max(axis=1)), excesses(np.abs(encoder).max())
    rough, surplus, moved = coupling_matrix(np.ldexp(decoder, -rows[:, None]), np.ldexp(encoder, -columns), size)
    largest = features.reach
    seen = _exponents((np.abs(rough) * largest).max(axis=1)) + rows + columns
    # An output far smaller than its weights, as those of most inputs it sees are 0, goes into units of its weights.
    power = _beyond(np.maximum(np.maximum(seen, _exponents(np.abs(b))), rows + columns - DEEPEST))
    if not (rows.any() or columns or power.any()):
        return rough, surplus, moved, power
    balanced = np.ldexp(decoder, (columns - power)[:, None])
    coupling, surplus, moved = coupling_matrix(balanced, np.ldexp(encoder, -columns), size)
    return coupling, surplus, moved, power


def _far_output(
    found: OutputLosses, i: int, row: np.ndarray, b: float, moved: float, power: int, features: Features, engine: Any
) -> None:
    """Write the loss of output i, which is 2^power times what `row` and `b` say, and its slopes."""
    ratio = 2.0 ** np.clip(-power, -FARTHEST, FARTHEST)  # of the input to what is of ordinary size
    unit = float(times_power(1.0, power)) if power > 0 else 1 / ratio
    n = features.n
    laws = [law.times(ratio) if j == i else law for j, law in enumerate(features.laws)]
    alone = replace(features, values=laws, importance=np.eye(n)[i])
    coupling, surplus, bias, error = np.zeros((n, n)), np.zeros(n), np.zeros(n), np.zeros(n)
    coupling[i] = row
    coupling[i, i] /= ratio
    surplus[i], bias[i], error[i] = 1 - coupling[i, i], b, moved
    own = _rounded(engine(coupling, surplus, bias, alone), error)
    own.slope_coupling[i, i] /= ratio
    with np.errstate(over="ignore", invalid="ignore"):
        found.value[i], found.error[i] = own.value[i] * unit * unit, own.error[i] * unit * unit
        found.slope_coupling[i], found.slope_b[i] = own.slope_coupling[i] * unit, own.slope_b[i] * unit


def _rounded(losses: OutputLosses, moved: np.ndarray) -> OutputLosses:
    """Add what rounding does: outputs are 1-Lipschitz, so in L² each moves by at most `moved`, (n,).

    Its loss, the square of an L² norm, moves by at most 2 moved sqrt(loss) + moved².
    """
    return replace(losses, error=losses.error + 2 * moved * np.sqrt(losses.value) + moved**2)


def _exponents(size: Any) -> np.ndarray:
    """Return the e of sizes of 2^(e-1) to 2^e; NOTHING of 0."""
    return np.where(np.asarray(size) > 0, np.frexp(size)[1], NOTHING)


def _beyond(exponent: Any, room: int = ROOM) -> np.ndarray:
    """Return exponents, but 0 where they are ordinary or those of nothing."""
    exponent = np.asarray(exponent)
    return np.where((np.abs(exponent) <= room) | (exponent <= NOTHING // 2), 0, exponent)


def excesses(size: Any, room: int = ROOM) -> np.ndarray:
    """Return the e of sizes of 2^(e-1) to 2^e; 0 of those between 2^-room and 2^room, and of 0."""
    return _beyond(_exponents(size), room)
