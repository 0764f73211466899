"""The asymmetric superposition motif, and a detector of it."""

from dataclasses import dataclass

import numpy as np

from geomsup.experiments.threshold import Threshold

__all__ = ["Motif", "find_motifs"]

UNEQUAL = Threshold(
    2,
    "least ratio of the two weights, in and out, of an asymmetric neuron: half way (in powers of 2) from 1 to the "
    "paper's 4",
)
USED = Threshold(
    0.25,
    "least product of weights in and out by which a neuron serves a feature: a quarter of the 1 of a neuron that "
    "serves it alone",
)
INHIBITS = Threshold(
    0.25, "least fraction of the interference that neuron B takes away: several neurons may take a part each"
)
LEFT = Threshold(0.1, "fraction of the interference that may be left in the sum over all neurons: nearly none")


@dataclass(frozen=True)
class Motif:
    """Neuron `shared` stores features `strong` and `weak`; `inhibitor` takes away the interference on `weak`."""

    shared: int
    strong: int
    weak: int
    inhibitor: int


def find_motifs(W: np.ndarray, W_out: np.ndarray) -> list[Motif]:
    """Return the asymmetric motifs in a model of hidden ReLUs with weights in and out, both ``(n, m)``.

    Neuron A reads feature i strongly and j weakly (ratio of 2 or more), and writes them the other way round, so that
    it serves both. The interference of x_i on output j is then large and positive. Neuron B, which is open for the same
    sign of x_i, takes it away: the sum over all neurons is nearly zero, or negative, which the output's ReLU removes.
    Scaling a neuron changes nothing. Each (A, i, j) is reported once, with the strongest B.

    Examples
    --------
    >>> W = np.array([[2.0, 1.0], [-0.5, 0.0]])
    >>> W_out = np.array([[0.5, 0.0], [2.0, -4.5]])
    >>> find_motifs(W, W_out)
    [Motif(shared=0, strong=0, weak=1, inhibitor=1)]
    """
    found = []
    for a in range(W.shape[1]):
        serves = np.flatnonzero(np.abs(W[:, a]) * W_out[:, a] > USED)
        for i in serves:
            opened = np.maximum(np.sign(W[i, a]) * W[i], 0.0)  # of each neuron, by x_i of the sign that A answers to
            for j in serves:
                unequal = abs(W[i, a]) >= UNEQUAL * abs(W[j, a]) and W_out[j, a] >= UNEQUAL * W_out[i, a]
                if i == j or not unequal:
                    continue
                onto = opened * W_out[j]
                b = int(onto.argmin())
                if onto[b] <= -INHIBITS * onto[a] and onto.sum() <= LEFT * onto[a]:
                    found.append(Motif(a, int(i), int(j), b))
    return found
