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


def fitted(seen: np.ndarray, unit: float) -> int:
    """Return the record from which on the data are fitted: a tenth of `unit` is left.

    Examples
    --------
    >>> fitted(np.array([9.0, 0.5, 0.05, 0.02, 0.0]), 1.0)
    2
    """
    return int(np.argmax(seen - seen.min() <= FITTED * unit))


def late(seen: np.ndarray, new: np.ndarray, nothing: float, unit: float) -> tuple[int, int] | None:
    """Return the records between which the loss on new data falls late; None if it does not, or ends above no model.

    Examples
    --------
    >>> late(np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0, 0.9, 0.9, 0.3]), 0.5, 0.5)
    (2, 3)
    """
    start = fitted(seen, unit)
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


Falls = list[tuple[tuple[int, ...], tuple[int, int]]]


def _falls(data: Data, *, early: bool = False) -> Falls:
    """Return the runs that fall late, and between which records; with `early`, fitted by a part of the whole fall."""
    found = []
    for place in np.ndindex(data["seen"].shape[:-1]):
        seen, new = data["seen"][place], data["new"][place]
        unit = seen[0] - seen.min() if early else float(data["nothing"])
        span = late(seen, new, float(data["nothing"]), unit)
        if span is not None:
            found.append((place, span))
    return found


def draw(data: Data) -> Any:
    """Draw losses on new data, and on the data (dotted), of one seed; dots mark falls by the looser rule."""
    figure, axes = panels(len(SCALES), len(COUNTS), size=(3.8, 2.8), title="20 features in 2 dimensions, fixed data")
    falls = dict(_falls(data, early=True))
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
    late if its highest value from then on is more than a tenth above the end, and the end is below the loss of no
    model. The rows must have a name when nine tenths of this are done, and another one, or none, where it began. With
    other numbers if most do.
    """
    runs = data["seen"][..., 0].size
    falls, early = _falls(data), _falls(data, early=True)
    decayed, part = _renamed(data, falls)
    _, part_early = _renamed(data, early)
    others = _others(data, early)
    above = float((data["new"][..., -1] > data["nothing"]).mean())
    numbers: dict[str, float] = {
        "runs": runs,
        "runs that fall late": len(falls),
        "of these with weight decay": decayed,
        "part of these whose rows take a new name meanwhile": part,
        "runs that fall late, fitted when a tenth of their whole fall is left": len(early),
        "part of these with weight decay whose rows take a new name meanwhile": part_early,
        "part of other runs whose rows do, in the same steps": others,
        "part of all runs that end above no model on new data": above,
    }
    for k, decay in enumerate(DECAYS):
        ends = data["new"][:, k, :, :, -1] > data["nothing"]
        numbers[f"part that ends above no model, decay {decay:g}"] = float(ends.mean())
    return Verdict(
        decide(bool(decayed) and part >= NEARLY_ALL, bool(decayed) and part >= MOST),
        f"{len(falls) or 'None'} of {runs} runs {'fall' if falls else 'falls'} late on new data, and "
        f"{100 * above:.0f} % end above no model. By a looser rule {len(early)} fall; {100 * part_early:.0f} % of "
        f"these with decay take a new name meanwhile, and {100 * others:.0f} % of others.",
        numbers,
        ("late falls after the data are fitted", "falls by a looser rule, against the same steps of other runs"),
    )


def _renamed(data: Data, falls: Falls) -> tuple[int, float]:
    """Return how many falls are with weight decay, and the part of these whose rows take a new name meanwhile."""
    changed = [named(data["name"][place], span) for place, span in falls if DECAYS[place[1]] > 0]
    return len(changed), float(np.mean(changed)) if changed else 0.0


def _others(data: Data, falls: Falls) -> float:
    """Return the part of runs that do not fall late whose rows take a new name in the steps of those that do."""
    fallen = {place for place, _ in falls}
    places = [place for place in np.ndindex(data["seen"].shape[:-1]) if place not in fallen]
    changed = [named(data["name"][place], span) for place in places for _, span in falls if DECAYS[place[1]] > 0]
    return float(np.mean(changed)) if changed else 0.0
