"""A46: a fixed data set with weight decay: does a late fall of the test loss come with a named change of geometry?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify
from geomsup.samples import SampledFeatures

__all__ = ["EXPERIMENT", "draw", "fitted", "judge", "late", "measure", "named"]

EXPERIMENT = Experiment(
    id="A46",
    title="Grokking and geometry",
    claim="Trained on a fixed data set with weight decay, the loss on new data falls late, long after that on the "
    "data; then the geometry changes, by name, from polytopes of samples to polytopes of features.",
    source="A reader's expectation, from Henighan et al. 2023 and from grokking",
    quick={"seeds": 4, "steps": 20_000, "records": 24},
    paper={"seeds": 20, "steps": 200_000, "records": 60},
)

FEATURES = Features(20, 0.05)  # one feature in a sample, on average
M = 2
COUNTS = (10, 30, 100)  # samples: fewer are only learned by heart, and more are as good as fresh data
DECAYS = (0.0, 0.1, 1.0)
SCALES = (1.0, 4.0)  # of the random start: grokking is known from large ones
FITTED = Threshold(
    0.1,
    "what the loss on the data may still fall by, over the loss of no model, when they count as fitted: as a part of "
    "the whole fall it would depend on how large the start is",
)
FALL = Threshold(
    0.1,
    "part of the loss on new data, at its highest after the data are fitted, that is lost by the end: ripples are less",
)
DONE = Threshold(0.9, "part of the late fall that is done when it counts as over: the last tenth is slow")
NO_NAMES = ("unnamed", "stray")  # of what `classify` says of rows without a shape


def measure(lab: Lab, seeds: int, steps: int, records: int) -> Data:
    """Train on fixed data; return losses on the data and on new data, and the names of W's rows, along the runs."""
    marks = np.unique(np.geomspace(10, steps, records).astype(int)).tolist()

    def follow(count: int, decay: float, scale: float, seed: int) -> dict[str, Any]:
        x = FEATURES.sample(4 * count + 20, rng=[count, seed])
        data = SampledFeatures(x[x.any(axis=1)][:count])
        rng = np.random.default_rng([count, seed])
        start = ToyModel(scale * rng.normal(size=(FEATURES.n, M)) / FEATURES.n**0.5)
        run = lab.train(
            f"{count} samples, decay {decay:g}, start {scale:g}, seed {seed}", data, M, model=start, steps=steps,
            learning_rate=3e-3, weight_decay=decay, record=marks, seed=seed,
        )  # fmt: skip
        models = [run.model(0, k) for k in range(len(run.steps))]
        return {
            "steps": run.steps,
            "seen": [float(expected_loss(model, data)) for model in models],
            "new": [float(expected_loss(model, FEATURES)) for model in models],
            "name": [classify(model.W, orientation="rows").name for model in models],
        }

    told = [
        lab.keep(f"{count} {decay:g} {scale:g} {seed}", lambda c=count, d=decay, s=scale, k=seed: follow(c, d, s, k))
        for count in COUNTS
        for decay in DECAYS
        for scale in SCALES
        for seed in range(seeds)
    ]
    shape = len(COUNTS), len(DECAYS), len(SCALES), seeds, -1
    return {
        "steps": told[0]["steps"],
        "nothing": float(FEATURES.variance.sum()),
        **{key: np.array([one[key] for one in told]).reshape(shape) for key in ("seen", "new", "name")},
    }


def fitted(seen: np.ndarray, nothing: float) -> int:
    """Return the record from which on the data are fitted.

    Examples
    --------
    >>> fitted(np.array([9.0, 0.5, 0.05, 0.02, 0.0]), 1.0)
    2
    """
    return int(np.argmax(seen - seen.min() <= FITTED * nothing))


def late(seen: np.ndarray, new: np.ndarray, nothing: float) -> tuple[int, int] | None:
    """Return the records between which the loss on new data falls late; None if it does not, or ends above no model.

    Examples
    --------
    >>> late(np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.9, 0.9, 0.3]), 0.5)
    (2, 3)
    """
    start = fitted(seen, nothing)
    highest = len(new) - 1 - int(np.argmax(new[start:][::-1]))  # the last of equal ones
    top, end = new[highest], new[-1]
    if not (end < (1 - FALL) * top and end < nothing):
        return None
    over = highest + int(np.argmax(new[highest:] <= top - DONE * (top - end)))
    return highest, over


def named(names: np.ndarray, span: tuple[int, int]) -> bool:
    """Return whether the rows have one name after a fall, and had another one, or none, before it.

    Examples
    --------
    >>> named(np.array(["unnamed (9 vertices, rank 2)", "pentagon"]), (0, 1))
    True
    """
    before, after = str(names[span[0]]), str(names[span[1]])
    return before != after and not any(word in after for word in NO_NAMES)


def _falls(data: Data) -> list[tuple[tuple[int, ...], tuple[int, int]]]:
    """Return the runs that fall late, and between which records."""
    found = []
    for place in np.ndindex(data["seen"].shape[:-1]):
        span = late(data["seen"][place], data["new"][place], float(data["nothing"]))
        if span is not None:
            found.append((place, span))
    return found


def draw(data: Data) -> Any:
    """Draw losses on the data and on new data by start and number of samples, of the largest decay and of none."""
    figure, axes = panels(len(SCALES), len(COUNTS), size=(3.8, 2.8), title="20 features in 2 dimensions, fixed data")
    falls = dict(_falls(data))
    for row, scale in enumerate(SCALES):
        for column, count in enumerate(COUNTS):
            ax = axes[row, column]
            for j, decay in enumerate(DECAYS):
                place = column, j, row, 0
                label = f"decay {decay:g}"
                ax.plot(data["steps"], data["new"][place], color=PALETTE[j], label=f"new data, {label}")
                ax.plot(data["steps"], data["seen"][place], color=PALETTE[j], linestyle=":", linewidth=1)
                if place in falls:
                    ends = list(falls[place])
                    ax.plot(data["steps"][ends], data["new"][place][ends], "o", color=PALETTE[j], markersize=4)
            ax.axhline(data["nothing"], color="grey", linewidth=0.8, linestyle="--")
            ax.set(xscale="log", ylim=(0, 0.8))
            ax.set_title(f"{count} samples, start × {scale:g}", fontsize=9)
    for ax in axes[-1]:
        ax.set_xlabel("step")
    for ax in axes[:, 0]:
        ax.set_ylabel("loss")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if some runs with weight decay fall late, and nearly all that do change to another name meanwhile.

    Data are fitted when the loss on them can fall by a tenth of that of no model at most. The loss on new data falls
    late if its highest value from then on is more than a tenth above the end, and the end is below the loss of no model.
    The rows must have a name when nine tenths of this are done, and another one, or none, where it began. With other
    numbers if most do.
    """
    falls = _falls(data)
    runs = data["seen"][..., 0].size
    decayed = [(place, span) for place, span in falls if DECAYS[place[1]] > 0]
    changed = [named(data["name"][place], span) for place, span in decayed]
    part = float(np.mean(changed)) if changed else 0.0
    # The same spans of records in the runs that do not fall late: how often do names change anyway?
    places = [place for place in np.ndindex(data["seen"].shape[:-1]) if place not in dict(falls)]
    anyway = [named(data["name"][place], span) for place in places for _, span in decayed]
    ends = [named(data["name"][place], (span[0], -1)) for place, span in decayed]
    numbers: dict[str, float] = {
        "runs": runs,
        "runs that fall late": len(falls),
        "of these with weight decay": len(decayed),
        "part of these whose rows take a new name meanwhile": part,
        "part of these whose rows have a new name at the end": float(np.mean(ends)) if ends else np.nan,
        "part of all runs that end above no model on new data": float((data["new"][..., -1] > data["nothing"]).mean()),
        "part of other runs whose rows do, in the same steps": float(np.mean(anyway)) if anyway else np.nan,
    }
    for k, decay in enumerate(DECAYS):
        for j, scale in enumerate(SCALES):
            some = [place for place, _ in falls if place[1] == k and place[2] == j]
            numbers[f"part that falls late, decay {decay:g}, start x {scale:g}"] = len(some) / (
                data["seen"].shape[0] * data["seen"].shape[3]
            )
    return Verdict(
        decide(bool(decayed) and part >= NEARLY_ALL, bool(decayed) and part >= MOST),
        f"{len(falls)} of {runs} runs fall late on new data, {len(decayed)} of them with weight decay. In "
        f"{100 * part:.0f} % of these the rows take a new name meanwhile, and in "
        f"{100 * (np.mean(anyway) if anyway else 0):.0f} % of the others in the same steps.",
        numbers,
        ("names during the fall", "names at the end of the runs", "the same steps of runs that do not fall late"),
    )
