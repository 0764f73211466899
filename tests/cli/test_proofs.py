"""Commands about theorems."""

import pytest

import geomsup as gs
from tests.cli.common import strict


def test_certify_and_verify(run, folder):
    made = strict(run("certify", 5, 2, "--limit", "--json", "-o", "pentagon.json"))
    assert strict((folder / "pentagon.json").read_text()) == made
    assert run("certify", 5, 2, "--limit").startswith("certificate of the pentagon at the limit")
    theorem = strict(run("verify", "pentagon.json", "--json", "-o", "theorem.json"))
    assert theorem["facts"]["minimum"] == pytest.approx(gs.one_hot_state(5).potential, rel=1e-12)
    assert strict((folder / "theorem.json").read_text()) == theorem
    assert run("verify", "pentagon.json").startswith("proved, by 975 boxes: Exactly one of 5 features is active")


def test_what_proves_nothing_is_refused(run, refuse, folder):
    run("certify", 5, 2, "--limit", "-o", "pentagon.json")
    text = (folder / "pentagon.json").read_text()
    (folder / "pentagon.json").write_text(text.replace('"0.2373', '"0.2372'))
    assert "does not: the minimum must hold 0.2373844" in refuse("verify", "pentagon.json")
    assert "got 4 and 2" in refuse("certify", 4, 2, "--limit")
    assert "nothing.json" in refuse("verify", "nothing.json")
    assert "`--limit` must be False" in refuse("certify", 2, 1, "--limit")
    assert "`--unequal` must be False" in refuse("certify", 5, 2, "--unequal")
    assert "`--coherence` must be False" in refuse("certify", 5, 2, "--coherence")
