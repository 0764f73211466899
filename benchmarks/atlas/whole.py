"""Whole embeddings: the name that `classify` has for all rows, nearly orthogonal sets, and the test on activations."""

import numpy as np

import geomsup as gs
from benchmarks.atlas.cost import timed

# Of layer normalisation, as the configuration of the model says.
EPSILON = 1e-12
# Samples of activations: tokens at random positions.
SAMPLES = 5000


def measured(sources, progress=print):
    """Return a row per embedding."""
    rows = []
    for source in sources.values():
        with timed() as first:
            geometry = gs.classify(source.tokens, orientation="rows")
        with timed() as second:
            bases = gs.local_bases(source.tokens)
        largest = max(geometry.components, key=lambda one: len(one.features))
        rows.append({
            "model": source.name, "shape": list(source.tokens.shape), "named": geometry.name,
            "components": len(geometry.components), "largest": len(largest.features),
            "bases": len(bases.bases), "sizes": sorted(map(len, bases.bases))[::-1],
            "p_bases": float(bases.p_values.min(initial=1.0)), "seeds": bases.seeds,
            "in_bases": [[source.names[row] for row in basis[:8]] for basis in bases.bases[:3]],
            "cost": {"classify": first, "local_bases": second},
        })  # fmt: skip
        progress(f"whole: {source.name}")
    return rows


def activations(source, progress=print):
    """Return what `superposition_test` says of the first activations, and of those of the first neurons."""
    H = stream(source)
    path = "encoder.layer.0.intermediate.dense."
    neurons = H @ source.tensor(path + "weight").T + source.tensor(path + "bias")
    found = []
    for name, one in (
        ("tokens and positions, normalised", H),
        ("neurons of layer 0 before GELU, no attention", neurons),
    ):
        with timed() as cost:
            test = gs.superposition_test(one)
        found.append({"of": name, "samples": test.samples, "dimensions": test.n_dimensions, "zeros": test.zeros,
                      "shown": test.shown, "p": test.p_value, "reason": test.reason, "cost": cost})  # fmt: skip
    progress("tested")
    return found


def stream(source):
    """Return the stream before the first layer: a random token at a random position, normalised."""
    rng = np.random.default_rng(0)
    positions = source.tensor("embeddings.position_embeddings.weight")
    kinds = source.tensor("embeddings.token_type_embeddings.weight")
    H = source.tokens[rng.choice(source.by_frequency, SAMPLES)] + positions[rng.integers(0, len(positions), SAMPLES)]
    H = H + kinds[0]
    H = (H - H.mean(axis=1, keepdims=True)) / np.sqrt(H.var(axis=1, keepdims=True) + EPSILON)
    return H * source.tensor("embeddings.LayerNorm.weight") + source.tensor("embeddings.LayerNorm.bias")
