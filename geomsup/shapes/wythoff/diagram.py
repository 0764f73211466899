"""Coxeter strings read: "x4o3o" is the cube, "x3o3o *b3o" the 16-cell, "x5o x3o" the 3,5-duoprism."""

import re
from typing import Any

from geomsup.shapes.families import digon, polygon
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.products import prism_product
from geomsup.shapes.uniform import wythoffian
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK, Coxeter, groups

__all__ = ["from_diagram"]


def from_diagram(text: str) -> Polytope | None:
    """Polytope of an inline Coxeter diagram, or None if the text is none, or none of a finite convex polytope.

    Nodes are x (ringed) or o, numbers between them labels; "*c" is the third node once more. Parts that are not
    joined are factors of a product.

    Examples
    --------
    >>> from_diagram("o3o3o3o *c3x"), from_diagram("x3o x").name
    (Polytope(5-demicube h{4,3,3,3}: 16 vertices in 5 dimensions), 'triangular prism')
    >>> from_diagram("x7o3o") is None, from_diagram("icosahedron") is None
    (True, True)
    """
    graph = _graph(text.replace(" ", "").lower())
    if graph is None or not 0 < len(graph) <= LARGEST_RANK:
        return None
    from networkx import connected_components

    factors = [_connected(graph.subgraph(nodes)) for nodes in connected_components(graph)]
    found = [factor for factor in factors if factor is not None]
    return prism_product(found) if len(found) == len(factors) else None


def _graph(text: str) -> Any | None:
    """Nodes with their rings and bonds with their labels, from the text without spaces."""
    if not re.fullmatch(r"(?:[xo]|\*[a-z])(?:\d*(?:[xo]|\*[a-z]))*", text):
        return None
    from networkx import Graph

    graph = Graph()
    last, label = -1, ""
    for token in re.findall(r"\d+|\*[a-z]|[xo]", text):
        if token.isdigit():
            label = token
            continue
        node = ord(token[1]) - ord("a") if token[0] == "*" else len(graph)
        if token[0] != "*":
            graph.add_node(node, ringed=token == "x")
        if node not in graph or (label and int(label) < 2) or (label and node == last):
            return None
        if label and int(label) > 2:
            graph.add_edge(last, node, label=int(label))
        last, label = node, ""
    return graph


def _connected(part: Any) -> Polytope | None:
    """Polytope of a connected diagram."""
    rank = len(part)
    rings = sum(ringed for _, ringed in part.nodes(data="ringed"))
    if rings == 0:
        return None
    if rank == 1:
        return digon()
    if rank == 2:
        return polygon(rings * next(label for *_, label in part.edges(data="label")))
    for group in groups(rank):
        if (order := _nodes(part, group)) is not None:
            return wythoffian(group, tuple(sorted(order[node] for node, ringed in part.nodes(data="ringed") if ringed)))
    return None


def _nodes(part: Any, group: Coxeter) -> dict[int, int] | None:
    """Map the nodes of a diagram to those of a group, or None if it is another one."""
    from networkx import Graph
    from networkx.algorithms.isomorphism import GraphMatcher

    graph = Graph()
    graph.add_nodes_from(range(group.rank))
    graph.add_edges_from((i, j, {"label": m}) for i, j, m in group.bonds)
    matcher = GraphMatcher(part, graph, edge_match=lambda one, other: one["label"] == other["label"])
    return matcher.mapping if matcher.is_isomorphic() else None
