"""A24: networks that no split into independent features explains.

A split divides the independent inputs of a network into two parts, A and B. It explains what a sum g(A) + h(B) can: the
best one is E[f | A] + E[f | B] − E[f], and leaves the interaction of A with B. A network is *non-decomposable* if every
split leaves nearly all of the variance of its outputs. More than two parts explain no more than some two.

Such a network has no parts. It may yet be simple in other words: a parity is one feature of the sum of its bits.
"""

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any, NamedTuple

import numpy as np

from geomsup.experiments.counterexamples.layers import codes, loss, random_layers, train
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "TASKS", "Task", "draw", "judge", "left", "measure", "splits", "table"]

EXPERIMENT = Experiment(
    id="A24",
    title="Networks without parts",
    claim="Small networks learn functions that no split into independent features explains: whichever way the inputs "
    "are divided, the best sum of a function of each part leaves at least 90 % of the outputs' variance.",
    source="Open problem 4.19 (N. Nanda's list); the definition is ours",
    quick={"networks": 6, "steps": 3000},
    paper={"networks": 20, "steps": 20_000},
)


class Task(NamedTuple):
    """A function of several independent inputs, each a number from 0 to `values` − 1 that is given as a one-hot."""

    name: str
    inputs: int
    values: int
    modulus: int  # outputs say, as one-hots, what the sum of the inputs of each block is by this modulus
    blocks: tuple[tuple[int, ...], ...]
    hidden: int  # ReLUs of the one hidden layer

    @property
    def whole(self) -> bool:
        """Whether all inputs are in one block: what the claim is about. Others show that parts are found."""
        return len(self.blocks) == 1


TASKS = (
    Task("parity of 4 bits", 4, 2, 2, ((0, 1, 2, 3),), 24),
    Task("two numbers mod 5", 2, 5, 5, ((0, 1),), 48),
    Task("three numbers mod 3", 3, 3, 3, ((0, 1, 2),), 48),
    Task("two parities of 2 bits", 4, 2, 2, ((0, 1), (2, 3)), 24),
)
RATE = 1e-2  # of Adam
LEARNED = Threshold(
    0.01,
    "share of the outputs' variance that a network loses below which it has learned the function: 1e-5 is measured",
)
NONE = Threshold(0.01, "share of the variance up to which nothing is left by a split: as much as a network may lose")


def measure(lab: Lab, networks: int, steps: int) -> Data:
    """Train networks on all inputs; split what they compute each way; train networks in two parts."""
    data: dict[str, Any] = {}
    for k, task in enumerate(TASKS):
        found = lab.keep(task.name, lambda task=task: _measured(task, networks, steps))
        data |= {f"{key} {k}": value for key, value in found.items()}
    return data


def _measured(task: Task, networks: int, steps: int) -> dict[str, Any]:
    x, targets = table(task)
    spread = targets.var(axis=0).sum()
    start = random_layers((x.shape[1], task.hidden, targets.shape[1]), networks, seed=0)
    layers = train(start, x, targets, steps, RATE)
    lost = loss(layers, x, targets)[0] / spread
    outputs = codes(layers, x)[-1]
    shape = (task.values,) * task.inputs
    masks = [_mask(task, part) for part in splits(task.inputs)]
    apart = [loss(train(start, x, targets, steps, RATE, mask=mask), x, targets)[0].min() / spread for mask in masks]
    return {
        "lost": lost,
        "left": [[left(one.reshape(*shape, -1), part) for part in splits(task.inputs)] for one in outputs],
        "exact": [left(targets.reshape(*shape, -1), part) for part in splits(task.inputs)],
        "apart": apart,
    }


def table(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Return all inputs, as one-hots side by side, and what is to be said about each."""
    numbers = np.array(list(product(range(task.values), repeat=task.inputs)))
    x = np.eye(task.values)[numbers].reshape(len(numbers), -1)
    sums = np.stack([numbers[:, list(block)].sum(axis=1) % task.modulus for block in task.blocks], axis=1)
    return x, np.eye(task.modulus)[sums].reshape(len(numbers), -1)


def splits(inputs: int) -> Iterator[tuple[int, ...]]:
    """Yield the inputs of one part, the one with input 0, of every split into two.

    Examples
    --------
    >>> list(splits(3))
    [(0,), (0, 1), (0, 2)]
    """
    for size in range(inputs - 1):
        for others in combinations(range(1, inputs), size):
            yield (0, *others)


def left(values: np.ndarray, part: tuple[int, ...]) -> float:
    """Return the share of the variance that the best g(part) + h(rest) leaves of a function on a grid of inputs.

    `values` has an axis for each input, all values of which are equally probable, and one for outputs.

    Examples
    --------
    >>> left(np.array([[0.0, 1.0], [1.0, 2.0]])[..., None], (0,)), left(np.eye(2)[..., None], (0,))  # a sum, an XOR
    (0.0, 1.0)
    """
    inputs = range(values.ndim - 1)
    rest = tuple(k for k in inputs if k not in part)
    mean = values.mean(axis=tuple(inputs), keepdims=True)
    best = values.mean(axis=rest, keepdims=True) + values.mean(axis=part, keepdims=True) - mean
    return float(((values - best) ** 2).sum() / ((values - mean) ** 2).sum())


def _mask(task: Task, part: tuple[int, ...]) -> np.ndarray:
    """Return 1 where a neuron may read an input: the first half of them the part, the second half the rest."""
    inside = np.repeat(np.isin(np.arange(task.inputs), part), task.values)
    first = np.arange(task.hidden) < task.hidden // 2
    return (inside[:, None] == first[None, :]).astype(float)


def draw(data: Data) -> Any:
    """Draw what every split leaves, of what networks compute and where they are split from the start."""
    figure, axes = panels(1, len(TASKS), size=(3.0, 3.2), title="share of the outputs' variance left by each split")
    for k, (ax, task) in enumerate(zip(axes[0], TASKS, strict=True)):
        shares = data[f"left {k}"]
        ax.bar(
            np.arange(shares.shape[1]), shares.mean(axis=0), 0.6, color=PALETTE[0], label="best sum of two functions"
        )
        ax.plot(np.arange(shares.shape[1]), data[f"apart {k}"], "o", color=PALETTE[1], label="trained in two parts")
        names = ["".join("abcd"[i] for i in part) for part in splits(task.inputs)]
        rests = ["".join(c for c in "abcd"[: task.inputs] if c not in name) for name in names]
        ax.set_xticks(
            range(len(names)), [f"{a}|{b}" for a, b in zip(names, rests, strict=True)], rotation=60, fontsize=8
        )
        ax.set(xlim=(-1, max(3, len(names))), ylim=(0, 1.4), yticks=[0, 0.5, 1])
        ax.set_title(task.name, fontsize=10)
    axes[0, 0].legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all networks learn, and every split leaves 90 % of those of one block, and none of those of two.

    With other numbers if every split leaves most of the variance of those of one block. Splits are of the inputs as
    they are given: in other words (the sum of the bits) such a function may be one feature.
    """
    numbers: dict[str, float] = {}
    learned, least, found = [], [], []
    for k, task in enumerate(TASKS):
        shares, apart = data[f"left {k}"], data[f"apart {k}"]
        learned.append(bool((data[f"lost {k}"] < LEARNED).all()))
        (least if task.whole else found).append(
            float(shares.min(axis=1).min() if task.whole else shares.min(axis=1).max())
        )
        numbers |= {
            f"most that a network loses, {task.name}": data[f"lost {k}"].max(),
            f"least that a split leaves, {task.name}": shares.min(),
            f"the same of the function itself, {task.name}": data[f"exact {k}"].min(),
            f"least loss of networks in two parts, {task.name}": apart.min(),
        }
    known, parts = all(learned), max(found) <= NONE
    return Verdict(
        decide(known and parts and min(least) > NEARLY_ALL, known and parts and min(least) > MOST),
        f"Every split leaves at least {100 * min(least):.1f} % of what networks for a parity and for sums by a modulus "
        f"compute. Of two parities one split leaves {100 * max(found):.1g} %.",
        numbers,
        ("exact best sums over all inputs", "networks trained in two parts"),
    )
