"""Faces, duals, graphs and files of polytopes, against Coxeter's tables, Euler's formula and networkx's own graphs."""

import networkx as nx
import numpy as np
import pytest

import geomsup as gs


@pytest.mark.parametrize(
    ("name", "sides"),
    [  # Coxeter 1973, tables I and II: numbers of faces by their sides
        ("square", {4: 1}),
        ("dodecahedron", {5: 12}),
        ("cuboctahedron", {3: 8, 4: 6}),
        ("snub cube", {3: 32, 4: 6}),
        ("24-cell", {3: 96}),
        ("tesseract", {4: 24}),
        ("5-simplex", {3: 20}),
        ("rhombic dodecahedron", {4: 12}),
    ],
)
def test_faces_run_along_edges(name, sides):
    shape = gs.polytope(name)
    found = [len(face) for face in shape.faces]
    assert {k: found.count(k) for k in set(found)} == sides
    edges = {frozenset(edge) for edge in shape.edges}
    for face in shape.faces:
        assert all(frozenset(pair) in edges for pair in zip(face, (*face[1:], face[0]), strict=True))
        assert face[0] == min(face)
        assert face[1] < face[-1]


def test_a_segment_has_no_faces():
    assert gs.polytope("digon").faces == ()


def test_the_dual_swaps_vertices_and_facets():
    cube = gs.polytope("cube")
    assert cube.dual.f_vector == (6, 12, 8)
    assert gs.classify(cube.dual.points, orientation="rows").name == "octahedron (3 digons)"


def test_graphs_are_those_of_networkx():
    for name, graph in {
        "cube": nx.cubical_graph(),
        "dodecahedron": nx.dodecahedral_graph(),
        "icosahedron": nx.icosahedral_graph(),
        "tesseract": nx.hypercube_graph(4),
        "16-cell": nx.complete_multipartite_graph(2, 2, 2, 2),
    }.items():
        own = gs.polytope(name).to_networkx()
        assert nx.is_isomorphic(own, graph), name
        assert own.name == name
        np.testing.assert_array_equal([own.nodes[i]["pos"] for i in own], gs.polytope(name).points)


def read_off(text):
    words = iter(text.split())
    head = next(words)
    d = int(next(words)) if head == "nOFF" else 3
    v, f, e = (int(next(words)) for _ in range(3))
    points = np.array([[float(next(words)) for _ in range(d)] for _ in range(v)])
    faces = [[int(next(words)) for _ in range(int(next(words)))] for _ in range(f)]
    assert next(words, None) is None
    return points, faces, e


@pytest.mark.parametrize("name", ["pentagon", "cube", "snub cube", "triakis tetrahedron", "24-cell"])
def test_off_is_read_back_to_the_bit(name):
    shape = gs.polytope(name)
    points, faces, edges = read_off(shape.to_off())
    np.testing.assert_array_equal(points[:, : shape.dimension], shape.points)
    assert tuple(map(tuple, faces)) == shape.faces
    assert edges == len(shape.edges)
    if shape.dimension == 3:
        assert len(points) - edges + len(faces) == 2  # Euler


def test_faces_of_many_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"^`faces` must be asked of a shape of at most 6 dimensions; got 7\. Use its"):
        gs.polytope("7-simplex").faces  # noqa: B018
