"""A20: superposition of attention heads: skip trigrams spread over heads, and more of them than heads could hold."""

from functools import cache
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import SMALL, colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.tokens.heads import (
    LENGTH,
    Task,
    cancelled,
    code,
    descents,
    ignored,
    loss,
    removed,
    task,
    written,
)
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["CASES", "EXPERIMENT", "Case", "apart", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A20",
    title="Superposition of attention heads",
    claim="Attention heads are superposed: a skip trigram is spread over several heads, and the layer holds more of "
    "them than heads × rank.",
    source="Open problem 4.15 (N. Nanda's list); skip trigrams that share a source: Jermyn, Olah & Henighan 2023",
    quick={"starts": 64, "starts_apart": 100},
    paper={"starts": 400, "starts_apart": 1000},
)


class Case(NamedTuple):
    """Every destination and every source form a trigram; all are to be held by a few heads of small rank."""

    sources: int
    destinations: int
    heads: int
    rank: int

    @property
    def trigrams(self) -> int:
        """Number of skip trigrams."""
        return self.sources * self.destinations

    def __str__(self) -> str:
        sources = "one source" if self.sources == 1 else f"{self.sources} sources"
        return f"{self.trigrams} trigrams, {sources}, {self.heads} heads of rank {self.rank}"


CASES = (Case(1, 4, 2, 1), Case(1, 7, 3, 1), Case(2, 3, 3, 1), Case(2, 4, 3, 2))
SHOWN = 1  # of these, the case whose heads are drawn: binary codes hold just its seven trigrams
HELD = Threshold(
    0.5, "fraction of the loss of a constant output below which a trigram is held: half way from 1, not at all, to 0"
)
SPREAD = Threshold(
    1.5,
    "effective number of heads, (Σ|c|)²/Σc² of what they add to its output, from which a trigram is spread: half way "
    "from 1 to 2",
)
GAIN = Threshold(
    0.1,
    "relative difference from the loss of heads kept apart that is a gain: a tenth, about what the best of repeated "
    "searches differ by",
)


def measure(lab: Lab, starts: int, starts_apart: int) -> Data:
    """Descend the exact loss of each case; compare with the best of heads that hold trigrams of their own each."""
    data: dict[str, Any] = {}
    for k, case in enumerate(CASES):
        found = lab.keep(str(case), lambda case=case: _measured(case, starts, starts_apart))
        data |= {f"{key} {k}": value for key, value in found.items()}
    return data


def _measured(case: Case, starts: int, starts_apart: int) -> dict[str, Any]:
    given = task(_pairs(case), case.destinations, case.sources)
    layer, losses = descents(given, case.heads, case.rank, starts, seed=0)
    explicit = case.destinations < 2**case.heads and case.rank >= case.sources
    return {
        "losses": losses,
        "apart": apart(case, starts_apart),
        "code": loss(code(given, case.heads), given)[0] if explicit else np.nan,
        "ignored": ignored(given),
        "removed": removed(layer, given),
        "written": written(layer, given),
        "cancelled": cancelled(layer, given),
        "scores": layer.scores,
    }


def _pairs(case: Case) -> list[tuple[int, int]]:
    return [(destination, source) for destination in range(case.destinations) for source in range(case.sources)]


def apart(case: Case, starts: int) -> float:
    """Return the least loss of heads that each write to outputs of their own: the best division of the trigrams.

    Outputs of one head are all that it changes, so that the loss is a sum over heads. What one head loses with a set of
    trigrams depends on the set up to names of destinations and of sources only. A set may also be held by no head.
    """
    pairs = _pairs(case)
    full = 2 ** len(pairs) - 1
    unheld = ignored(task(pairs, case.destinations, case.sources))

    @cache
    def of_kind(kind: tuple[int, ...]) -> float:
        chosen = [(k, s) for k, mask in enumerate(kind) for s in range(case.sources) if mask >> s & 1]
        given: Task = task(chosen, case.destinations, case.sources)
        return float(descents(given, 1, case.rank, starts, seed=1)[1][0])

    @cache
    def of_heads(chosen: int, heads: int) -> float:
        if not heads or not chosen:
            return float(unheld[[bool(chosen >> t & 1) for t in range(len(pairs))]].sum())
        least, part = of_heads(chosen, heads - 1), chosen
        while part:
            least = min(least, of_kind(_kind(part, case)) + of_heads(chosen & ~part, heads - 1))
            part = (part - 1) & chosen
        return least

    return of_heads(full, case.heads)


def _kind(chosen: int, case: Case) -> tuple[int, ...]:
    """Return a set of trigrams as its sources for each destination, the same for sets that differ by names only."""
    bits = (np.array([chosen >> t & 1 for t in range(case.trigrams)])).reshape(case.destinations, case.sources)
    turned = (bits[:, list(order)] @ (1 << np.arange(case.sources)) for order in permutations(range(case.sources)))
    return min(tuple(sorted((int(mask) for mask in masks), reverse=True)) for masks in turned)


def _effective(parts: np.ndarray, axis: int) -> np.ndarray:
    """Return (Σ|c|)²/Σc² along an axis."""
    return np.abs(parts).sum(axis=axis) ** 2 / np.maximum((parts**2).sum(axis=axis), 1e-12)


def draw(data: Data) -> Any:
    """Draw the losses of all cases, and for one where each destination looks and what each head writes."""
    figure, axes = panels(1, 3, size=(4.0, 3.4))
    ax, places = axes[0, 0], np.arange(len(CASES))
    scale = [data[f"ignored {k}"].sum() for k in places]
    bars = {
        "kept apart": [data[f"apart {k}"] for k in places],
        "free": [data[f"losses {k}"][0] for k in places],
        "binary code": [data[f"code {k}"] for k in places],
    }
    for k, (name, values) in enumerate(bars.items()):
        ax.barh(places + 0.27 * (k - 1), np.array(values) / scale, 0.25, color=PALETTE[k], label=name)
    ax.set_yticks(places, [f"{c.trigrams} on\n{c.heads} × {c.rank}" for c in CASES])
    ax.invert_yaxis()
    ax.set(xlabel="loss / loss of constant outputs", xlim=(0, 1))
    ax.set_title("trigrams on heads × rank", fontsize=10)
    ax.legend(frameon=False, fontsize=SMALL, loc="lower right")
    case = CASES[SHOWN]
    scores = data[f"scores {SHOWN}"][:, :, 0]
    image = draw_signed(axes[0, 1], 1 / (1 + (LENGTH - 1) * np.exp(-scores)), "attention to one source")
    colour_bar(image, axes[0, 1])
    parts = data[f"written {SHOWN}"]
    colour_bar(draw_signed(axes[0, 2], parts, "what heads add to their own outputs", np.abs(parts).max()), axes[0, 2])
    for one, label in ((axes[0, 1], "destination"), (axes[0, 2], "trigram")):
        one.set(xlabel=f"{label}, {case.trigrams} on {case.heads} × {case.rank}", ylabel="head")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if in every case more trigrams are held than heads × rank, most of them spread, at a loss below that apart.

    Below: by 10 %. Apart: the best division of the trigrams among heads that write to no output of another. With other
    numbers if all three are so in some case.
    """
    numbers: dict[str, float] = {}
    fits, gains, held, spreads = [], [], [], []
    for k, case in enumerate(CASES):
        limit, lost, parts = HELD * data[f"ignored {k}"], data[f"removed {k}"], data[f"written {k}"]
        kept = lost[0] < limit
        heads = _effective(parts, 0)[kept]
        needed = (lost[1:] > limit).sum(axis=0)[kept]
        free, divided = float(data[f"losses {k}"][0]), float(data[f"apart {k}"])
        gains.append(1 - free / divided)
        held.append(int(kept.sum()))
        spread = float((heads > SPREAD).mean()) if len(heads) else 0.0
        spreads.append(spread)
        fits.append(held[-1] > case.heads * case.rank and spread > MOST and gains[-1] > GAIN)
        scale = data[f"ignored {k}"].sum()
        numbers |= {
            f"loss over constant outputs', {case}": free / scale,
            f"the same kept apart, {case}": divided / scale,
            f"the same of the binary code, {case}": float(data[f"code {k}"]) / scale,
            f"trigrams held, {case}": held[-1],
            f"share of them spread, {case}": spread,
            f"effective heads of a trigram, mean, {case}": heads.mean() if len(heads) else 0.0,
            f"heads without which a trigram is lost, mean, {case}": needed.mean() if len(heads) else 0.0,
            f"trigrams that are lost without a head, mean, {case}": needed.sum() / case.heads,
            f"what heads add and others take away, mean, {case}": data[f"cancelled {k}"].mean(),
            f"share of descents below the loss apart, {case}": (data[f"losses {k}"] < divided).mean(),
        }
    total, room = sum(c.trigrams for c in CASES), sum(c.heads * c.rank for c in CASES)
    return Verdict(
        decide(all(fits), any(fits)),
        f"{sum(held)} of {total} trigrams are held on {room} heads × rank, at losses {100 * min(gains):.0f} to "
        f"{100 * max(gains):.0f} % below those of heads kept apart. Of those held, {100 * min(spreads):.0f} to "
        f"{100 * max(spreads):.0f} % are spread over several heads.",
        numbers,
        ("what each head adds to each output", "losses with each head removed", "the best division among heads"),
    )
