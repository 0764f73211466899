"""Three to five features on one axis: the stored certificates, and changed ones."""

from copy import deepcopy
from fractions import Fraction
from unittest.mock import patch

import pytest

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_shared
from geomsup.optima.proved.certificates import LEAST
from geomsup.proofs.shared import checker, maker
from geomsup.proofs.shared.cells import FEWER, PROBABILITIES, Claim
from tests.proofs.shared_files import CERTIFICATES, FILES, STORED

PLACES = [(n, place) for n in FILES for place in range(len(PROBABILITIES))]


@pytest.mark.parametrize("n", FILES)
def test_fewer_features_lose_as_much_as_other_certificates_say(n):
    facts = gs.verify(CERTIFICATES / "three.json").facts if n == 3 else {}
    for p, least in FEWER[n].items():
        if n == 3:
            assert least <= facts[f"digon {float(p)} from"]
        else:
            claim, _, _ = checker.place_of(STORED[n - 1]["evidence"]["places"][PROBABILITIES.index(p)], n - 1)
            assert Fraction(str(least)) <= claim.proved


@pytest.mark.parametrize(("n", "place"), [(3, 2), (4, 2)])
def test_the_stored_certificate_at_one_probability(n, place):
    cells, least, most = checker.check_place(STORED[n]["evidence"]["places"][place], n)
    assert cells > 60
    assert float(least) <= gs.optimum(gs.Features(n, float(PROBABILITIES[place])), 1).loss <= float(most) + 1e-12


@pytest.mark.parametrize(("n", "place"), PLACES)
def test_models_are_what_searches_find(n, place):
    p = PROBABILITIES[place]
    claim, _, most = checker.place_of(STORED[n]["evidence"]["places"][place], n)
    assert float(most) == pytest.approx(gs.optimum(gs.Features(n, float(p)), 1).loss, rel=1e-8)
    assert claim.proved - Fraction(2, 10**9) <= Fraction(str(LEAST[n, 1][float(p)])) <= claim.proved


@pytest.mark.parametrize("n", FILES)
@pytest.mark.parametrize("place", [0, 4])
def test_weights_on_one_axis_lose_less_than_fewer_features_and_a_dropped_one(n, place):
    """At p = 0.1 and 0.9, for all models of fewer features."""
    p = PROBABILITIES[place]
    _, _, most = checker.place_of(STORED[n]["evidence"]["places"][place], n)
    if n == 3:
        fewer = Fraction(FEWER[3][p])
    else:
        fewer = checker.place_of(STORED[n - 1]["evidence"]["places"][place], n - 1)[0].proved
    assert most < fewer + p / 3 - p * p / 4


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4])
def test_the_whole_stored_certificate(n):
    theorem = gs.verify(CERTIFICATES / f"{FILES[n][0]}.json")
    assert theorem.boxes > 1000
    assert theorem.statement.startswith(f"{n} features are present")
    assert " At those of them from 0.3 to 0.7 only the best digon of two features and" in theorem.statement
    assert (theorem.facts["digons from"], theorem.facts["digons up to"]) == (0.3, 0.7)
    for p in PROBABILITIES:
        found = gs.optimum(gs.Features(n, float(p)), 1).loss
        assert theorem.facts[f"{p} from"] <= found <= theorem.facts[f"{p} to"] + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_stored_certificates_of_five_features(p):
    theorem = gs.verify(CERTIFICATES / f"shared_5_{float(p)}.json")
    found, facts = gs.optimum(gs.Features(5, float(p)), 1).loss, theorem.facts
    assert theorem.boxes > 1000
    assert facts[f"{p} from"] <= found <= facts[f"{p} to"] + 1e-12
    assert len([name for name in facts if name.endswith((" from", " to"))]) == (4 if "digons from" in facts else 2)
    assert (" Only the best digon of two features and dropped" in theorem.statement) == (p in PROBABILITIES[1:3])
    assert f" to {facts[f'{p} to']:.12f} at p = {float(p)}." in theorem.statement


def test_five_features_have_a_certificate_at_each_probability(monkeypatch):
    """What is told, and what is refused; and one with a claim that is closed at once."""
    for wrong, words in (
        (None, "got None. Pass one"),
        (0.2, "got 0.2. Pass one"),
        ("x", "got text"),
        (True, "got 1.0"),
    ):
        with pytest.raises((ValueError, TypeError), match=f"`probability` must .*{words}"):
            gs.certify(5, 1, probability=wrong)
    with pytest.raises(ValueError, match=r"`probability` must be None for 4 features in 1 dimension.*got 0\.3\. Leave"):
        gs.certify(4, 1, probability=0.3)
    monkeypatch.setattr(maker, "GAPS", {5: {Fraction(9, 10): "0.9"}})
    seen = []
    made = gs.certify(5, 1, probability=1 - 0.1, progress=lambda stage, share: seen.append((stage, share)))
    assert {stage for stage, _ in seen} == {"bisecting"}
    assert seen == sorted(seen)
    assert seen[0][1] == 0
    assert seen[-1][1] <= 1
    found = list[gs.Theorem]()
    for processes in ("1", "2"):
        monkeypatch.setenv("GEOMSUP_THREADS", processes)
        found.append(gs.verify(made))
    theorem = found[0]
    assert str(theorem) == str(found[1])
    assert theorem.facts == found[1].facts
    low, high = (f"{theorem.facts[f'9/10 {name}']:.12f}" for name in ("from", "to"))
    assert theorem.statement.endswith(f" over all 5 weights and all 5 biases, is from {low} to {high} at p = 0.9.")


@pytest.mark.parametrize("places", [None, [], [None], [{"p": "0.2"}], STORED[5]["evidence"]["places"]])
def test_a_certificate_of_five_features_has_one_place(places):
    with pytest.raises(ValueError, match=r"one place, of p = 0\.1, 0\.3, 0\.5, 0\.7 or 0\.9"):
        checker.check_shared({**STORED[5], "evidence": {"places": places}})


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4])
def test_a_place_is_made_anew(n):
    made = maker.place_at(n, Fraction(1, 2), "0.02")
    assert checker.check_place(made, n)[0] > 20


@pytest.mark.parametrize("n", FILES)
@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_changed_certificates_are_refused(n, change):
    certificate, refused = gs.Certificate.from_dict(STORED[n]), 0
    for seed in range(100):
        name, data = changed(certificate, seed)
        if name == CHANGES[change].__name__:
            with pytest.raises(ValueError, match=r"must|are missing|numbers"):
                check_changed_shared(data, STORED[n])
            refused += 1
            if refused == 2:
                break
    assert refused


def test_what_is_not_claimed():
    with pytest.raises(ValueError, match="the probability must be one of"):
        Claim(3, Fraction(1, 5), Fraction(1, 100))
    with pytest.raises(ValueError, match="the probability must be one of"):
        Claim(6, Fraction(1, 10), Fraction(1, 100))
    with pytest.raises(ValueError, match="less"):
        Claim(3, Fraction(1, 10), Fraction(1, 10))
    with pytest.raises(ValueError, match="must be about 3, 4 or 5 features"):
        checker.check_shared({**STORED[3], "n_features": True})
    with pytest.raises(ValueError, match="must be about 4 features in 1 dimension"):
        checker.check_shared({**STORED[4], "n_hidden": 2})


@pytest.mark.parametrize(
    ("kept", "ends"), [((), None), ((1, 3), None), ((2,), ("0.5", "0.5")), ((1, 2), ("0.3", "0.5"))]
)
def test_where_only_digons_lose_the_least(kept, ends):
    """Gaps of 0 are kept at some places. What places themselves prove is not looked at here."""
    data = deepcopy(STORED[3])
    for number, place in enumerate(data["evidence"]["places"]):
        place["gap"] = place["gap"] if number in kept else "0.5"
    with patch.object(checker, "check_trees", lambda claim, trees: 1):
        if ends is None:
            with pytest.raises(ValueError, match=r"must have a digon, dropped features and no gap|next to each other"):
                checker.check_shared(data)
        else:
            facts = checker.check_shared(data)
            assert (facts["digons from"], facts["digons up to"]) == ends


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ("vv", "must end where its cells do"),
        ("rv", "1 cells are missing"),
        ("uvv", "must have the letters rt, f and v"),
        ("rv" * 60 + "v", "must not be halved more often than doubles can"),
    ],
)
def test_trees_that_are_none(tree, words):
    with pytest.raises(ValueError, match=words):
        checker.leaves_of(tree, 3)


def test_a_reason_that_is_another_one():
    claim = Claim(3, Fraction(1, 2), Fraction(1, 1000))
    tree = "trvvv"  # in the second cell the third weight would be larger than the second one
    with pytest.raises(ValueError, match=r"ratios 0.000000 to 0.500000, 0.500000 to 1.000000 .*reason; got 'v'"):
        checker.check_trees(claim, [((1, 1, 1), "rtvvv"), ((1, 1, 1), tree)])
    assert checker.check_trees(claim, [((1, 1, 1), "rtvfv")]) == 3
