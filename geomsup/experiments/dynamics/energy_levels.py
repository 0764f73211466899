"""E18: features jump between levels of D_i while a model is trained. Does the loss drop when they jump?"""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import FAINT, PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "find_jumps", "judge", "make_small_start", "measure"]

EXPERIMENT = Experiment(
    id="E18",
    title="Energy levels",
    claim="While a model is trained, single features jump between levels of D_i and change places, and the loss drops "
    "suddenly at each jump.",
    source="Elhage et al. 2022, Superposition and learning dynamics (discrete energy level jumps)",
    quick={"seeds": 6, "steps": 9000, "records": 150, "batch": 512},
    paper={"seeds": 8, "steps": 100_000, "records": 1000, "batch": 1024},
)

N, M, SPARSITY = 100, 10, 0.55
SMALL = 0.1  # scale of the start, relative to the usual one: jumps are then further apart in time
LEVELS = (0.0, 0.5)  # D_i of a feature that is not stored, and of one in a digon
BETWEEN = Threshold(0.3, "D_i that a feature passes when it jumps: a round number between the levels 0 and 1/2")
NEAR = Threshold(0.05, "distance from a level within which a D_i is on it: a tenth of the 1/2 between the two levels")
WINDOW = 5  # records to either side of a jump that count as around it
STEEP = Threshold(
    2, "ratio of the falls at a jump and beside it above which they are sudden: 1 without an effect, 1.2 as measured"
)
SETTLED = Threshold(0.95, "fraction of D_i at a level above which features have settled: one in twenty may still move")
CHANCE = Threshold(
    0.01,
    "p-value, of sets of random times, below which jumps and falls of the loss go together: the usual 1 %",
)
DRAWS = 999  # sets of random times that jumps are compared with: ten of them are 1 %


def make_small_start(n: int, m: int, scale: float, seed: int) -> ToyModel:
    """Return a model with normal W, `scale` times as large as Xavier's start."""
    rng = np.random.default_rng(seed)
    return ToyModel(scale * (2 / (n + m)) ** 0.5 * rng.normal(size=(n, m)))


def measure(lab: Lab, seeds: int, steps: int, records: int, batch: int) -> Data:
    """Train from small weights; return D_i and the exact loss along the way, and names of the geometry."""
    features = Features(N, 1 - SPARSITY)
    paths = []
    for seed in range(seeds):
        run = lab.train(
            f"seed {seed}", features, M,
            model=make_small_start(N, M, SMALL, seed), seed=seed,
            steps=steps, batch=batch, learning_rate=1e-3, record=steps // records,
        )  # fmt: skip

        def path(run: Any = run) -> dict[str, Any]:
            W = run.W_history[0].astype(float)
            models = [run.model(0, record) for record in range(len(W))]
            return {
                "steps": run.steps,
                "D": dimensionality(W),
                "norm": np.linalg.norm(W, axis=2),
                "loss": np.array([float(expected_loss(model, features)) for model in models]),
                "name": np.array([_name(W[k]) for k in (len(W) // 8, len(W) // 4, len(W) // 2, -1)]),
            }

        paths.append(lab.keep(f"path {seed}", path))
    return {name: np.stack([one[name] for one in paths]) for name in paths[0]}


def _name(W: np.ndarray) -> str:
    """Return the name of the geometry of the stored rows."""
    rows = W[stored(W)]
    return classify(rows, orientation="rows").name if len(rows) else "nothing"


def find_jumps(D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return record and direction (1 up, -1 down) of every jump of D ``(records, n)`` past `BETWEEN`.

    Examples
    --------
    >>> find_jumps(np.array([[0.1, 0.5], [0.5, 0.5], [0.5, 0.0]]))
    (array([1, 2]), array([ 1, -1]))
    """
    turns = np.diff((D > BETWEEN).astype(int), axis=0)
    when, who = np.nonzero(turns)
    return when + 1, turns[when, who]


def draw(data: Data) -> Any:
    """Draw D_i and the exact loss of each run."""
    runs = min(len(data["D"]), 4)
    title = f"{N} features in {M} dimensions, S = {SPARSITY}, from small weights"
    figure, axes = panels(2, runs, size=(3.2, 2.6), title=title)
    for k in range(runs):
        steps, D = data["steps"][k], data["D"][k]
        settled = D[-1] > BETWEEN
        axes[0, k].plot(steps, D[:, ~settled], color=FAINT, linewidth=0.4)
        axes[0, k].plot(steps, D[:, settled], linewidth=0.8)
        axes[0, k].axhline(0.5, color="black", linewidth=0.5)
        axes[1, k].plot(steps, data["loss"][k], color=PALETTE[0])
        when, turn = find_jumps(D)
        up = steps[when[turn > 0]]
        axes[1, k].plot(up, np.interp(up, steps, data["loss"][k]), "|", color=PALETTE[1], markersize=9, label="jumps")
        loss = data["loss"][k]
        rest = loss[_start(loss)]
        axes[1, k].set(xlabel="step", ylim=(loss.min() - 0.05 * (rest - loss.min()), rest + 0.3 * (rest - loss.min())))
    axes[0, 0].set_ylabel("D_i (grey: not stored at the end)")
    axes[1, 0].set_ylabel("exact loss")
    axes[1, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if features jump to levels, and the loss falls faster at jumps than at other times, and suddenly.

    Levels: at the end 95 % of the D_i are at 0 or 1/2, and every run has more jumps up than dimensions. Faster: of
    999 sets of random times between a run's first and last jump, at most 1 % have as large a mean fall. Suddenly:
    most jumps have no other near them, and at these the loss falls twice as fast as beside them (median). With other
    numbers if it is not sudden.
    """
    jumps = [find_jumps(D) for D in data["D"]]
    up = np.array([(turn > 0).sum() for _, turn in jumps])
    down = np.array([(turn < 0).sum() for _, turn in jumps])
    end = data["D"][:, -1]
    at_levels = float((np.abs(end[..., None] - np.array(LEVELS)) < NEAR).any(axis=-1).mean())
    low = np.where(end > BETWEEN, 0.0, end).sum(axis=1)
    ratio, chance = _at_jumps(data["loss"], [when for when, _ in jumps])
    span = float(np.mean([np.ptp(when) / len(loss) if len(when) else 0.0 for (when, _), loss in zip(
        jumps, data["loss"], strict=True)]))  # fmt: skip
    steep = np.concatenate([
        _steepness(_falls(loss), when - _start(loss) - 1) for (when, _), loss in zip(jumps, data["loss"], strict=True)
    ])  # fmt: skip
    alone = len(steep) / max(up.sum() + down.sum(), 1)
    sudden = bool(len(steep) and np.median(steep) > STEEP)
    levels = at_levels > SETTLED and bool(up.min() > M)
    same = chance < CHANCE
    return Verdict(
        decide(levels and same and sudden and alone > MOST, levels and same),
        f"{up.mean():.1f} jumps of D_i up and {down.mean():.2f} down per run; {100 * at_levels:.0f} % end at 0 or "
        f"1/2. The loss falls {ratio:.2f} times as fast at jumps as on average; {100 * alone:.0f} % of the jumps have "
        "no other near them.",
        {
            "jumps up per run": up.mean(), "jumps down per run": down.mean(),
            "part of D_i at a level at the end": at_levels, "sum of the D_i near 0 at the end": low.mean(),
            "fall of the loss at jumps over the mean between the first and the last": ratio,
            "part of times drawn at random with as much": chance,
            "part of the time from the first to the last jump": span,
            "part of jumps without another near": alone,
            "steepness at jumps without another near, median": np.median(steep) if len(steep) else np.nan,
        },
        ("exact losses at jumps and at random times of the same stretch", "steepness at jumps that are alone"),
    )  # fmt: skip


def _at_jumps(losses: np.ndarray, jumps: list[np.ndarray]) -> tuple[float, float]:
    """Return the mean fall of the loss at jumps over that of all times between a run's first and last jump.

    The second value is the fraction of `DRAWS` sets of as many random times from the same span whose mean fall is at
    least as large. Times before and after that span are left out: the loss hardly falls there, jumps or not.
    """
    generator = np.random.default_rng(0)
    seen, drawn, along = [], [], []
    for loss, when in zip(losses, jumps, strict=True):
        if len(when):
            fall = -np.diff(loss)[when.min() - 1 : when.max()]
            seen.append(fall[when - when.min()])
            drawn.append(fall[generator.integers(len(fall), size=(DRAWS, len(when)))])
            along.append(fall)
    if not seen:
        return 0.0, 1.0
    mean = np.concatenate(seen).mean()
    chance = (np.concatenate(drawn, axis=1).mean(axis=1) >= mean).mean()
    return float(mean / np.concatenate(along).mean()), float(chance)


def _start(loss: np.ndarray) -> int:
    """Return the record at which the first fall of the loss, common to all features, is over."""
    drops = -np.diff(loss)
    first = int(drops[: len(drops) // 8].argmax())
    slow = np.flatnonzero(drops[first:] < 0.1 * drops[first])
    return first + (int(slow[0]) if len(slow) else 0)


def _falls(loss: np.ndarray) -> np.ndarray:
    """Return the fall of the loss from record to record after the start."""
    return -np.diff(loss[_start(loss) :])


def _steepness(fall: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Return the fall of the loss around jumps without another near, over the fall on either side of them.

    `when` counts falls: a jump that is seen in record k + 1 happens during fall k.
    """
    gaps = np.abs(when[:, None] - when) + 3 * WINDOW * np.eye(len(when))
    lone = when[(gaps > 2 * WINDOW).all(axis=1)]
    lone = lone[(lone >= 3 * WINDOW) & (lone < len(fall) - 3 * WINDOW)]
    around = np.array([fall[k - WINDOW : k + WINDOW + 1].mean() for k in lone])
    beside = np.array(
        [fall[[*range(k - 3 * WINDOW, k - WINDOW), *range(k + WINDOW + 1, k + 3 * WINDOW + 1)]].mean() for k in lone]
    )
    return around / np.maximum(beside, 1e-12)
