"""A40: feature splitting: what the atoms of larger dictionaries are."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.removal.dictionary import FOUND, PENALTY, learn_dictionary
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "describe", "draw", "encode", "judge", "measure", "members", "plant", "present"]

EXPERIMENT = Experiment(
    id="A40",
    title="Feature splitting",
    claim="As a dictionary grows its atoms split: one atom for a family of related features becomes one for each "
    "member, while a feature without a family keeps one atom.",
    source="Bricken et al. 2023, Towards Monosemanticity: feature splitting",
    quick={"worlds": 3, "samples": 6000, "sweeps": 60, "starts": 3},
    paper={"worlds": 10, "samples": 30_000, "sweeps": 200, "starts": 10},
)

M, P = 20, 0.1  # hidden dimensions; probability of each concept
ALONE, NEAR, TOGETHER = 0, 1, 2
# Concepts, the coarse features: one feature; four near directions, one present at a time; two that come together.
CONCEPTS = (ALONE,) * 4 + (NEAR,) * 4 + (TOGETHER,) * 4
SIZES = {ALONE: 1, NEAR: 4, TOGETHER: 2}
NAMES = {ALONE: "no family", NEAR: "near", TOGETHER: "together"}
COSINE = 0.7  # between members of a near family
APART = 0.15  # probability that the first, and that the second of two comes by itself
ROUNDS = 200  # of the codes, through all atoms: objectives are then within a thousandth of the least
FACTORS = (1, 2, 4)  # atoms per concept
KINDS = ("one feature", "several of a family", "two concepts", "other")
ONE, FAMILY, TWO, OTHER = range(len(KINDS))
TWICE = Threshold(2, "factor by which members with an atom must grow from 1 to 4 atoms per concept: doubled is split")
PURE = Threshold(
    0.9,
    "part of an atom's activity in samples with a feature above which it reads this feature: those of a pair come with "
    "each other in 0.82 of their samples",
)


def measure(lab: Lab, worlds: int, samples: int, sweeps: int, starts: int) -> Data:
    """Plant features in each world, learn dictionaries of 1, 2 and 4 atoms per concept, and say what each atom is."""
    parts = []
    for world in range(worlds):
        rng = np.random.default_rng(world)
        rows, x = plant(rng), present(rng, samples)
        h = x @ rows
        h /= np.sqrt((h**2).sum(axis=1).mean())
        for factor in FACTORS:  # small dictionaries have more bad minima, and take less time
            size, tries = factor * len(CONCEPTS), starts * FACTORS[-1] // factor
            parts.append(
                lab.keep(
                    f"world {world}, {size} atoms",
                    lambda h=h, x=x, rows=rows, size=size, tries=tries: _described(h, x, rows, size, sweeps, tries),
                )
            )
    grouped = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return {name: array.reshape(worlds, len(FACTORS), *array.shape[1:]) for name, array in grouped.items()}


def members() -> np.ndarray:
    """Return the concept of each feature, ``(n,)``."""
    return np.repeat(np.arange(len(CONCEPTS)), [SIZES[kind] for kind in CONCEPTS])


def plant(rng: np.random.Generator) -> np.ndarray:
    """Return a unit row for each feature: random, but members of a near family have cosines near `COSINE`."""
    rows = [_family(rng, SIZES[kind], COSINE if kind == NEAR else 0.0) for kind in CONCEPTS]
    return np.concatenate(rows)


def _family(rng: np.random.Generator, size: int, cosine: float) -> np.ndarray:
    """Return unit rows, each √cosine of a common direction and the rest of a random one orthogonal to it."""
    common = rng.normal(size=M)
    common /= np.linalg.norm(common)
    own = rng.normal(size=(size, M))
    own -= np.outer(own @ common, common) if cosine else 0.0
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    return np.sqrt(cosine) * common + np.sqrt(1 - cosine) * own


def present(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Return values in [0, 1] of the features in samples, ``(samples, n)``, those without any feature left out."""
    parts = []
    for kind in CONCEPTS:
        u, size = rng.random(samples), SIZES[kind]
        if kind == NEAR:
            on = np.arange(size) == rng.integers(size, size=samples)[:, None]
        elif kind == TOGETHER:
            on = np.stack([u < 1 - APART, u > APART], axis=1)
        else:
            on = np.ones((samples, 1), bool)
        parts.append(rng.random((samples, size)) * on * (rng.random(samples) < P)[:, None])
    x = np.concatenate(parts, axis=1)
    return x[x.any(axis=1)]


def _described(h: np.ndarray, x: np.ndarray, rows: np.ndarray, size: int, sweeps: int, starts: int) -> Data:
    """Return what the atoms of a learned dictionary are, by direction and by what is present when they are active.

    By direction: each feature's largest cosine with an atom, and the atoms of each concept and kind. By activity: the
    largest part of an atom's activity, over atoms that read a feature more than others, in samples where it is present.
    """
    atoms, objective = learn_dictionary(h, size, sweeps=sweeps, starts=starts)
    counts = np.zeros((len(CONCEPTS), len(KINDS)), int)
    for atom in atoms:
        concept, kind = describe(atom, rows)
        counts[concept, kind] += 1
    codes = encode(h, atoms)
    part = codes.T @ (x > 0) / np.maximum(codes.sum(axis=0), 1e-12)[:, None]
    own = part.argmax(axis=1)[:, None] == np.arange(len(rows))
    return {
        "cosine": (atoms @ rows.T).max(axis=0), "atoms": counts, "purity": np.where(own, part, 0.0).max(axis=0),
        "objective": np.array(objective), "truth": np.array(_objective(h, rows)),
    }  # fmt: skip


def describe(atom: np.ndarray, rows: np.ndarray) -> tuple[int, int]:
    """Return the concept of the feature that an atom is nearest to, and its kind: the first of `KINDS` that fits.

    It is near one row, or near a sum, with coefficients of 0 or more, of rows of one concept, or of two.
    """
    from scipy.optimize import nnls

    concept = members()
    nearest = int(concept[(rows @ atom).argmax()])

    def near(*concepts: int) -> bool:
        residual = nnls(rows[np.isin(concept, concepts)].T, atom)[1]
        return 1 - residual**2 > FOUND**2  # the cosine with the best sum, as the atom has length 1

    if (rows @ atom).max() > FOUND:
        return nearest, ONE
    single = [k for k in range(len(CONCEPTS)) if near(k)]
    if single:
        return single[0], FAMILY
    pairs = any(near(j, k) for k in range(len(CONCEPTS)) for j in range(k))
    return nearest, TWO if pairs else OTHER


def encode(h: np.ndarray, atoms: np.ndarray, rounds: int = ROUNDS) -> np.ndarray:
    """Return codes c of 0 or more with the least ½‖h − c A‖² + λ Σ c, atom by atom: another way than the learner's."""
    codes, rest = np.zeros((len(h), len(atoms))), h.copy()
    for _ in range(rounds):
        for k, atom in enumerate(atoms):
            new = np.maximum(codes[:, k] + rest @ atom - PENALTY, 0)
            rest += np.outer(codes[:, k] - new, atom)
            codes[:, k] = new
    return codes


def _objective(h: np.ndarray, atoms: np.ndarray) -> float:
    codes = encode(h, atoms)
    return float((((h - codes @ atoms) ** 2).sum(axis=1) / 2 + PENALTY * codes.sum(axis=1)).mean())


def draw(data: Data) -> Any:
    """Draw the features with an atom over the size of the dictionary, and what the atoms are."""
    figure, axes = panels(1, 3, size=(3.7, 3.5), title="dictionaries of 12 concepts, 8 of them families of features")
    kind_of = np.array(CONCEPTS)[members()]
    ticks = [f"{factor} × {len(CONCEPTS)}" for factor in FACTORS]
    at = np.arange(len(FACTORS))
    for kind, name in NAMES.items():
        found = (data["cosine"][..., kind_of == kind] > FOUND).mean(axis=(0, 2))
        read = (data["purity"][..., kind_of == kind] > PURE).mean(axis=(0, 2))
        axes[0, 0].plot(at, found, "o-", color=PALETTE[kind], label=name)
        axes[0, 0].plot(at, read, "x:", color=PALETTE[kind])
        each = data["atoms"][:, :, np.array(CONCEPTS) == kind][..., :TWO].sum(axis=-1).mean(axis=(0, 2))
        axes[0, 1].plot(at, each, "o-", color=PALETTE[kind], label=name)
        axes[0, 1].axhline(SIZES[kind], color=PALETTE[kind], linewidth=0.6, linestyle="--")
    axes[0, 0].set(ylabel="fraction of the features with an atom", ylim=(-0.03, 1.2))
    axes[0, 0].set_title("by direction (o) and by activity (x)", fontsize=9)
    axes[0, 0].legend(frameon=False, fontsize=8, ncols=3, loc="upper center")
    axes[0, 1].set(ylabel="atoms within a concept", ylim=(0, None))
    axes[0, 1].set_title("dashed: features that it has", fontsize=9)
    base = np.zeros(len(FACTORS))
    for kind, name in enumerate(KINDS):
        counts = data["atoms"][..., kind].sum(axis=-1).mean(axis=0)
        axes[0, 2].bar(at, counts, 0.7, bottom=base, color=PALETTE[kind], label=name)
        base = base + counts
    axes[0, 2].set(ylabel="atoms", ylim=(0, 1.1 * base.max()))
    axes[0, 2].set_title("what an atom is near to", fontsize=9)
    axes[0, 2].legend(frameon=False, fontsize=8, loc="upper left")
    for ax in axes[0]:
        ax.set_xticks(at, ticks)
        ax.set_xlabel("atoms")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if families of near directions have one atom at 1 x and their members at 4 x, and no other concept splits.

    At 1 x most families of near features have one atom only. At 4 x nearly all members of families have an atom of
    their own, by direction and by activity; nearly all features without a family have just one; and at most one atom in
    ten is anything but one feature. With other numbers if twice as many members have an atom at 4 x as at 1 x, and
    nearly all features without a family have just one at 4 x.
    """
    kinds = np.array(CONCEPTS)
    family = kinds[members()] != ALONE
    within = data["atoms"][..., :TWO].sum(axis=-1)  # (worlds, factors, concepts)
    one = float((within[:, 0, kinds == NEAR] == 1).mean())
    found = (data["cosine"] > FOUND)[..., family].mean(axis=(0, 2))
    read = (data["purity"] > PURE)[..., family].mean(axis=(0, 2))
    alone = float((within[:, -1, kinds == ALONE] == 1).mean())
    share = data["atoms"].sum(axis=(0, 2)) / data["atoms"].sum(axis=(0, 2, 3))[:, None]  # (factors, kinds)
    numbers: dict[str, float] = {
        "near families with one atom at 1 x": one,
        "features without a family with one atom at 4 x": alone,
    }
    for k, factor in enumerate(FACTORS):
        numbers |= {
            f"members with an atom, by direction, {factor} x": found[k],
            f"members with an atom, by activity, {factor} x": read[k],
            f"objective over that of the planted rows, {factor} x": (data["objective"] / data["truth"])[:, k].mean(),
        }
        numbers |= {f"part of the atoms: {name}, {factor} x": share[k, j] for j, name in enumerate(KINDS)}
        for kind, name in NAMES.items():
            numbers[f"atoms of a concept, {name}, {factor} x"] = within[:, k, kinds == kind].mean()
    kept = alone >= NEARLY_ALL
    split = min(found[-1], read[-1]) >= NEARLY_ALL
    pure = share[-1, ONE] >= NEARLY_ALL
    return Verdict(
        decide(one > MOST and kept and split and pure, kept and found[-1] >= TWICE * found[0]),
        f"Members with an atom: {', '.join(f'{100 * f:.0f}' for f in found)} % with 1, 2 and 4 atoms a concept. At 1 x "
        f"{100 * one:.0f} % of near families have one atom. At 4 x {100 * share[-1, TWO]:.0f} % of the atoms are sums "
        "of two concepts.",
        numbers,
        ("cosines of atoms and planted rows", "features present when an atom is active"),
    )
