"""Commands about points on spheres."""

import pytest

import geomsup as gs
from tests.cli.common import strict


@pytest.mark.slow
def test_thomson(run, folder):
    result = strict(run("thomson", 12, "--json", "-o", "twelve.json", "--plot", "twelve.svg"))
    assert result["geometry"] == "icosahedron"
    assert result["verdict"] == "matches the best known"
    assert len(result["points"]) == 12
    assert strict((folder / "twelve.json").read_text()) == result
    assert b"<svg" in (folder / "twelve.svg").read_bytes()
    text = run("thomson", 5, "--starts", 3, "--seed", 1, "--threads", 1, "--time-limit", 60)
    assert text.startswith("5 points in 3 dimensions, coulomb\n")
    assert "reached by      3 of 3 starts" in text


def test_energy(run):
    text = run("energy", "--n", 16, "--d", 5, "--energy", "relu", "--starts", 10)
    assert "energy          6.4\n" in text
    assert "5-demicube" in text
    riesz = strict(run("energy", "--n", 6, "--energy", "riesz", "--exponent", 2, "--json"))
    assert riesz["energy"] == pytest.approx(6.75, rel=1e-12)
    assert riesz["potential"] == "riesz 2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("thomson", 1), "`N` must be at least 2"),
        (("thomson", "x"), "`N` must be a whole number; got 'x'"),
        (("thomson", 5, "--plot", "p.txt"), "`--plot` must end in .png"),
        (("energy", "--n", 5, "--energy", "riez"), "`--energy` must be one of"),
        (("energy", "--n", 5, "--energy", "riesz"), "`--exponent` is that of"),
        (("energy", "--n", 5, "--time-limit", -1), "`--time-limit` must be positive"),
        (("energy",), "`--n` must be given"),
    ],
)
def test_bad_input_is_one_line(refuse, arguments, message):
    assert message in refuse(*arguments)


def test_polytope(run, folder):
    found = strict(run("polytope", "icosahedron", "--json", "-o", "ike.json"))
    assert (found["f_vector"], found["symmetry_order"], len(found["edges"])) == ([12, 30, 20], 120, 30)
    assert strict((folder / "ike.json").read_text()) == found
    assert "120" in run("polytope", "{3,5}")


@pytest.mark.slow
def test_polytopes_are_listed(run, refuse):
    listed = strict(run("polytope", "--dimension", 4, "--json"))["polytopes"]
    assert [one["name"] for one in listed] == [shape.name for shape in gs.polytopes(4)]
    assert "nonagon" in run("polytope", "--vertices", 9)
    assert refuse("polytope", "cube", "--vertices", 8).startswith("`NAME` must not come with")
    assert "must be a known shape" in refuse("polytope", "icosahedrn")
