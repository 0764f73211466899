"""The command that makes a page."""

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import PENTAGON


def test_report_writes_a_page_and_says_what_is_in_it(run, pentagon, folder):
    out = run("report", pentagon, "-o", "page.html")
    assert out == "pentagon.npz: pentagon\nreport: page.html\n"
    assert (folder / "page.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_report_has_a_usual_name(run, pentagon, folder):
    run("report", pentagon)
    assert (folder / "geomsup-report.html").is_file()


def test_report_compares_where_the_inputs_are_stated(run, folder):
    np.savez("digon.npz", W=[[1.0], [-1.0]], b_final=[-0.1, -0.1])
    run("report", "digon.npz", "-o", "plain.html")
    run("report", "digon.npz", "--probability", "0.1", "--starts", "4", "-o", "compared.html")
    run("report", "digon.npz", "--probability", "0.1", "--no-optimum", "-o", "left.html")
    compared = ["Loss against the optimum" in (folder / f"{name}.html").read_text(encoding="utf-8")
                for name in ("plain", "compared", "left")]  # fmt: skip
    assert compared == [False, True, False]


def test_report_of_a_training_and_of_one_of_its_models(run, folder):
    gs.train([gs.Features(2, p) for p in (0.05, 0.2)], 1, models=2, steps=100, batch=32).save("run.npz")
    assert run("report", "run.npz", "--starts", "2").startswith("run.npz: Of 4 models, ")
    assert run("report", "run.npz", "--run", "3", "--starts", "2").startswith("run.npz: digon")


def test_report_of_a_batch_and_of_one_of_its_models(run, folder):
    np.save("batch.npy", np.stack([PENTAGON, 2 * PENTAGON]))
    assert run("report", "batch.npy") == "batch.npy: Of 2 models, 2 are: pentagon.\nreport: geomsup-report.html\n"


def test_report_of_a_folder(run, folder):
    (folder / "models").mkdir()
    np.save("models/a.npy", PENTAGON)
    np.save("models/b.npy", [[1.0], [-1.0]])
    assert run("report", "models", "--title", "Two", "-o", "two.html").splitlines() == [
        "a.npy: pentagon", "b.npy: digon", "report: two.html",
    ]  # fmt: skip
    assert "<title>Two</title>" in (folder / "two.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "page.pdf"), "`--output` must end in .html, .htm"),
        (("-o", "nowhere/page.html"), "`--output` must be in an existing folder"),
        (("--orientation", "up"), "`--orientation` must be one of"),
        (("--starts", "5.5"), "must be a whole number"),
    ],
)
def test_report_refuses_in_one_line(refuse, pentagon, folder, arguments, words):
    assert words in refuse("report", pentagon, *arguments)
    assert not list(folder.glob("*.html"))


def test_report_refuses_features_for_a_folder(refuse, folder):
    assert "`--probability` must come with one file" in refuse("report", ".", "--probability", "0.1")
    assert "`--run` must come with one file" in refuse("report", ".", "--run", "0")
    assert "must be an existing file" in refuse("report", "missing.npz")
