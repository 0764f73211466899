"""Tokens: each judge on data made by hand, and exact sums against sequences one by one."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from geomsup.experiments.tokens import heads, one_of_many, skip_trigrams

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"


def layer_of(given, n_heads, rank, seed):
    rng = np.random.default_rng(seed)
    n = len(given.pairs)
    sizes = ((n_heads, given.n_destinations, given.n_sources), (n_heads, given.n_sources, rank), (n_heads, rank, n), n)
    return heads.Heads(*(rng.normal(size=size) for size in sizes))


def loss_of_sequences(layer, pairs, n_destinations, n_sources):
    """Return the loss by every sequence of tokens in turn, of which `FILLERS` are fillers, softmax and all."""
    value, n_tokens = 0.0, n_sources + heads.FILLERS
    for destination in range(n_destinations):
        for context in product(range(n_tokens), repeat=heads.LENGTH):
            out = layer.b.copy()
            for scores, U, V in zip(layer.scores, layer.U, layer.V, strict=True):
                drawn = np.exp([scores[destination, t] if t < n_sources else 0.0 for t in context])
                for share, t in zip(drawn / drawn.sum(), context, strict=True):
                    out += share * (U[t] @ V) if t < n_sources else 0.0
            target = [float(k == destination and s in context) for k, s in pairs]
            value += ((np.maximum(out, 0) - target) ** 2).sum()
    return value / n_destinations / n_tokens**heads.LENGTH


@pytest.mark.parametrize(("n_sources", "rank"), [(1, 1), (2, 1), (2, 2)])
def test_the_loss_is_the_sum_over_all_sequences(n_sources, rank):
    pairs = [(0, 0), (1, n_sources - 1), (2, 0)]
    given = heads.task(pairs, 3, n_sources)
    layer = layer_of(given, 2, rank, seed=3)
    value, slopes = heads.loss(layer, given)
    assert value == pytest.approx(loss_of_sequences(layer, pairs, 3, n_sources), rel=1e-12)
    numeric = approx_fprime(layer.vector(), lambda z: heads.loss(layer.like(z), given)[0], 1e-7)
    assert slopes == pytest.approx(numeric, abs=1e-5)
    assert heads.removed(layer, given)[0].sum() == pytest.approx(value)


def test_a_constant_output_loses_the_variance_of_its_target():
    given = heads.task([(0, 0), (1, 0)], 2, 1)
    chance = (1 - (3 / 4) ** 3) / 2
    assert heads.ignored(given) == pytest.approx([chance * (1 - chance)] * 2)


def test_a_binary_code_of_three_heads_holds_seven_trigrams():
    given = heads.task([(k, 0) for k in range(7)], 7, 1)
    layer = heads.code(given, 3)
    lost = heads.removed(layer, given)
    # It fails only where the source fills the context, one time in 64, so that all heads look at it: each of six
    # destinations then takes itself for the seventh.
    assert lost[0] == pytest.approx(np.array([1, 1, 1, 1, 1, 1, 6]) / 64 / 7, rel=1e-3)
    # A head that is removed takes the trigrams with it whose codes it is part of, four of seven.
    assert ((lost[1:] > 0.5 * heads.ignored(given)).sum(axis=1) >= 4).all()
    assert (np.sign(np.round(heads.written(layer, given), 1)).sum(axis=0) == [1, 1, 2, 1, 2, 2, 3]).all()


def test_heads_that_take_away_what_others_add():
    given = heads.task([(k, 0) for k in range(3)], 3, 1)
    layer = heads.code(given, 2)
    # Codes 10, 01, 11. At the destination 11 the outputs of the first two have +1 from one head and −1 from the other;
    # in contexts of the source alone, 1 in 37 of those with it, so they have everywhere. The third's has +1 at most.
    assert heads.cancelled(layer, given) == pytest.approx([(1 + 1 / 37) / 2] * 2 + [0], abs=0.01)


def test_one_head_holds_one_trigram_and_the_rest_is_lost_apart():
    case = skip_trigrams.Case(1, 3, 1, 1)
    given = heads.task([(0, 0)], 3, 1)
    single = heads.descents(given, 1, 1, 8, seed=0)[1][0]
    least = skip_trigrams.apart(case, 8)
    assert single < least <= single + 2 * heads.ignored(given)[0] + 1e-9


def test_kinds_of_sets_forget_names():
    case = skip_trigrams.Case(2, 3, 2, 1)
    # Bits are (destination, source): {(0, 0), (1, 1)} and {(1, 1), (2, 0)} and, with sources swapped, {(0, 1), (2, 0)}.
    kinds = {skip_trigrams._kind(chosen, case) for chosen in (0b001001, 0b011000, 0b010010)}
    assert len(kinds) == 1
    assert skip_trigrams._kind(0b000011, case) not in kinds


def heads_data(spread, free):
    data = {}
    for k, case in enumerate(skip_trigrams.CASES):
        n = case.trigrams
        written = np.zeros((case.heads, n))
        written[0] = 1
        written[1] = spread
        lost = np.vstack([np.zeros(n), np.ones((case.heads, n))])
        data |= {f"written {k}": written, f"removed {k}": lost, f"ignored {k}": np.ones(n), f"code {k}": np.nan}
        data |= {f"losses {k}": np.array([free, 2.0]), f"apart {k}": 1.0, f"cancelled {k}": np.zeros(n)}
    return data


def test_heads_are_superposed_if_trigrams_are_spread_and_apart_is_worse():
    assert skip_trigrams.judge(heads_data(1.0, 0.5)).status == HOLDS
    assert skip_trigrams.judge(heads_data(0.1, 0.5)).status == FAILS
    assert skip_trigrams.judge(heads_data(1.0, 0.95)).status == FAILS
    told = skip_trigrams.judge(heads_data(1.0, 0.5) | {"apart 0": 0.5})
    assert told.status == VARIES
    assert told.numbers[f"effective heads of a trigram, mean, {skip_trigrams.CASES[0]}"] == pytest.approx(2)
    few = heads_data(1.0, 0.5)
    for k in range(len(skip_trigrams.CASES)):
        few[f"removed {k}"][0, 1:] = 1.0  # only one trigram is held
    assert skip_trigrams.judge(few).status == FAILS


def test_soft_margins_have_the_right_slopes_and_limits():
    rng = np.random.default_rng(1)
    z = rng.uniform(0.3, 1.2, 2 * 4 * 3 + 4)
    for biases in (False, True):
        value, slopes = one_of_many.soft(z, 4, 2, 3.0, biases)
        numeric = approx_fprime(z, lambda y, biases=biases: one_of_many.soft(y, 4, 2, 3.0, biases)[0], 1e-7)
        assert slopes == pytest.approx(numeric, abs=1e-5)
        exact = one_of_many.margin(*one_of_many._split(z, 4, 2, biases)[:3])
        assert -value <= exact
        assert -one_of_many.soft(z, 4, 2, 1e6, biases)[0] == pytest.approx(exact, abs=1e-4)


@pytest.mark.parametrize(
    ("n", "d", "biases", "truth"),
    [
        (4, 3, False, 4 / 3),  # a tetrahedron
        (6, 3, False, 1),  # an octahedron
        (7, 2, False, 1 - np.cos(2 * np.pi / 7)),  # a heptagon
        (7, 2, True, 1 / 2),  # a hexagon and its centre
        (4, 1, True, (2 / 3) ** 2 / 2),  # points of a line, b = −w²/2: half the squared distance
    ],
)
def test_largest_margins_that_are_known(n, d, biases, truth):
    assert one_of_many.largest_margin(n, d, biases, 4) == pytest.approx(truth, abs=3e-4)


def test_margins_of_codes():
    assert one_of_many.of_code(12, 3) == pytest.approx(1 - 1 / np.sqrt(5))  # the icosahedron
    assert one_of_many.of_code(7, 4) == 1
    assert one_of_many.of_code(24, 4) == pytest.approx(0.5)
    assert np.isnan(one_of_many.of_code(17, 4))


def tokens_data():
    data: dict = {"kept": [7, 7, 14]}
    for k, d in enumerate(one_of_many.DIMENSIONS):
        n = np.arange(2, 31)
        sizes = {asked: row[k] for asked, row in one_of_many.PROVED.items()}
        margins = np.array([max((a for a, most in sizes.items() if count <= most), default=0.1) for count in n])
        data |= {f"{name} {d}": margins.copy() for name in ("none", "biases", "code")} | {f"n {d}": n}
    return data


def test_tokens_fill_a_sphere_or_more():
    data = tokens_data()
    told = one_of_many.judge(data)
    assert told.status == HOLDS
    assert told.numbers["n(3, 0.5), biases"] == 12
    more = tokens_data()
    more["biases 3"][11] = 0.5  # of 13 tokens
    told = one_of_many.judge(more)
    assert (told.status, told.numbers["n(3, 0.5), biases"]) == (VARIES, 13)
    more["none 3"][11] = 0.5
    assert one_of_many.judge(more).status == FAILS
