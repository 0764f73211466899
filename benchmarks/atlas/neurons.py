"""The neurons of every layer: motifs, polysemanticity, nearly orthogonal sets, and the shapes of `polygons`."""

import numpy as np

import geomsup as gs
from benchmarks.atlas import polygons
from benchmarks.atlas.cost import timed
from benchmarks.atlas.sources import START
from geomsup.recognition.hidden.nulls import draw

# Features: the axes of the stream, or the directions of so many of the most frequent words.
WORDS = 500
# Parts of what a feature's weights could give from which on a neuron serves it; the first is the tool's own.
SHARES = (0.2, 0.02, 0.01)


def weights(source, layer):
    """Weights ``(stream, neurons)`` into and out of the neurons of a layer."""
    path = f"encoder.layer.{layer}."
    into, out = (source.tensor(path + name) for name in ("intermediate.dense.weight", "output.dense.weight"))
    return into.T, out


def sides(source, layer):
    """Both matrices with a row per neuron."""
    into, out = weights(source, layer)
    return {"weights in": into.T, "weights out": out.T}


def words(source):
    """Directions of the most frequent words of two letters or more, about the mean of all tokens."""
    start = START[source.name]
    rows = [row for row in source.by_frequency.tolist() if len(source.names[row].removeprefix(start)) > 1][:WORDS]
    X = source.tokens[rows] - source.tokens.mean(axis=0)
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def measured(source, progress=print):
    """Return a row per layer."""
    directions, axes, rows = words(source), polygons.axes_of_positions(source), []
    for layer in range(source.layers):
        into, out = weights(source, layer)
        features = {"axes": (into, out), "words": (directions @ into, directions @ out)}
        row = {"layer": layer, "neurons": into.shape[1], "features": {k: len(one) for k, (one, _) in features.items()}}
        row["motifs"] = {name: [of_motifs(*pair, share) for share in SHARES] for name, pair in features.items()}
        row["metrics"] = {name: of_features(*pair) for name, pair in features.items()}
        row["echo"] = echo(into, out)
        row["sets"] = {name: of_sets(one) for name, one in sides(source, layer).items()}
        row["shapes"] = {name: polygons.measured(one, axes) for name, one in sides(source, layer).items()}
        rows.append(row)
        progress(f"neurons: layer {layer}")
    return rows


def of_motifs(into, out, share):
    with timed() as cost:
        found = gs.motifs(into, out, share=share)
    return {"share": share, "count": found.count, "by_chance": found.by_chance, "p": found.p_value, "cost": cost}


def of_features(into, out):
    """Return the layer's metrics, and those of normal weights of the same shape."""
    with timed() as cost:
        found = gs.polysemanticity(into, out)
    rng = np.random.default_rng(0)
    normal = gs.polysemanticity(rng.normal(size=into.shape), rng.normal(size=into.shape))
    kept = ("participation", "equivocation", "capacity", "largest_share")
    return {
        "there": {name: found.layer[name] for name in kept}, "normal": {name: normal.layer[name] for name in kept},
        "one_feature": int((found.features == 1).sum()), "cost": cost,
    }  # fmt: skip


def echo(into, out):
    """Mean entry of W_out W_inᵀ on the diagonal over the root mean square of the others: what an axis gives itself."""
    G = out @ into.T
    off = G[~np.eye(len(G), dtype=bool)]
    return float(np.diag(G).mean() / np.sqrt((off**2).mean()))


def of_sets(rows):
    """Return the nearly orthogonal sets that the weights of neurons form, and those of normal rows like them."""
    with timed() as cost:
        found = gs.local_bases(rows)
    normal = gs.local_bases(draw(rows, "covariance", np.random.default_rng(0)))
    return {
        "sizes": sizes(found), "least": float(found.p_values.min(initial=1.0)), "normal": sizes(normal),
        "rms_cosine": float(found.rms_cosines[0]) if found.bases else None, "by_chance": found.n_dimensions**-0.5,
        "cost": cost,
    }  # fmt: skip


def sizes(found):
    return [len(basis) for basis in found.bases]
