"""The quick problems of the battery, against the best losses that longer searches and trained models had.

``python -m benchmarks.trials_optimum FILE --table`` writes these losses anew.
"""

import csv

import pytest

from benchmarks.trials_optimum import REACHED, TABLE, problems
from geomsup import optimum
from geomsup.optima.searching.losses import rounding

QUICK = 1.0  # CPU seconds that the default search took at most
KNOWN = {row["problem"]: row for row in csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())}
CHOSEN = [one for one in problems() if float(KNOWN[one[0]]["longest_cpu_seconds"]) <= QUICK]


def test_every_problem_has_a_record():
    assert set(KNOWN) == {name for name, *_ in problems()}
    assert len(CHOSEN) >= 15


@pytest.mark.parametrize(("name", "features", "n_hidden"), CHOSEN, ids=[name.split(":")[0] for name, *_ in CHOSEN])
def test_the_default_search_ends_at_the_best_loss_known(name, features, n_hidden):
    found = max(optimum(features, n_hidden, rng=77).loss, rounding(features))  # less is none
    assert found == pytest.approx(float(KNOWN[name]["best_known"]), rel=REACHED, abs=0)
