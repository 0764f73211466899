"""q-values, and which of several sets with a row in common is kept."""

import numpy as np
from hypothesis import given, strategies as st

from geomsup.recognition.hidden.candidates import Candidate
from geomsup.recognition.hidden.choosing import chosen, log_q_values

# Σ 1/j over all pairs of 1000 rows.
DEPENDENCE = sum(1 / j for j in range(1, 1 + 1000 * 999 // 2))


def reported(candidates, log_p, rate=0.01):
    found = chosen(candidates, lambda rows, _: log_p[rows], 1000, 12, rate)
    return [one.rows for one, _, _ in found]


def candidate(*rows, chord=0.1):
    return Candidate(rows, "shape", "origin", chord, 5.0)


@given(st.lists(st.floats(-50, 5), min_size=1, max_size=20))
def test_q_values_are_those_of_benjamini_and_yekutieli(log_p):
    """As defined: q_i = min over j >= i of N p_j c/j, with p_j N what is given."""
    log_p = np.array(log_p)
    ranked = np.sort(log_p)
    for value, q in zip(log_p, log_q_values(log_p, 1000, 2), strict=True):
        steps = [np.exp(p) * DEPENDENCE / j for j, p in enumerate(ranked, 1) if p >= value]
        np.testing.assert_allclose(np.exp(q), min(1.0, *steps) if len(steps) > 1 else min(1.0, steps[0]), rtol=1e-9)


def test_the_largest_wins_and_equals_are_compared_by_fit():
    sets = [candidate(1, 2), candidate(2, 3, 4), candidate(4, 5, 6, chord=0.05), candidate(7, 8)]
    log_p = dict.fromkeys([one.rows for one in sets], -30.0)
    assert reported(sets, log_p) == [(4, 5, 6), (1, 2), (7, 8)]


def test_the_improbable_is_not_hidden_by_the_probable():
    sets = [candidate(1, 2), candidate(2, 3, 4)]
    assert reported(sets, {(1, 2): -30.0, (2, 3, 4): 0.0}) == [(1, 2)]
    # On its own (2, 3, 4) is no discovery either.
    assert reported(sets, {(1, 2): -30.0, (2, 3, 4): -2.0}) == [(1, 2)]


def test_nothing_comes_of_nothing():
    assert reported([], {}) == []
    assert reported([candidate(0, 1)], {(0, 1): 3.0}) == []
