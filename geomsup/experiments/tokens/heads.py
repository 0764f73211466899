"""One attention layer on skip trigrams: its loss over all sequences and its slopes, and what its heads write."""

from dataclasses import dataclass
from itertools import product
from math import factorial, prod
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "LENGTH",
    "SCORES",
    "Heads",
    "Task",
    "cancelled",
    "code",
    "descents",
    "ignored",
    "loss",
    "removed",
    "task",
    "written",
]

LENGTH = 3  # tokens of the context before the last one
FILLERS = 3  # how many times as frequent as a source the filler token is: most contexts hold at most one source
# Largest attention score against the filler's. Scores would grow for ever where a head should look at a source only; at
# 8 it looks there by 0.9993 or more.
SCORES = 8.0
SHORT, LONG = 100, 3000  # steps of a descent: losses are in order after 100, and few descents last 3000
FINALISTS = 3  # descents that go on to the end


class Task(NamedTuple):
    """Skip trigrams "source ... destination -> output", each with an output of its own, and all their sequences."""

    pairs: tuple[tuple[int, int], ...]  # destination and source of each trigram
    n_destinations: int
    n_sources: int
    counts: np.ndarray  # (contexts, sources + 1): how often each source and, last, the filler is in the context
    weights: np.ndarray  # (contexts,): how probable it is, for each destination; all sum up to 1 over destinations too
    targets: np.ndarray  # (destinations, contexts, trigrams): 1 where source and destination are both there


@dataclass(frozen=True)
class Heads:
    """What a layer has learned: x' = relu(Σ_h Σ_s attention_h(destination, s) (U_h V_h)_s + b).

    `scores` is ``(heads, destinations, sources)``, `U` ``(heads, sources, rank)``, `V` ``(heads, rank, trigrams)`` and
    `b` ``(trigrams,)``. The filler has score 0 and writes 0: other numbers could be moved to the others and to b.
    """

    scores: np.ndarray
    U: np.ndarray
    V: np.ndarray
    b: np.ndarray

    def vector(self) -> np.ndarray:
        """Return all parameters in one vector."""
        return np.concatenate([part.ravel() for part in (self.scores, self.U, self.V, self.b)])

    def like(self, z: np.ndarray) -> "Heads":
        """Return the layer of this size with the parameters of a vector."""
        parts = (self.scores, self.U, self.V, self.b)
        ends = np.cumsum([part.size for part in parts])[:-1]
        return Heads(*(new.reshape(old.shape) for new, old in zip(np.split(z, ends), parts, strict=True)))


def task(pairs: Any, n_destinations: int, n_sources: int) -> Task:
    """Return the task of these trigrams, of all contexts of `LENGTH` tokens and all destinations.

    Attention knows no places, so that contexts with the same counts are taken together, by their number.
    """
    counts = np.array([n for n in product(range(LENGTH + 1), repeat=n_sources + 1) if sum(n) == LENGTH])
    ways = np.array([factorial(LENGTH) / prod(factorial(n) for n in row) for row in counts])
    weights = ways * float(FILLERS) ** counts[:, -1] / (n_sources + FILLERS) ** LENGTH / n_destinations
    targets = np.zeros((n_destinations, len(counts), len(pairs)))
    for t, (destination, source) in enumerate(pairs):
        targets[destination, :, t] = counts[:, source] > 0
    return Task(tuple(pairs), n_destinations, n_sources, counts, weights, targets)


def _attention(scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return what each head pays to all copies of each source, ``(heads, destinations, contexts, sources)``."""
    drawn = counts[:, :-1] * np.exp(scores)[:, :, None, :]
    return drawn / (drawn.sum(axis=-1) + counts[:, -1])[..., None]


def _outputs(layer: Heads, given: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the attention, what is written for each source ``(heads · sources, trigrams)``, outputs before ReLU."""
    attention = _attention(layer.scores, given.counts)
    writes = (layer.U @ layer.V).reshape(-1, len(given.pairs))
    return attention, writes, _by_sequence(attention) @ writes + layer.b


def _by_sequence(attention: np.ndarray) -> np.ndarray:
    """Return attention as ``(destinations, contexts, heads · sources)``: products with it are of two matrices."""
    heads, destinations, contexts, sources = attention.shape
    return attention.transpose(1, 2, 0, 3).reshape(destinations, contexts, heads * sources)


def _errors(before: np.ndarray, given: Task) -> np.ndarray:
    return given.weights[:, None] * (np.maximum(before, 0) - given.targets) ** 2


def loss(layer: Heads, given: Task) -> tuple[float, np.ndarray]:
    """Return Σ over sequences of P(sequence) Σ_t (x'_t − target_t)², and its slopes by all parameters, one vector."""
    attention, writes, before = _outputs(layer, given)
    off = np.maximum(before, 0) - given.targets
    pull = 2 * given.weights[:, None] * off * (before > 0)
    n = pull.shape[-1]
    by_writes = _by_sequence(attention).reshape(-1, len(writes)).T @ pull.reshape(-1, n)
    by_writes = by_writes.reshape((*layer.U.shape[:2], n))
    by_attention = (pull @ writes.T).reshape(pull.shape[:2] + layer.U.shape[:2]).transpose(2, 0, 1, 3)
    product = attention * by_attention
    by_scores = (product - attention * product.sum(axis=-1, keepdims=True)).sum(axis=2)
    slopes = (by_scores, by_writes @ layer.V.swapaxes(1, 2), layer.U.swapaxes(1, 2) @ by_writes, pull.sum(axis=(0, 1)))
    value = (given.weights[:, None] * off**2).sum()
    return float(value), np.concatenate([part.ravel() for part in slopes])


def ignored(given: Task) -> np.ndarray:
    """Return each trigram's loss when its output is constant: the variance of its target."""
    chance = (given.weights[:, None] * given.targets).sum(axis=(0, 1))
    return chance * (1 - chance)


def descents(given: Task, heads: int, rank: int, starts: int, seed: int) -> tuple[Heads, np.ndarray]:
    """Return the best layer that descents from random weights reach, and the losses of all, lowest first.

    All descend a little, and the best `FINALISTS` to the end.
    """
    rng = np.random.default_rng(seed)
    found = [_descend(_start(given, heads, rank, rng), given, SHORT) for _ in range(starts)]
    found.sort(key=lambda pair: pair[1])
    found[:FINALISTS] = [_descend(layer, given, LONG) for layer, _ in found[:FINALISTS]]
    found.sort(key=lambda pair: pair[1])
    return found[0][0], np.array([value for _, value in found])


def _descend(start: Heads, given: Task, steps: int) -> tuple[Heads, float]:
    """Return what L-BFGS makes of a layer in so many steps, and its loss."""
    from scipy.optimize import minimize

    bounds = [(-SCORES, SCORES)] * start.scores.size
    bounds += [(None, None)] * (start.vector().size - len(bounds))
    end = minimize(
        lambda z: loss(start.like(z), given), start.vector(), jac=True, method="L-BFGS-B",
        bounds=bounds, options={"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-12, "gtol": 1e-8},
    )  # fmt: skip
    return start.like(end.x), float(end.fun)


def _start(given: Task, heads: int, rank: int, rng: np.random.Generator) -> Heads:
    """Return random weights: scores that mostly look or look away, and biases that leave no output dead."""
    n, middle = len(given.pairs), 0.5
    scores = rng.normal(0, 0.75 * SCORES, (heads, given.n_destinations, given.n_sources))
    U, V = (rng.normal(0, 0.5, size) for size in ((heads, given.n_sources, rank), (heads, rank, n)))
    return Heads(scores.clip(-SCORES, SCORES), U, V, np.full(n, middle))


def code(given: Task, heads: int) -> Heads:
    """Return the layer in which destination k looks with the heads that are 1 in k + 1 as a binary number.

    An output has +1 from its own heads, −1 from the others and the bias that leaves 1 for its own destination. With one
    source and up to 2^heads − 1 destinations it makes no error but where attention is not quite 0 or 1, and in contexts
    of nothing but the source, from which no head can look away.
    """
    bits = (np.arange(1, given.n_destinations + 1)[None, :] >> np.arange(heads)[:, None]) & 1
    scores = np.repeat(SCORES * (2.0 * bits - 1)[:, :, None], given.n_sources, axis=2)
    destinations, sources = np.array(given.pairs).T
    own = bits[:, destinations]
    V = (2.0 * own - 1)[:, None, :] * (sources[None, :] == np.arange(given.n_sources)[:, None])
    return Heads(scores, np.tile(np.eye(given.n_sources), (heads, 1, 1)), V, 1.0 - own.sum(axis=0))


def written(layer: Heads, given: Task) -> np.ndarray:
    """Return the mean that each head adds to each output where its trigram is present, ``(heads, trigrams)``."""
    attention, writes = _attention(layer.scores, given.counts), layer.U @ layer.V
    present = given.weights[:, None] * given.targets
    share = present / present.sum(axis=(0, 1))
    return np.einsum("hkqs,hst,kqt->ht", attention, writes, share, optimize=True)


def cancelled(layer: Heads, given: Task) -> np.ndarray:
    """Return how much heads add to each output and others take away again where it is to be 0, ``(trigrams,)``.

    It is the mean, over the sequences without the trigram but with its source, of the lesser of the sum of what heads
    add and of what they take away: the interference between heads. An output that is to be on is 1.
    """
    attention, writes = _attention(layer.scores, given.counts), layer.U @ layer.V
    parts = np.einsum("hkqs,hst->hkqt", attention, writes, optimize=True)
    both = np.minimum(np.maximum(parts, 0).sum(axis=0), np.maximum(-parts, 0).sum(axis=0))
    sources = given.counts[:, [source for _, source in given.pairs]] > 0
    off = given.weights[:, None] * (1 - given.targets) * sources
    return (off * both).sum(axis=(0, 1)) / off.sum(axis=(0, 1))


def removed(layer: Heads, given: Task) -> np.ndarray:
    """Return each trigram's loss with no head removed, then with each removed in turn, ``(heads + 1, trigrams)``."""
    heads = len(layer.U)
    masks = np.vstack([np.ones(heads), 1 - np.eye(heads)])[:, :, None, None]
    layers = [Heads(layer.scores, layer.U * mask, layer.V, layer.b) for mask in masks]
    return np.array([_errors(_outputs(one, given)[2], given).sum(axis=(0, 1)) for one in layers])
