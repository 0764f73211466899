"""Section: which feature interferes with which."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.reports.chosen import Group, chosen_rows

if TYPE_CHECKING:
    from geomsup.recognition import Discoveries, Geometry
    from geomsup.reports.colours import Colours

__all__ = ["WIDTH", "Edge", "Graph", "Node", "graph"]

WIDTH = 760.0

# Nodes and edges, at most, which can still be told apart.
MOST_NODES = 300
MOST_EDGES = 1500

# Two features interfere if their inner product is beyond this fraction of the median squared length. What one does to
# the other's output goes with the square: below 1 % of the output's own, less than trainings leave to chance.
LEAST = 0.1

# Nodes that have their number beside them.
MOST_NUMBERED = 120

# Length along a ring that a node takes, and the gap between two rings.
NODE, GAP = 28.0, 46.0


@dataclass(frozen=True)
class Node:
    """A feature, where it is, and its component."""

    feature: int
    x: float
    y: float
    colour: int
    name: str


@dataclass(frozen=True)
class Edge:
    """Two nodes, as places in `Graph.nodes`, and their inner product, in units of the median squared length."""

    one: int
    other: int
    product: float


@dataclass(frozen=True)
class Graph:
    """Nodes in rings, one for each component, and the edges, weakest first."""

    sentence: str
    remark: str | None
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    height: float
    numbered: bool


def graph(geometry: "Geometry", colours: "Colours", discoveries: "Discoveries | None" = None) -> Graph:
    """Return the features as rings, and lines between those that interfere.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1]])
    >>> [(edge.one, edge.other, edge.product) for edge in graph(found, colours_of(found)).edges]
    [(0, 1, -1.0), (2, 3, -1.0)]
    """
    shown = chosen_rows(geometry, colours, discoveries, MOST_NODES)
    groups = [_around(geometry, group) for group in shown.groups]
    nodes, height = _placed(groups)
    rows, shared = shown.rows(geometry)
    place = {feature: i for i, feature in enumerate(shown.features)}
    edges = _edges(rows[[place[node.feature] for node in nodes]])
    remarks = [text for text in (shown.remark, shared) if text is not None]
    if len(edges) > MOST_EDGES:
        remarks.append(f"Of {len(edges)} lines only the {MOST_EDGES} strongest are drawn.")
    return Graph(
        sentence="Lines join features that interfere: red and dashed where their directions oppose each other, blue "
        "where they support each other, thicker where they do so more. Features of one component are in one ring.",
        remark=" ".join(remarks) or None,
        nodes=tuple(nodes),
        edges=tuple(edges[-MOST_EDGES:]),
        height=height,
        numbered=len(nodes) <= MOST_NUMBERED,
    )


def _around(geometry: "Geometry", group: Group) -> Group:
    """Return a group with its features in the order of their angles in the plane of its largest principal axes."""
    rows = geometry.W[list(group.features)]
    if len(rows) < 4 or min(rows.shape) < 2:
        return group
    left, size, _ = np.linalg.svd(rows, full_matrices=False)
    angles = np.round(np.arctan2(left[:, 1] * size[1], left[:, 0] * size[0]), 6)
    order = np.argsort(angles, kind="stable")
    return Group(group.name, tuple(group.features[i] for i in order), group.colour)


def _placed(groups: list[Group]) -> tuple[list[Node], float]:
    """Put the rings side by side, in lines as words are; return the nodes and the height that they need."""
    nodes: list[Node] = []
    x, top, tallest = GAP, GAP, 0.0
    for group in groups:
        k = len(group.features)
        radius = 0.0 if k == 1 else max(NODE * k / (2 * np.pi), NODE / 2)
        radius = min(radius, WIDTH / 2 - GAP)
        if x + 2 * radius + GAP > WIDTH:
            x, top, tallest = GAP, top + tallest + GAP, 0.0
        for place, feature in enumerate(group.features):
            angle = 2 * np.pi * place / k - np.pi / 2
            nodes.append(Node(feature, x + radius * (1 + float(np.cos(angle))),
                              top + radius * (1 + float(np.sin(angle))), group.colour, group.name))  # fmt: skip
        x, tallest = x + 2 * radius + GAP, max(tallest, 2 * radius)
    return nodes, top + tallest + GAP


def _edges(rows: np.ndarray) -> list[Edge]:
    products = rows @ rows.T
    squares = np.diagonal(products)
    products = products / (np.median(squares[squares > 0]) if (squares > 0).any() else 1.0)
    pairs = np.argwhere(np.triu(np.abs(products) >= LEAST, 1))
    found = [Edge(int(i), int(j), round(float(products[i, j]), 9)) for i, j in pairs]
    return sorted(found, key=lambda edge: (abs(edge.product), edge.one, edge.other))
