"""Every rigid shape of the catalogue with up to 200 vertices is named: rotated, permuted, scaled, and with noise."""

import numpy as np
import pytest

from geomsup import classify
from geomsup.shapes import candidates

SHAPES = [shape for rank in range(3, 9) for n in range(rank + 1, 201) for shape in candidates(rank, n)]


def test_the_catalogue_is_large():
    assert len(SHAPES) > 200


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("rank", range(3, 9))
def test_every_shape_gets_its_name(rank, noise):
    """Noise is a fraction of the shortest chord, for each coordinate; shapes with inner zeros stay in one piece."""
    rng = np.random.default_rng(rank)
    missed = []
    for shape in (shape for shape in SHAPES if shape.dimension == rank):
        rotation = np.linalg.qr(rng.normal(size=(rank, rank)))[0]  # reflections among them
        jitter = noise * shape.shortest_chord * rng.normal(size=shape.vertices.shape)
        W = 1.3 * ((shape.vertices + jitter) @ rotation)[rng.permutation(shape.n_vertices)]
        names = [component.name for component in classify(W, orientation="rows").components]
        if names != [shape.name]:
            missed.append((shape.name, names))
    assert missed == []
