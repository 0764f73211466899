"""A40: what atoms are told to be, codes against their conditions, and a judge that can say no."""

import numpy as np
import pytest

from geomsup.experiments.removal import splitting
from geomsup.experiments.removal.dictionary import PENALTY

CONCEPT = splitting.members()
WORLDS, FACTORS = 2, len(splitting.FACTORS)


def test_planted_rows_have_the_cosines_of_their_family():
    rows = splitting.plant(np.random.default_rng(0))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(CONCEPT)))
    near = np.flatnonzero(CONCEPT == 4)  # the first near family
    cosines = (rows[near] @ rows[near].T)[np.triu_indices(4, 1)]
    assert cosines.mean() == pytest.approx(splitting.COSINE, abs=0.1)


def test_members_of_a_near_family_exclude_each_other_and_pairs_come_together():
    x = splitting.present(np.random.default_rng(0), 100_000) > 0
    assert x[:, CONCEPT == 4].sum(axis=1).max() == 1
    first, second = x[:, CONCEPT == 8].T
    apart = splitting.APART
    assert second[first].mean() == pytest.approx((1 - 2 * apart) / (1 - apart), abs=0.02)


def test_atoms_are_what_they_are_made_of():
    rows = splitting.plant(np.random.default_rng(1))
    family, other = np.flatnonzero(CONCEPT == 5), np.flatnonzero(CONCEPT == 0)[0]

    def told(atom):
        return splitting.describe(atom / np.linalg.norm(atom), rows)

    assert told(rows[family[2]]) == (5, splitting.ONE)
    assert told(rows[family].sum(axis=0)) == (5, splitting.FAMILY)
    assert told(1.1 * rows[other] + rows[family[0]])[1] == splitting.TWO
    assert told(rows[other] + rows[CONCEPT == 1][0] + rows[CONCEPT == 2][0])[1] == splitting.OTHER


def test_codes_fulfil_the_conditions_of_the_minimum():
    rng = np.random.default_rng(2)
    atoms = rng.normal(size=(9, 6))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    h = rng.normal(size=(40, 6))
    codes = splitting.encode(h, atoms, 2000)
    slope = (codes @ atoms - h) @ atoms.T + PENALTY
    assert slope.min() > -1e-3
    assert np.abs(slope[codes > 0]).max() < 1e-3


def made(counts, cosine=1.0, purity=1.0):
    """Return data of `counts` atoms that are one feature, by factor and kind of concept; all members found at 4 x."""
    atoms = np.zeros((WORLDS, FACTORS, len(splitting.CONCEPTS), len(splitting.KINDS)), int)
    atoms[..., splitting.ONE] = np.array(counts)[:, list(splitting.CONCEPTS)]
    found = np.zeros((WORLDS, FACTORS, len(CONCEPT)))
    found[:, 1] = 0.96
    data = {"atoms": atoms, "cosine": found.copy(), "purity": found.copy()}
    data["cosine"][:, -1], data["purity"][:, -1] = cosine, purity
    return data | {"objective": np.ones((WORLDS, FACTORS)), "truth": np.ones((WORLDS, FACTORS))}


SPLIT = [[1, 1, 1], [1, 2, 2], [1, 4, 2]]


def test_splitting_holds_if_families_split_and_others_do_not():
    assert splitting.judge(made(SPLIT)).status == "holds"
    assert splitting.judge(made([[1, 2, 1], [1, 2, 2], [1, 4, 2]])).status == "holds with other numbers"
    assert splitting.judge(made(SPLIT, purity=0.5)).status == "holds with other numbers"


def test_it_does_not_hold_if_nothing_splits_or_everything_does():
    never = made(SPLIT, cosine=0.5)
    never["cosine"][:, 0] = 1.0
    assert splitting.judge(never).status == "does not hold"
    assert splitting.judge(made([[1, 1, 1], [2, 2, 2], [4, 4, 4]])).status == "does not hold"


def test_sums_of_two_concepts_are_no_features():
    data = made(SPLIT)
    data["atoms"][:, -1, 0, splitting.TWO] = 20
    assert splitting.judge(data).status == "holds with other numbers"


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    from geomsup.experiments import Lab, experiment

    data = experiment("A40").run(Lab(), {"worlds": 1, "samples": 400, "sweeps": 3, "starts": 1})
    assert data["atoms"].sum(axis=(2, 3)).tolist() == [[12, 24, 48]]
    assert len(experiment("A40").draw(data).axes) == 3
