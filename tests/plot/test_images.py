"""Figures against stored images, without text, whose letters differ between machines.

The images show what a person has looked at. `python -m tests.plot.test_images` draws them anew; look at them before you
commit them. Shadows on Coxeter planes are not among them: an eigenvector has any phase, so LAPACK may turn them.
"""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text

import geomsup as gs
from geomsup.phases.diagram import phase_diagram

IMAGES = Path(__file__).parent / "images"
LARGEST = 30_000  # bytes of an image

# Root mean square difference of two images, of 255. Between matplotlib 3.9.0 and 3.11.2 it is at most 2.1. A cube
# without one of its near edges is above 5 (tested below). Borders of matrix cells move by a pixel, which makes up to
# 11.1; there a wrong sign of all that is off the diagonal makes 46.
TOLERANCE = 4.0
OF_MATRICES = {"gram": 15.0, "mixture": 15.0}

TURNS = 2 * np.pi * np.arange(5) / 5
PENTAGON = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
SHARED = np.zeros((8, 4))  # a pentagon, a digon, a feature alone
SHARED[:5, :2], SHARED[5:7, 2], SHARED[7, 3] = PENTAGON, [1, -1], 1
SHAPES = [gs.polytope(name).vertices for name in ("digon", "triangle", "pentagon")]

FIGURES = {
    "arrows": lambda ax: gs.classify(PENTAGON).plot(ax),
    "octahedron-3d": lambda ax: gs.classify(gs.polytope("octahedron").vertices).plot(ax),
    "mixture": lambda ax: gs.classify(SHARED).plot(ax),
    "cube-3d": lambda ax: gs.polytope("cube").plot(ax),
    "rhombic-dodecahedron-3d": lambda ax: gs.polytope("rhombic dodecahedron").plot(ax),
    "hexagon": lambda ax: gs.polytope("hexagon").plot(ax),
    "gram": lambda ax: gs.plot.plot_gram(PENTAGON, np.linspace(-1, 1, 5), ax=ax),
    "interference": lambda ax: gs.plot.plot_interference(SHARED, ax=ax),
    "angles": lambda ax: gs.plot.plot_angles(gs.polytope("24-cell").vertices, ax=ax),
    "graph": lambda ax: gs.plot.plot_graph(gs.classify(SHARED), ax=ax),
    "orbits": lambda ax: gs.symmetry(SHARED[:6, :3]).plot(ax),
    "dimensions": lambda ax: gs.plot.plot_dimensions(SHAPES, [0.5, 0.3, 0.1], ax=ax),
    "phase-line": lambda ax: phase_diagram(2, 1, np.geomspace(0.1, 1, 8), [0.3]).plot(ax),
}


def draw(name, path):
    figure = Figure(figsize=(3, 3), dpi=60)
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.05, 0.05, 0.9, 0.9), projection="3d" if name.endswith("3d") else None)
    FIGURES[name](ax)
    for text in figure.findobj(Text):
        if getattr(text, "arrow_patch", None) is None:  # arrows are annotations
            text.set_visible(False)
    figure.savefig(path, dpi=60, metadata={"Software": None})


def difference(name, path):
    return compare_images(str(IMAGES / f"{name}.png"), str(path), tol=OF_MATRICES.get(name, TOLERANCE))


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_those_that_were_looked_at(name, tmp_path):
    draw(name, tmp_path / "drawn.png")
    assert difference(name, tmp_path / "drawn.png") is None


def test_a_missing_near_edge_is_noticed(tmp_path, monkeypatch):
    def without_an_edge(ax):
        max(gs.polytope("cube").plot(ax).lines, key=lambda line: line.get_linewidth()).remove()

    monkeypatch.setitem(FIGURES, "cube-3d", without_an_edge)
    draw("cube-3d", tmp_path / "drawn.png")
    assert "did not match" in difference("cube-3d", tmp_path / "drawn.png")


def test_images_are_few_and_small():
    files = sorted(IMAGES.iterdir())
    assert [file.stem for file in files] == sorted(FIGURES)
    assert max(file.stat().st_size for file in files) <= LARGEST


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for each in FIGURES:
        draw(each, IMAGES / f"{each}.png")
