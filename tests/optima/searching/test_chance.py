"""What searches say of their chance of having missed."""

from fractions import Fraction

import numpy as np
import pytest

from geomsup.optima.searching.chance import ODDS, chance_of_lower, hits


@pytest.mark.parametrize("searches", [2, 3, 4, 7])
@pytest.mark.parametrize("odds", [Fraction(1, 10), Fraction(3)])
def test_chances_are_sums_over_the_losses_that_may_be_lower(searches, odds):
    """Bayes' rule in fractions, term by term: ∫(1 - q)^N = 1/(N + 1), and ∫q^h (1 - q)^(N - h) for the best found."""
    found = 1
    some = np.where(np.arange(searches) < found, 1.0, 1.1)
    passed = [Fraction(1, searches + 1) ** j for j in range(40)]  # all N have passed j lower losses
    passed_again = [Fraction(1, searches + 2) ** j for j in range(40)]  # and so does one more
    assert chance_of_lower(some, float(odds)) == pytest.approx(float(1 - sum(passed_again) / sum(passed)), rel=1e-12)
    alike = sum(passed) * Fraction(1, searches + 1) * odds / (1 + odds)  # all N end at the same of several losses
    lower = (sum(passed) - sum(passed_again)) * Fraction(1, searches + 1) * odds / (1 + odds)
    truth = lower / (alike + 1 / (1 + odds))
    assert chance_of_lower(np.ones(searches), float(odds)) == pytest.approx(float(truth), rel=1e-12)


def test_losses_within_a_millionth_are_the_same():
    assert hits(np.array([1.0, 1.0 + 5e-7, 1.1])) == 2


@pytest.mark.parametrize(("agree", "most"), [(3, 7), (2, 5), (2, 3)])
@pytest.mark.parametrize("odds", [ODDS, 2.0])
def test_chances_are_calibrated_on_basins_of_known_weights(agree, most, odds):
    """Searches of 400,000 simulated problems end by the rule of `chains`; the true chance is known for each."""
    rng, problems, levels = np.random.default_rng(7), 400_000, 40
    share = rng.random((problems, levels))  # of those that did not end lower, how many end at this loss
    share[rng.random(problems) < 1 / (1 + odds), 0] = 1.0  # all end at the lowest
    up_to = 1 - np.cumprod(1 - share, axis=1)  # chance to end at this loss or lower
    ends = np.stack([(rng.random(problems)[:, None] > up_to).sum(axis=1) for _ in range(most)], axis=1)
    going = np.ones(problems, bool)
    for searches in range(1, most + 1):
        best = ends[:, :searches].min(axis=1)
        found = (ends[:, :searches] == best[:, None]).sum(axis=1)
        ended = going & ((searches == most) | ((found >= agree) & (2 * found > searches)))
        going &= ~ended
        true = np.where(best > 0, np.take_along_axis(up_to, np.maximum(best - 1, 0)[:, None], 1)[:, 0], 0.0)
        for count in np.unique(found[ended]):
            some = true[ended & (found == count)]
            stated = chance_of_lower(np.where(np.arange(searches) < count, 1.0, 1.1), odds)
            assert abs(stated - some.mean()) < 5 * (some.std() + stated) / len(some) ** 0.5
    assert not going.any()
