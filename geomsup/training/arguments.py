"""Makes the arguments of kernels: features as tables to draw from or data sets, settings as tuples."""

import math
from typing import Any, NamedTuple

import numpy as np

from geomsup.features import Features, Joint, Mixture
from geomsup.laws import Uniform
from geomsup.samples import SampledFeatures
from geomsup.training.kernels.codes import BENT, OUTPUTS, SCHEDULES, TARGETS
from geomsup.training.kernels.compiled import BLOCK
from geomsup.training.kernels.draws import AGAIN, GIVEN, JOINT, OWN, PLAIN, Gaps, Law
from geomsup.training.kernels.form import Extras, Form
from geomsup.training.kernels.rows import Rows, make_rows
from geomsup.training.kernels.rule import Rule
from geomsup.training.settings import Settings

__all__ = ["NO_GAPS", "Inputs", "make_extras", "make_form", "make_inputs", "make_rule", "mean_length"]

WORDS = 2**31  # integers that decide which features are present
# Below this probability lists of what is present are faster. Listing takes 9 ns for each present feature, and drawing
# everything 0.65 ns for each feature; products take 4 ns and 0.5 ns.
SPARSE_PROBABILITY = 0.1
# Present features of a block, on average, from which lists are faster: they fill most of one batch of gaps.
SPARSE_NUMBER = 64
SAMPLES = 2**14  # samples that measure the length of attacks
NO_GAPS = Gaps(False, 0.0, np.zeros(0, np.float32))
NO_ROWS = make_rows(np.zeros((0, 0), np.float32))
NO_LAW = Law(
    np.zeros((4, 0), np.int32), np.zeros((2, 0), np.float32), np.zeros((3, 0, 1), np.float32),
    np.zeros((2, 0, 1), np.int32), False,
)  # fmt: skip


Stretches = tuple[np.ndarray, np.ndarray]  # where each begins, on [0, 1], and what holds there


class Inputs(NamedTuple):
    """The arguments of `draws.draw`, the further ones of `draws.draw_present`, and those of `rows.draw_rows`."""

    law: Law
    gaps: Gaps
    rows: Rows


def make_form(settings: Settings) -> Form:
    """Return the form of the model and its target."""
    output = settings.activation
    hidden_relu, leak = settings.hidden_activation == "relu", np.float32(OUTPUTS[output])
    return Form(settings.tied, hidden_relu, output == "gelu", leak, TARGETS[settings.target])


def make_extras(settings: Settings, features: Features | SampledFeatures) -> Extras | None:
    """Return the settings that the paper's plain form lacks; None if all of them are off."""
    length = settings.attack and settings.attack * mean_length(features)
    extras = Extras(
        settings.hidden_bias, settings.deep, np.float32(settings.hidden_l1), settings.dropout,
        settings.criterion == "cross-entropy", np.float32(length), BENT[settings.hidden_activation],
    )  # fmt: skip
    return extras if any(extras) else None


def make_rule(settings: Settings) -> Rule:
    """Return the rule by which steps are taken."""
    schedule, clip = SCHEDULES[settings.schedule], settings.clip or 0.0
    return Rule(
        schedule, settings.learning_rate, settings.steps, settings.weight_decay, clip, settings.optimizer == "sgd",
        settings.momentum, settings.coherence,
    )  # fmt: skip


def mean_length(features: Features | SampledFeatures) -> float:
    """Return E ‖x‖₂, as the mean over 2¹⁴ samples, which are always the same; it is within about 1 %.

    Of a data set the mean over all its samples.
    """
    given = isinstance(features, SampledFeatures)
    x = features.X if given else features.sample(SAMPLES, np.random.default_rng(0))
    return float(np.linalg.norm(x, axis=1).mean())


def make_inputs(features: Features | SampledFeatures) -> Inputs:
    """Return the tables of `features`; values beyond single precision become infinite, and the training reports it."""
    if isinstance(features, SampledFeatures):
        return Inputs(NO_LAW, NO_GAPS, make_rows(features.single))
    n, p = features.n, features.probability
    pieces = _pieces(features)
    if features.normalised:  # the unit of x does not matter, and squares of single precision then are no zeros
        pieces[1:] /= 2.0 ** np.round(np.log2(features.reach.max()))
    kind, decider, edge = np.full(n, OWN), np.arange(n), np.zeros(n)
    for group in features.correlated:
        decider[list(group)] = group[0]
        kind[list(group[1:])] = AGAIN
    for group in features.anticorrelated:
        members = list(group)
        decider[members] = group[0]
        edge[members] = np.concatenate([[0.0], np.cumsum(p[members])[:-1]])
    alone = not features.grouped
    if alone and all(isinstance(law, Uniform) for law in features.laws):
        kind[:] = PLAIN

    begin = np.rint(edge * WORDS)
    last = np.minimum(np.rint((edge + p) * WORDS), WORDS) - 1
    slope = np.divide(1.0, last + 1 - begin, out=np.zeros(n), where=last >= begin)
    low = np.where(kind == PLAIN, pieces[1, :, 0], 0.0)
    slope = np.where(kind == PLAIN, pieces[2, :, 0] * slope, slope)
    rows: list[Stretches] = []
    for table in features.joint:
        members, places = list(table.members), np.arange(len(table.members))
        decider[members], begin[members], last[members] = members[0], len(rows), places
        if isinstance(table, Mixture):
            kind[members] = GIVEN
            begin[members] += places
            rows += _states(table)
        else:
            kind[members] = JOINT
            rows.append(_sets(table))
    stretches = np.array([kind, decider, begin, last]).astype(np.int32)
    law = Law(stretches, _single([low, slope]), _single(pieces), _padded(rows), features.normalised)
    return Inputs(law, _gaps(p, alone), NO_ROWS)


def _sets(table: Joint) -> Stretches:
    """Return where the stretch of each set begins, and its members as bits."""
    edges = np.cumsum([0.0, *(p for _, p in table.table)])
    bits = [sum(1 << table.members.index(i) for i in present) for present, _ in table.table]
    full = edges[-1] > 1 - 1 / WORDS  # the last number is no stretch of its own
    return edges, np.array([*bits, bits[-1] if full else 0])


def _states(mixture: Mixture) -> list[Stretches]:
    """Return, for each member, where the stretch of each state begins, and the last number that means present."""
    edges = np.cumsum([0.0, *mixture.weights[:-1]])
    return [(edges, np.rint(p * WORDS) - 1) for p in mixture.given.T]


def _padded(rows: list[Stretches]) -> np.ndarray:
    """Return rows as ``(2, rows, stretches)`` int32; those of fewer stretches end in copies of the last."""
    most = max((len(edges) for edges, _ in rows), default=1)
    table = np.zeros((2, len(rows), most), np.int32)
    for row, (edges, found) in zip(table.transpose(1, 0, 2), rows, strict=True):
        padded = (np.pad(part, (0, most - len(part)), mode="edge") for part in (edges, found))
        row[0], row[1] = np.minimum(np.rint(next(padded) * WORDS), WORDS - 1), next(padded)
    return table


def _gaps(p: np.ndarray, alone: bool) -> Gaps:
    most = float(p.max())
    sparse = alone and 0 < most <= SPARSE_PROBABILITY and most * len(p) * BLOCK >= SPARSE_NUMBER
    if not sparse:
        return NO_GAPS
    with np.errstate(divide="ignore", over="ignore"):  # p = 0: numbers / p is never below 1
        return Gaps(True, -1 / math.log1p(-most), np.maximum(most / p, 1.0).astype(np.float32))


def _pieces(features: Features) -> np.ndarray:
    """Return the begin on [0, 1], the low end and the slope of each distribution's pieces, ``(3, n, pieces)``."""
    laws, owners = {id(law): law for law in features.laws}, np.array([id(law) for law in features.laws])
    tables = {name: _table(law) for name, law in laws.items()}  # most often one for all features
    most = max(table.shape[1] for table in tables.values())
    result = np.zeros((3, features.n, most))
    result[0] = 2.0  # of padding, never reached
    for name, table in tables.items():
        result[:, owners == name, : table.shape[1]] = table[:, None]
    return result


def _table(law: Any) -> np.ndarray:
    weights, low, width = law.pieces()
    return np.array([np.concatenate([[0.0], np.cumsum(weights)[:-1]]), low, width / weights])


def _single(table: list[np.ndarray] | np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.array(table), dtype=np.float32)
