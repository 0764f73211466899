"""The paper's own theory of its phase diagrams: the best of a few fixed configurations."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup.phases.checks import axis, sizes

__all__ = ["PaperPrediction", "paper_prediction"]


@dataclass(frozen=True, eq=False)
class PaperPrediction:
    """The best of a few fixed configurations in every cell.

    Attributes
    ----------
    probabilities, importances
        ``(P,)`` and ``(Q,)``.
    loss
        ``(P, Q)``, the lowest candidate's.
    phase
        ``(P, Q)``, its index in `names`.
    names
        The candidates, in the words of `phase_diagram`.
    dimensionality
        ``(P, Q)``, D of the extra feature: 0, 1/2 or 1.

    Examples
    --------
    >>> import geomsup as gs
    >>> predicted = gs.paper_prediction(2, 1, [0.1, 0.9], [1.0])
    >>> [predicted.names[k] for k in predicted.phase[:, 0]]
    ['extra in a digon', 'extra not represented, others: 1 dedicated']
    """

    probabilities: np.ndarray
    importances: np.ndarray
    loss: np.ndarray
    phase: np.ndarray
    names: tuple[str, ...]
    dimensionality: np.ndarray


def paper_prediction(n_features: int, n_hidden: int, probabilities: Any, importances: Any) -> PaperPrediction:
    """Return the paper's theoretical phase diagram, known for (2, 1) and (3, 2).

    With v = p/3 - p²/4 and the extra feature's importance I: dropping the extra feature costs I v, dropping
    another one v, a digon with the extra feature (1 + I) p²/6, one of two others p²/3. Pairs have norm 1 and
    bias 0, which is never optimal; `phase_diagram` has the optimum.

    Parameters
    ----------
    n_features, n_hidden
        (2, 1) or (3, 2).
    probabilities, importances
        P(x_i ≠ 0) of all features, ``(P,)``, and importances of the last, ``(Q,)``.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, or the paper has no diagram of these sizes.

    References
    ----------
    :cite:t:`elhage2022`, "Superposition as a phase change".

    Examples
    --------
    >>> guess = paper_prediction(2, 1, [0.1, 0.9], [0.5])
    >>> [guess.names[k] for k in guess.phase[:, 0]]
    ['extra in a digon', 'extra not represented, others: 1 dedicated']
    """
    n, m = sizes(n_features, n_hidden)
    p, importance = axis("probabilities", probabilities, 1.0), axis("importances", importances, np.inf)
    if (n, m) not in ((2, 1), (3, 2)):
        raise ValueError(
            f"`n_features` and `n_hidden` must be 2, 1 or 3, 2, the paper's diagrams; got {n}, {m}. "
            "Call phase_diagram for the optimum of any sizes."
        )
    q, extra = p[:, None], importance[None, :]
    v = q / 3 - q**2 / 4
    candidates = [
        ("extra not represented, others: {m} dedicated", extra * v, 0.0),
        ("extra in a digon", (1 + extra) * q**2 / 6, 0.5),
        ("extra dedicated", v + 0 * extra, 1.0),
    ]
    if (n, m) == (2, 1):
        words = ["", "", ", others: 1 not represented"]
    else:
        candidates.append(("extra dedicated", q**2 / 3 + 0 * extra, 1.0))
        words = ["", ", others: 1 dedicated", ", others: 1 dedicated, 1 not represented", ", others: digon"]
    losses = np.stack([loss for _, loss, _ in candidates])
    phase = losses.argmin(axis=0)
    names = tuple(name.format(m=m) + word for (name, *_), word in zip(candidates, words, strict=True))
    return PaperPrediction(
        p, importance, losses.min(axis=0), phase, names, np.array([d for *_, d in candidates])[phase]
    )
