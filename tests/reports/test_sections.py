"""The data of the sections against what was planted."""

import dataclasses
import struct
import zlib
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import geomsup as gs
from geomsup.plot.palette import NEGATIVE, POSITIVE
from geomsup.reports.axes import Axis, spread
from geomsup.reports.colours import colours_of
from geomsup.reports.png import signed_png
from geomsup.reports.sections.dictionary import dictionary as dictionary_section
from geomsup.reports.sections.gram import MOST_ROWS, gram
from geomsup.reports.sections.graph import graph
from geomsup.reports.sections.headline import headline
from geomsup.reports.sections.levels import MOST_DOTS, levels
from geomsup.reports.sections.losses import losses
from geomsup.reports.sections.models import models
from geomsup.reports.sections.shapes import MOST_VIEWS, shapes
from geomsup.reports.views import view_of
from geomsup.reports.words import fraction
from tests.reports.conftest import DIGON, polygon, tegum


def made(section, W, *more):
    found = gs.classify(W, orientation="rows")
    return section(found, colours_of(found), *more)


def test_the_headline_counts_components_and_lists_features(mixed):
    head = made(headline, mixed)
    rows = {line.name: (line.number, line.features, line.rank) for line in head.lines}
    assert rows == {
        "pentagon": (1, ("4, 5, 6, 7, 8",), "2"),
        "tetrahedron": (1, ("0, 1, 2, 3",), "3"),
        "digon": (2, ("9, 10", "11, 12"), "1"),
    }
    assert head.absent == "13"
    assert head.sentence == "This W stores 13 of 14 features in 8 dimensions: pentagon + tetrahedron + 2 digons."


def test_levels_are_the_exact_fractions(mixed):
    found = {line.name: line.value for line in made(levels, mixed).lines}
    assert {name: Fraction(value).limit_denominator(100) for name, value in found.items()} == {
        "3/4 tetrahedron": Fraction(3, 4), "1/2 digon": Fraction(1, 2), "2/5 pentagon": Fraction(2, 5),
    }  # fmt: skip


def test_a_dot_for_every_feature_at_its_level(mixed):
    section = made(levels, mixed)
    values = {dot.feature: dot.value for dot in section.dots}
    assert sorted(values) == list(range(14))
    np.testing.assert_allclose([values[i] for i in range(14)], [0.75] * 4 + [0.4] * 5 + [0.5] * 4 + [values[13]],
                               atol=1e-4)  # fmt: skip
    heights = {dot.value: dot.y for dot in section.dots}
    assert sorted(heights, key=heights.__getitem__) == sorted(heights, reverse=True)  # upwards is more


@pytest.mark.slow
def test_of_very_many_features_there_are_bars():
    n = MOST_DOTS // 2 + 1
    W = np.kron(np.eye(n), DIGON)
    section = made(levels, W)
    assert not section.dots
    assert sum(bar.number for bar in section.bars) == 2 * n
    assert [(bar.low <= 0.5 <= bar.high, bar.number) for bar in section.bars] == [(True, 2 * n)]


def test_the_gram_matrix_is_ordered_by_component(mixed):
    section = made(gram, mixed)
    order = [*range(4, 9), *range(4), 9, 10, 11, 12, 13]
    assert list(section.features) == order
    np.testing.assert_allclose(section.values, (mixed @ mixed.T)[np.ix_(order, order)], atol=1e-12)
    assert [(frame.name, frame.start, frame.size) for frame in section.frames] == [
        ("pentagon", 0, 5), ("tetrahedron", 5, 4), ("digon", 9, 2), ("digon", 11, 2),
    ]  # fmt: skip


@pytest.mark.slow
def test_of_many_rows_the_gram_matrix_shows_what_was_found(dictionary):
    section = made(gram, dictionary, gs.find_shapes(dictionary))
    assert set(section.features) == {10, 11, 20, 21, 30, 31, 32}
    assert section.remark == "Of 900 rows the page shows 7: those of all shapes that were found."


def test_where_nothing_was_found_no_square_is_drawn(rng):
    W = rng.normal(size=(600, 60))
    section = made(gram, W, gs.find_shapes(W))
    assert (section.picture, section.features) == ("", ())
    assert "None of the 600 rows" in section.remark


@pytest.mark.slow
def test_at_most_400_rows_are_shown():
    section = made(gram, np.kron(np.eye(300), DIGON))
    assert len(section.features) == MOST_ROWS
    assert section.remark == "Of 600 rows the page shows 400: those of 200 of the 300 shapes that were found."


def test_the_picture_is_blue_for_positive_and_red_for_negative_numbers():
    chunks = decoded(signed_png(np.array([[1.0, -1.0, 0.0], [0.5, -2.0, 3.0]]), 1.0))
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"])[:4] == (3, 2, 8, 3)
    hues = [chunks[b"PLTE"][3 * i : 3 * i + 3].hex() for i in range(len(chunks[b"PLTE"]) // 3)]
    lines = zlib.decompress(chunks[b"IDAT"])
    pixels = [[lines[4 * row + 1 + column] for column in range(3)] for row in range(2)]
    opacity = [[chunks[b"tRNS"][pixel] for pixel in row] for row in pixels]
    blue, red = POSITIVE[1:].lower(), NEGATIVE[1:].lower()
    assert [hues[pixel] for pixel in pixels[0][:2]] == [blue, red]
    assert opacity == [[255, 255, 0], [pytest.approx(128, abs=1), 255, 255]]


def decoded(png):
    """Read the chunks of a PNG, whose checksums must be right."""
    chunks, at = {}, 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        body = png[at + 4 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(body),)
        chunks[body[:4]] = body[4:]
        at += 12 + length
    return chunks


def test_matplotlib_reads_the_same_picture(tmp_path):
    from matplotlib import image

    path = tmp_path / "a.png"
    path.write_bytes(signed_png(np.array([[1.0, 0.0], [0.0, -1.0]]), 1.0))
    np.testing.assert_allclose(image.imread(path)[..., 3], np.eye(2))


def test_equal_shapes_are_drawn_once_with_their_number(mixed):
    section = made(shapes, mixed)
    assert [panel.title for panel in section.panels] == ["tetrahedron", "pentagon", "2 digons"]
    assert [panel.view.dimension for panel in section.panels] == [3, 2, 1]
    assert [panel.traces is not None for panel in section.panels] == [True, False, False]


def test_rows_lie_on_the_corners_of_their_shape(mixed):
    """Distances of a drawing are those of the rows: 6 equal ones of the tetrahedron, sqrt(8/3) apart."""
    found = gs.classify(mixed, orientation="rows")
    (solid,) = (part for part in found.components if part.name == "tetrahedron")
    view = view_of(found, solid)
    np.testing.assert_allclose(np.linalg.norm(view.rows, axis=1), 1, atol=1e-5)
    apart = [np.linalg.norm(a - b) for i, a in enumerate(view.rows) for b in view.rows[:i]]
    np.testing.assert_allclose(apart, (8 / 3) ** 0.5, atol=1e-5)
    assert len(view.edges) == 6
    for (text, place), row in zip(view.labels, view.rows, strict=True):
        np.testing.assert_allclose(view.corners[place], row, atol=1e-5)
        assert text in "0123"


def test_beyond_rank_3_the_coxeter_plane_is_drawn():
    """2_21 has the Coxeter number 12: rings of 12, and three of the 27 corners in the centre."""
    found = gs.classify(gs.polytope("2_21").vertices)
    view = view_of(found, found.components[0])
    assert (view.plane, view.dimension, len(view.edges)) == ("Coxeter plane", 2, 216)
    radii, numbers = np.unique(np.linalg.norm(view.corners, axis=1).round(6), return_counts=True)
    assert numbers.tolist() == [3, 12, 12]
    assert radii[0] == 0


def test_empty_corners_are_drawn_too():
    corners = gs.polytope("icosahedron").vertices
    found = gs.classify(corners[:11])
    view = view_of(found, found.components[0])
    assert len(view.rows) == 11
    assert sorted(np.round(np.linalg.norm(view.corners, axis=1), 6).tolist()) == [1] * 12
    gap = min(np.linalg.norm(view.corners - row, axis=1).min() for row in view.rows)
    assert gap < 1e-6


def test_there_are_at_most_12_pictures(rng):
    blocks = [gs.polytope(name).vertices for name in ("pentagon", "triangle", "hexagon", "tetrahedron", "cube")]
    blocks += [gs.polytope(f"{k}-gon").vertices for k in range(7, 17)]
    m = sum(block.shape[1] for block in blocks)
    section = made(shapes, tegum(blocks, m, rng))
    assert len(section.panels) == MOST_VIEWS
    assert section.remark is not None


def test_the_graph_joins_opposite_features_only(mixed):
    section = made(graph, mixed)
    number = [node.feature for node in section.nodes]
    pairs = {frozenset((number[e.one], number[e.other])): e.product for e in section.edges}
    inside = {frozenset((i, j)) for block in (range(4), range(4, 9), (9, 10), (11, 12)) for i in block for j in block
              if i < j}  # fmt: skip
    assert set(pairs) == inside
    assert pairs[frozenset((9, 10))] == pytest.approx(-1, abs=1e-5)
    assert pairs[frozenset((0, 1))] == pytest.approx(-1 / 3, abs=1e-5)


def test_the_ring_of_a_pentagon_is_in_the_order_of_its_corners():
    section = made(graph, polygon(5)[[0, 2, 4, 1, 3]])
    around = [node.feature for node in section.nodes]
    corners = [[0, 2, 4, 1, 3][feature] for feature in around]
    assert {(b - a) % 5 for a, b in pairwise(corners)} in ({1}, {4})


def test_losses_are_those_of_the_comparison():
    features = gs.Features(2, probability=0.1)
    result = gs.compare(gs.ToyModel([[1.0], [-1.0]]), features, starts=4)
    section = losses(result, colours_of(result.geometry))
    assert (section.loss, section.optimum) == (result.loss, result.optimum.loss)
    assert sum(part.loss for part in section.model) == pytest.approx(result.loss)
    assert section.model[0].width / section.best[0].width == pytest.approx(result.loss / result.optimum.loss)


def test_a_model_that_no_search_has_reached_is_not_called_the_optimum():
    result = gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, probability=0.1), starts=4)
    assert losses(result, colours_of(result.geometry)).sentence.endswith("The optimum has the same shapes.")
    missed = dataclasses.replace(result, optimum=dataclasses.replace(result.optimum, searched=0.0034))
    said = losses(missed, colours_of(result.geometry)).sentence
    assert said.endswith("a search without it ended higher, at 0.0034.")
    assert "The optimum has" not in said


def test_models_are_counted_by_name():
    batch = gs.classify([[[1, 0], [-1, 0]], [[0, 1], [0, -1]], [[1, 0], [0, 1]]], orientation="rows")
    section = models(batch)
    assert [(kind.name, kind.number) for kind in section.kinds] == [("digon", 2), ("2 dedicated dimensions", 1)]
    assert section.marks == ()


@pytest.mark.slow
def test_discoveries_are_what_was_planted(dictionary):
    section = dictionary_section(gs.classify(dictionary), gs.find_shapes(dictionary))
    assert {(one.name, one.rows) for one in section.found} == {
        ("digon", "10, 11"), ("digon", "20, 21"), ("triangle", "30, 31, 32"),
    }  # fmt: skip
    assert "at most 1 % of these discoveries are false" in section.promise
    assert section.descriptions


def test_colours_are_shared_by_name_where_there_are_too_many():
    few, many = (gs.classify(np.kron(np.eye(k), DIGON), orientation="rows") for k in (7, 8))
    assert (colours_of(few).by, colours_of(few).components) == ("component", tuple(range(7)))
    assert (colours_of(many).by, colours_of(many).components) == ("shape", (0,) * 8)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 1.04), (-3, 17), (0, 1e-7), (0, 3e9), (5, 5)])
def test_axes_name_round_values_inside(low, high):
    ticks = Axis(low, high, 0, 100).ticks(6)
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-9 <= tick <= max(high, low + 1) + 1e-9 for tick in ticks)


def test_names_are_moved_apart_and_stay_inside():
    moved = spread([100.0, 100.0, 99.0, 3.0, 2.0], 10.0, 0.0, 105.0)
    assert all(a - b >= 10 - 1e-9 for a, b in pairwise(moved))
    assert min(moved) >= 0
    assert max(moved) <= 105


@pytest.mark.parametrize(("value", "text"), [(3 / 4, "3/4"), (2 / 9, "2/9"), (1.0, "1"), (0.366, "0.366")])
def test_simple_fractions_are_fractions(value, text):
    assert fraction(value) == text


@pytest.mark.slow
def test_what_picked_rows_share_is_taken_away(dictionary):
    """With the same vector added to all rows, the picture stays as it was without it."""
    W = dictionary.astype(float)
    offset = 10 * np.eye(100)[0]
    found = gs.find_shapes(W)
    plain, moved = (made(gram, X, found) for X in (W, W + offset))
    assert "their mean is taken away" in moved.remark
    assert "their mean is taken away" not in (plain.remark or "")
    rows = W[list(moved.features)]
    rows = rows - rows.mean(axis=0)
    np.testing.assert_allclose(moved.values, rows @ rows.T, atol=1e-9)
