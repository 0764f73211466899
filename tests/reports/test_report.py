"""The page as a whole: what goes in, what is refused, what a browser would load, and that bytes repeat."""

import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import geomsup as gs
from geomsup.reports import page as page_module
from tests.reports.conftest import DIGON, polygon

# Attributes whose address a browser loads by itself, and those where an address may stand in any element.
LOADED = {"src", "srcset", "poster", "data", "background", "action", "formaction"}


class Reader(HTMLParser):
    """Collects elements, addresses that are loaded, ids, and the text outside scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.loaded, self.ids, self.links, self.text, self._quiet = [], [], [], [], [], None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self._quiet = tag if tag in ("script", "style") else self._quiet
        for name, value in attributes:
            if name in LOADED or (name in ("href", "xlink:href") and tag != "a"):
                self.loaded.append(value)
            if name == "href" and tag == "a":
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
            assert not name.startswith("on"), (tag, name)

    def handle_endtag(self, tag):
        self._quiet = None if tag == self._quiet else self._quiet

    def handle_data(self, data):
        if self._quiet is None:
            self.text.append(data)


def check(page):
    """Check what holds of every page; return its text."""
    read = Reader(page.html)
    assert all(address.startswith("data:") for address in read.loaded), read.loaded
    assert len(read.ids) == len(set(read.ids))
    assert all(link.startswith("#") and link[1:] in read.ids for link in read.links)
    style = "".join(re.findall(r"<style>(.*?)</style>", page.html, re.DOTALL))
    assert "url(" not in style
    assert "@import" not in style
    return " ".join(" ".join(read.text).split())


def run_of(models=2, probability=0.1):
    return gs.train(gs.Features(2, probability=probability), 1, models=models, steps=200, batch=64)


def test_a_matrix(mixed):
    text = check(gs.report(mixed, title="Mixed"))
    for words in ("pentagon + tetrahedron + 2 digons", "3/4 tetrahedron", "2/5 pentagon", "features 13."):
        assert words in text


def test_a_geometry_and_a_batch_of_them():
    geometry = gs.classify(polygon(5))
    assert gs.report(geometry).headlines == ("W: pentagon",)
    batch = gs.classify(np.stack([polygon(5), 2 * polygon(5)]))
    assert gs.report(batch).headlines == ("Models: Of 2 models, 2 are: pentagon.",)


def test_a_batch_shows_each_geometry_once():
    page = gs.report([[[1, 0], [-1, 0]], [[0, 1], [0, -1]], [[1, 0], [0, 1]]], orientation="rows")
    text = check(page)
    assert "Model 0, one of 2" in text
    assert "Model 2" in text
    assert "Model 1," not in text


def test_a_model_with_features_is_compared():
    model, features = gs.ToyModel(DIGON), gs.Features(2, probability=0.1)
    text = check(gs.report(model, features=features, starts=4))
    assert f"{gs.compare(model, features, starts=4).loss:.9g}" in text
    assert "Loss against the optimum" in text
    assert "Loss against the optimum" not in check(gs.report(model))


def test_a_training_as_object_and_as_file_has_the_excess_of_each(tmp_path):
    run = run_of()
    run.save(tmp_path / "run.npz")
    one, other = gs.report(run, starts=4), gs.report(tmp_path / "run.npz", starts=4)
    for page in (one, other):
        text = check(page)
        for comparison in run.compare(starts=4):
            assert f"{100 * comparison.excess:.2f} %" in text
    assert "run.npz" in other.headlines[0]


def test_a_training_of_one_model():
    assert "Loss against the optimum" in check(gs.report(run_of(models=1), starts=4))


def test_a_training_of_another_target_says_why_it_is_not_compared():
    run = gs.train(gs.Features(2, probability=0.1), 1, models=2, steps=50, batch=32, target="abs_pairs")
    text = check(gs.report(run))
    assert "The page does not compare with the optimum" in text
    assert "abs_pairs" in text


def test_a_training_of_a_target_with_a_known_optimum_is_compared_with_that():
    features = gs.Features(2, probability=0.1, values=gs.Uniform(-1, 1))
    run = gs.train(features, 1, models=1, steps=50, batch=32, target="square", activation="abs")
    text = check(gs.report(run, starts=4))
    assert "of the target square in the mean" in text
    assert f"{100 * run.compare(starts=4)[0].excess:.3g} % above the lowest loss known" in text


def test_the_comparison_may_be_left_out():
    assert "this was not asked for" in check(gs.report(run_of(), optimum=False))


def test_features_known_by_samples_give_a_remark():
    data = gs.SampledFeatures(gs.Features(2, probability=0.3).sample(50, rng=0))
    assert "does not compare" in check(gs.report(gs.ToyModel(DIGON), features=data))


def test_a_folder_has_a_chapter_for_each_file_and_says_which_cannot_be_read(tmp_path):
    np.save(tmp_path / "b.npy", polygon(5))
    np.savez(tmp_path / "a.npz", W=DIGON)
    (tmp_path / "broken.npy").write_bytes(b"no array")
    (tmp_path / "notes.md").write_text("not weights")
    page = gs.report(tmp_path)
    assert [line.split(":")[0] for line in page.headlines] == ["a.npz", "b.npy", "broken.npy"]
    assert page.title == tmp_path.name
    text = check(page)
    assert "This file could not be read." in text
    assert "notes.md" not in text


@pytest.mark.slow
def test_a_dictionary(dictionary):
    text = check(gs.report(dictionary))
    assert "2 × digon" in text
    assert "1 × triangle" in text
    assert "Of 900 rows the page shows 7" in text


def test_names_from_files_are_escaped(tmp_path):
    name = "<script>alert(1)<_script>\"'&.npz"
    np.savez(tmp_path / name, **{"<b>W</b>": polygon(5)})
    for source in (tmp_path / name, tmp_path):
        page = gs.report(source, weights="<b>W</b>", title="<img src=x onerror=alert(1)>")
        check(page)
        assert "<script>alert" not in page.html
        assert "<b>W" not in page.html
        assert "<img" not in page.html
    assert "&lt;script&gt;alert(1)" in page.html


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(mixed, dictionary):
    for W in (mixed, dictionary):
        assert gs.report(W).html == gs.report(W).html
    code = (
        "import numpy as np, hashlib, geomsup as gs;"
        "print(hashlib.sha256(gs.report(gs.polytope('cube').vertices).html.encode()).hexdigest())"
    )
    done = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert done[0].stdout == done[1].stdout


def test_plotlys_program_is_there_once_and_only_if_needed(tmp_path, mixed):
    np.save(tmp_path / "a.npy", mixed)
    np.save(tmp_path / "b.npy", mixed)
    both, flat = gs.report(tmp_path), gs.report(polygon(5))
    program = str(page_module._plotly())
    assert both.html.count(program[:2000]) == 1
    assert len(both.html.encode()) < len(program.encode()) + 300_000
    assert len(flat.html.encode()) < 100_000
    assert "<script" not in flat.html


def test_a_date_is_shown_if_given(mixed):
    assert "2026-01-31" in check(gs.report(mixed, date="2026-01-31"))


def test_save_writes_what_html_is(tmp_path):
    page = gs.report(polygon(5), title="é λ")
    page.save(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page.html
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
    assert page.size == (tmp_path / "a.html").stat().st_size


def test_a_notebook_shows_it_in_a_frame():
    shown = gs.report(polygon(5))._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "<table" not in shown


@pytest.mark.slow
def test_progress_is_told(dictionary):
    told = []
    gs.report(dictionary, progress=lambda stage, fraction: told.append((stage, fraction)))
    assert {stage for stage, _ in told} >= {"classifying", "pairs", "drawing"}
    assert all(0 <= fraction <= 1 for _, fraction in told)


@pytest.mark.parametrize("W", [np.zeros((3, 2)), [[1.0]], np.eye(3)[:, :2], np.full((4, 2), 1e-200), [[0.0], [1.0]]])
def test_odd_weights_have_a_page_too(W):
    check(gs.report(W, orientation="rows"))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((5,), ValueError, "`W` must have the shape"),
        (("missing.npz",), ValueError, "`path` must be an existing file"),
        (({"a": 1},), TypeError, "`W` must be an array"),
        (([[1.0], [-1.0]], {"title": 5}), TypeError, "`title` must be a text"),
        (([[1.0], [-1.0]], {"date": 5}), TypeError, "`date` must be a text"),
        (([[1.0], [-1.0]], {"optimum": 1}), TypeError, "`optimum` must be True or False"),
        (([[1.0], [-1.0]], {"progress": 1}), TypeError, "`progress` must be callable"),
        (([[1.0], [-1.0]], {"starts": 0}), ValueError, "`starts` must be at least 1"),
        (([[1.0], [-1.0]], {"time_limit": 0}), ValueError, "`time_limit` must be positive"),
        (([[1.0], [-1.0]], {"rng": "a"}), TypeError, "`rng` must be what"),
        (([[1.0], [-1.0]], {"features": 0.1}), TypeError, "`features` must be Features or"),
        (([[1.0], [-1.0]], {"features": gs.Features(2, 0.1)}), ValueError, "`features` must come with a ToyModel"),
        ((gs.ToyModel([[1.0], [-1.0]]), {"features": gs.Features(3, 0.1)}), ValueError, "about 2 features"),
        (([[1.0, 0.0], [0.0, 1.0]],), ValueError, "Pass orientation="),
    ],
)
def test_bad_input_is_refused(arguments, error, words):
    source, options = arguments[0], arguments[1] if len(arguments) > 1 else {}
    with pytest.raises(error, match=re.escape(words)):
        gs.report(source, **options)


def test_folders_without_weights_and_with_features_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"`source` must hold a file with weights .* has none"):
        gs.report(tmp_path)
    with pytest.raises(ValueError, match="`features` must be left out for a folder"):
        gs.report(tmp_path, features=gs.Features(2, 0.1))
    (tmp_path / "a.npy").write_bytes(b"")
    with pytest.raises(ValueError, match="1 that cannot be read"):
        gs.report(tmp_path)


def test_the_search_for_the_optimum_can_be_limited(monkeypatch):
    """To a training and to a model alike."""
    asked = []

    def noted(*_, **options):
        asked.append(options["time_limit"])
        raise ValueError("no optimum")

    monkeypatch.setattr("geomsup.training.run.TrainingRun.compare", noted)
    monkeypatch.setattr("geomsup.reports.subjects.compare", noted)
    gs.report(run_of(), time_limit=2.5)
    gs.report(gs.ToyModel([[1.0], [-1.0]]), features=gs.Features(2, 0.1), time_limit=1.5)
    assert asked == [2.5, 1.5]


def test_a_training_refuses_other_features():
    with pytest.raises(ValueError, match="`features` must be left out for a training"):
        gs.report(run_of(), features=gs.Features(2, 0.1))


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(page_module, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"plotly and jinja2.*pip install \"geomsup\[report\]\""):
        gs.report([[1.0], [-1.0]])


@pytest.mark.slow
def test_the_wheel_has_the_templates(tmp_path):
    root = Path(gs.__file__).parents[1]
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=root, check=True,
                   capture_output=True)  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    static = {f"geomsup/reports/static/{path.name}" for path in (root / "geomsup/reports/static").iterdir()}
    assert len(static) > 10
    assert static <= held
