"""Names as people type them, and words near to names that are refused."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes.naming.words import ALIASES, fold


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("5-9 duoprism", "5,9-duoprism"), ("5x9 duoprism", "5,9-duoprism"), ("5,9 duoprism", "5,9-duoprism"),
        ("9 × 5 duoprism", "5,9-duoprism"), ("5-9-duoprism", "5,9-duoprism"), ("duoprism 5, 9", "5,9-duoprism"),
        ("triangular duoprism", "3,3-duoprism"), ("13-gonal duoprism", "13,13-duoprism"),
        ("triangular-pentagonal duoprism", "3,5-duoprism"), ("4-4 duoprism", "tesseract"),
        ("enneagonal antiprismatic prism", "nonagonal antiprismatic prism"),
        ("13-gonal antiprismatic prism", "13-gonal antiprismatic prism"),
        ("17-antiprism prism", "17-gonal antiprismatic prism"),
        ("triangular antiprismatic prism", "octahedral prism"),
        ("421 polytope", "4_21"), ("4_21 polytope", "4_21"), ("421", "4_21"), ("4-21", "4_21"), ("221", "2_21"),
        ("142", "1_42"), ("E8", "4_21"), ("e_8", "4_21"), ("E8 root polytope", "4_21"), ("E7 roots", "2_31"),
        ("E6", "1_22"), ("rectified 4-21", "rectified 4_21"), ("-1_21", "triangular prism"), ("1_21", "5-demicube"),
        ("penteract", "5-cube"), ("tesseract",) * 2, ("hexeract", "6-cube"), ("dekeract", "10-cube"),
        ("pentacross", "5-orthoplex"), ("decacross", "10-orthoplex"), ("16-cell",) * 2, ("16 cell", "16-cell"),
        ("16_cells", "16-cell"), ("hypercube", "tesseract"), ("5-hypercube", "5-cube"), ("pentatope", "5-cell"),
        ("simplex 7", "7-simplex"), ("7 simplex", "7-simplex"), ("7-simplices", "7-simplex"), ("cube 5", "5-cube"),
        ("5 cube", "5-cube"), ("30 orthoplex", "30-orthoplex"), ("cross polytope 5", "5-orthoplex"),
        ("5-cross-polytopes", "5-orthoplex"), ("Pentakis_Dodecahedron", "pentakis dodecahedron"),
        ("pentakis dodecahedra", "pentakis dodecahedron"), ("segment", "digon"), ("line segment", "digon"),
        ("square antiprisms", "square antiprism"), ("snub-cube", "snub cube"), ("truncated_7-cube", "truncated 7-cube"),
        ("runcinated—24‑cell", "runcinated 24-cell"), ("tetragon", "square"),
        ("undecagonal prism", "hendecagonal prism"), ("trigonal prism", "triangular prism"),
        ("digonal antiprism", "tetrahedron"),
        ("Johnson solid 5", "pentagonal cupola"),
        ("elongated square dipyramid", "elongated square bipyramid"), ("pentagonal dipyramid", "pentagonal bipyramid"),
        ("siamese dodecahedron", "regular-faced snub disphenoid"), ("gyrobifastigium",) * 2,
        ("triangular pyramid", "tetrahedron"),
        ("dual of snub cube", "pentagonal icositetrahedron"), ("tetrakis cube", "tetrakis hexahedron"),
        ("24 cell pyramid", "24-cell pyramid"), ("square antiprismatic pyramids", "square antiprismatic pyramid"),
    ],
)  # fmt: skip
def test_names_that_people_type(typed, name):
    assert gs.polytope(typed).name == name


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("point", "a feature alone in its dimension is called a dedicated dimension"), ("monogon", "dedicated"),
        ("vertex", "dedicated dimension"),
        ("0-simplex", "dedicated dimension"), ("2-gon", "Two opposite points are the 'digon'"),
        ("2-digon", "two digons at right angles are the 'square'"), ("5.9 duoprism", "Did you mean 5,9-duoprism"),
        ("2-9 duoprism", "Did you mean"), ("E9", "polytopes"), ("421 421", "polytopes"), ("simplex", "5-simplex"),
        ("J93", "J9"), ("J0", "J90"), ("antiprismatic prism", "square antiprismatic prism"), ("11-cube", "5-cube"),
        ("1000-gon", "Did you mean"), ("cube5", "5-cube"), ("pentakis dodecahedrons x", "pentakis dodecahedron"),
        ("-cube", "Did you mean cube"), ("polytope", "polytopes"), ("s", "polytopes"), ("-", "polytopes"),
        ("1-gonal prism", "polytopes"), ("3-gonal simplex", "polytopes"), ("dual of cube", "polytopes"),
    ],
)  # fmt: skip
def test_near_misses_are_refused(typed, told):
    with pytest.raises(
        ValueError, match=r"`name` must be a known shape; got .*geomsup\.polytopes\(\) lists them"
    ) as error:
        gs.polytope(typed)
    assert told in str(error.value)


@pytest.mark.slow
def test_no_two_shapes_share_a_folded_name():
    owners = {}
    for d in range(1, 11):
        for shape in gs.polytopes(dimension=d):
            for name in filter(None, (shape.name, shape.symbol, *shape.aliases)):
                folded = fold(name)
                assert owners.setdefault(folded, shape) is shape, name
                assert fold(folded) == folded
    assert not set(ALIASES) & {key for key in owners if owners[key].name != ALIASES.get(key)}


@pytest.mark.parametrize("word", ALIASES)
def test_other_words(word):
    assert gs.polytope(word) is gs.polytope(ALIASES[word])


@pytest.mark.parametrize(("name", "roots"), [("E6", 72), ("E7", 126), ("E8", 240)])
def test_roots_are_a_root_system(name, roots):
    """Of two roots of one length the products are 0, ±1/2, ±1; every reflection in a root brings roots to roots."""
    shape = gs.polytope(name)
    assert shape.n_vertices == roots
    assert sorted(set(shape.gram.round(9).ravel() + 0.0)) == [-1, -0.5, 0, 0.5, 1]
    root = shape.vertices[0]
    mirrored = shape.vertices - 2 * np.outer(shape.vertices @ root, root)
    assert ((mirrored @ shape.vertices.T).max(axis=1) > 1 - 1e-9).all()
