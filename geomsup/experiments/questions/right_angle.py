"""Q6: why are digons antipodal so exactly, and orthogonal to each other only nearly?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.training import train_whole

__all__ = ["EXPERIMENT", "deviations", "draw", "judge", "make_digons", "measure"]

EXPERIMENT = Experiment(
    id="Q6",
    title="Digons: antipodal exactly, orthogonal nearly?",
    claim="The two features of a digon are antipodal, but different digons only nearly orthogonal (a replicator's "
    "observation): right angles are best, and the optimisation leaves the difference.",
    source="a replicator's note on Elhage et al. 2022",
    quick={"points": 31, "models": 8, "steps": 3000},
    paper={"points": 121, "models": 40, "steps": 30_000},
)

DENSITIES = (0.01, 0.05, 0.1, 0.2)
SPAN = 15.0  # degrees to either side of the optimum over which losses are computed
FINE = 1.0  # degrees over which curvatures are taken
AT = Threshold(
    1, "degrees from 90° within which the least loss is at a right angle: the step of the angles at the quick size"
)
ENDS = Threshold(0.1, "degrees from 90° within which free descents end there: a tenth of `AT`")


def make_digons(turn: float = 0.0, bend: float = 0.0, norm: float = 1.0, bias: float = 0.0) -> ToyModel:
    """Return two digons: the second is at 90° plus `turn`, and its rows are 180° minus `bend` apart."""
    turns = np.radians([0, 180, 90 + turn + bend / 2, 270 + turn - bend / 2])
    return ToyModel(norm * np.stack([np.cos(turns), np.sin(turns)], axis=1), np.full(4, bias))


def deviations(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far two digons are from orthogonal, ``(...)``, and the members of each from antipodal, ``(..., 2)``.

    In degrees, of four rows in two dimensions.

    Examples
    --------
    >>> [one.round(6).tolist() for one in deviations(make_digons(turn=3, bend=2).W)]
    [3.0, [0.0, 2.0]]
    """
    unit = W / np.linalg.norm(W, axis=-1, keepdims=True)
    partner = (unit @ np.swapaxes(unit, -1, -2)).argmin(axis=-1)[..., 0]
    order = np.stack([np.r_[0, k, np.setdiff1d([1, 2, 3], [k])] for k in partner.ravel()]).reshape(*partner.shape, 4)
    angles = np.degrees(np.arctan2(unit[..., 1], unit[..., 0]))
    a, b, c, d = np.moveaxis(np.take_along_axis(angles, order, axis=-1), -1, 0)
    bends = np.abs(np.stack([_modulo(a - b - 180, 360), _modulo(c - d - 180, 360)], axis=-1))
    axes = [one - _modulo(one - two - 180, 360) / 2 for one, two in ((a, b), (c, d))]
    return np.abs(_modulo(axes[0] - axes[1] - 90, 180)), bends


def _modulo(angle: np.ndarray, period: float) -> np.ndarray:
    """Return the angle nearest to 0 that differs from `angle` by whole periods."""
    return (angle + period / 2) % period - period / 2


def measure(lab: Lab, points: int, models: int, steps: int) -> Data:
    """Return the exact loss over the angle of two digons, and the deviations of digons trained by two recipes."""
    turns = np.linspace(-SPAN, SPAN, points)

    def exact() -> dict[str, Any]:
        rows = [_landscape(p, turns) for p in DENSITIES]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    data: dict[str, Any] = {"turns": turns, **lab.keep("exact", exact)}
    features = [Features(4, p) for p in DENSITIES]
    for name, schedule in (("constant", "constant"), ("falling", "cosine")):
        run = lab.train(
            name, features, 2,
            model=make_digons(turn=5.0, bend=5.0), models=models, steps=steps, learning_rate=3e-3, schedule=schedule,
        )  # fmt: skip
        W = run.W.reshape(len(DENSITIES), models, 4, 2).astype(float)
        data[f"{name} turn"], data[f"{name} bend"] = deviations(W)
        data[f"{name} loss"] = run.expected_loss().reshape(len(DENSITIES), models)
    return data


def _landscape(p: float, turns: np.ndarray) -> dict[str, Any]:
    """Return exact losses and curvatures of two digons, with the best norm and bias at 90°, and free descents."""
    features = Features(4, p)
    best = train_whole(features, 2, objective="exact", model=make_digons()).model(0)
    size = {"norm": float(np.linalg.norm(best.W, axis=1).mean()), "bias": float(best.b.mean())}

    def loss(**angles: float) -> float:
        return float(expected_loss(make_digons(**angles, **size), features))

    free = train_whole(features, 2, objective="exact", model=make_digons(turn=10.0, bend=10.0)).model(0)
    flat = loss()
    return {
        "loss": np.array([loss(turn=t) for t in turns]), "bent": np.array([loss(bend=t) for t in turns]),
        "turn curvature": (loss(turn=FINE) + loss(turn=-FINE) - 2 * flat) / FINE**2,
        "bend curvature": (loss(bend=FINE) + loss(bend=-FINE) - 2 * flat) / FINE**2,
        "least": flat, "free turn": deviations(free.W)[0], "free bend": deviations(free.W)[1],
        "free loss": float(expected_loss(free, features)), **size,
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw the loss over both angles, and the deviations of trained digons from 90° and 180°."""
    figure, axes = panels(1, 3, size=(3.8, 3.3), title="Two digons in two dimensions")
    for j, (name, word) in enumerate((("loss", "turned as a whole"), ("bent", "one bent"))):
        for k, p in enumerate(DENSITIES):
            axes[0, j].plot(data["turns"], data[name][k] / data["least"][k] - 1, color=PALETTE[k], label=f"p = {p:g}")
        axes[0, j].set_xlabel(f"degrees, {word}")
    axes[0, 0].set_ylabel("excess of the exact loss")
    top = max(ax.get_ylim()[1] for ax in axes[0, :2])
    for ax in axes[0, :2]:
        ax.set_ylim(-0.02 * top, top)
    axes[0, 0].legend(frameon=False, fontsize=8)
    ax = axes[0, 2]
    for j, (rate, marker) in enumerate((("constant", "o"), ("falling", "s"))):
        for i, kind in enumerate(("turn", "bend")):
            values = _rms(data[f"{rate} {kind}"])
            what = "from 90°" if kind == "turn" else "from 180°"
            ax.plot(
                DENSITIES, values, marker + "-", color=PALETTE[2 * i + j], label=f"{what}, {rate} rate", markersize=4
            )
    ax.set(xscale="log", yscale="log", xlabel="density p", ylabel="trained: rms degrees off")
    ax.legend(frameon=False, fontsize=7)
    return figure


def _rms(angles: np.ndarray) -> np.ndarray:
    """Return the rms of each density's angles."""
    return np.sqrt((angles.reshape(len(angles), -1) ** 2).mean(axis=1))


def judge(data: Data) -> Verdict:
    """Hold if right angles are best, a falling rate brings digons nearer to them, and digons are more exactly straight.

    Best: the exact loss is least at 90°, and free exact descents end there. Nearer: closer to 90° (rms) than with a
    constant rate. More exact: closer to 180° than digons are to 90°, with a falling rate. With other numbers if only
    the last fails.
    """
    at = np.abs(data["turns"][data["loss"].argmin(axis=1)])
    free = float(np.max(data["free turn"])), float(np.max(data["free bend"]))
    exact = bool((at < AT).all() and free[0] < ENDS)
    rms = {key: _rms(data[key]) for key in ("constant turn", "constant bend", "falling turn", "falling bend")}
    softer = data["bend curvature"] / data["turn curvature"]
    wider = rms["falling turn"] / np.maximum(rms["falling bend"], 1e-9)
    shrinks = bool((rms["falling turn"] < rms["constant turn"]).all())
    numbers = {f"curvature of bending over turning, p = {p:g}": s for p, s in zip(DENSITIES, softer, strict=True)}
    for key, values in rms.items():
        numbers |= {f"rms degrees, {key}, p = {p:g}": v for p, v in zip(DENSITIES, values, strict=True)}
    numbers |= {"degrees from 90° of the least exact loss, most": at.max()}
    numbers |= {"degrees from 90° of free exact descents, most": free[0], "degrees from 180°, most": free[1]}
    return Verdict(
        decide(exact and shrinks and bool((wider > 1).all()), exact and shrinks),
        f"The exact loss is least within {at.max():.2g}° of 90°. Trained digons are {rms['falling turn'].min():.2g} "
        f"to {rms['falling turn'].max():.2g}° from orthogonal where the rate falls, {rms['falling bend'].min():.2g} "
        f"to {rms['falling bend'].max():.2g}° from antipodal; bending costs {softer.min():.2g} to {softer.max():.2g} "
        "times what turning does.",
        numbers,
        ("exact loss over the angle", "free exact descents", "angles of trained models at two recipes"),
    )
