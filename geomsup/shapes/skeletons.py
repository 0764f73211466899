"""Skeletons as networkx graphs."""

from typing import Any

__all__ = ["skeleton_graph"]


def skeleton_graph(n: int, edges: Any) -> Any:
    """Return the graph of n vertices 0, ..., n − 1 and the given pairs.

    Examples
    --------
    >>> skeleton_graph(3, [(0, 1)]).number_of_nodes()
    3
    """
    from networkx import Graph

    graph = Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    return graph
