"""Commands about points on spheres."""

import pytest

from tests.cli.common import strict


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
        (("thomson", 1), "`n` must be at least 2"),
        (("thomson", "x"), "`--n` must be a whole number; got 'x'"),
        (("thomson", 5, "--plot", "p.txt"), "`--plot` must end in .png"),
        (("energy", "--n", 5, "--energy", "riez"), "`energy` must be one of"),
        (("energy", "--n", 5, "--energy", "riesz"), "`exponent` is that of"),
        (("energy", "--n", 5, "--time-limit", -1), "`time_limit` must be positive"),
        (("energy",), "requires an argument"),
    ],
)
def test_bad_input_is_one_line(refuse, arguments, message):
    assert message in refuse(*arguments)
