"""Rows of two sets paired by `match`: spellings of one word, whose partners are known, neurons of two layers, axes."""

import numpy as np

import geomsup as gs
from benchmarks.atlas.cost import timed
from benchmarks.atlas.neurons import weights
from benchmarks.atlas.sources import START

# Random turns of one model's axes that the true ones are compared with.
TURNS = 19
# Fewest pairs of spellings from which a row of the table is made.
FEWEST = 20


def measured(sources, progress=print):
    """Return what `match` says: of spellings, of the neurons of neighbouring layers, of the axes of two models."""
    rows = []
    for source in sources.values():
        for kind, pairs in spellings(source).items():
            if len(pairs) >= FEWEST:
                first, second = np.array(pairs).T
                rows.append(compared(source.tokens[first], source.tokens[second], "covariance"))
                rows[-1] |= {"model": source.name, "what": kind}
                progress(f"pairs: {source.name}, {kind}")
    if "minilm" in sources:
        minilm = sources["minilm"]
        for layer in range(minilm.layers - 1):
            near = [weights(minilm, number)[0].T for number in (layer, layer + 1)]
            rows.append(compared(*near, "covariance", known=False))
            rows[-1] |= {"model": "minilm", "what": f"neurons of layers {layer} and {layer + 1}, weights in"}
        progress("pairs: layers")
    if {"minilm", "wordllama"} <= set(sources):
        rows.append(of_axes(sources["minilm"], sources["wordllama"]))
    return rows


def compared(a, b, null, known=True):
    """Return the summary of a matching; where partners are known, row i of a belongs to row i of b."""
    with timed() as cost:
        found = gs.match(a, b, null=null)
    row = {"rows": len(a), "others": len(b), "beyond_chance": found.beyond_chance, "mmcs": found.mmcs,
           "mmcs_by_chance": found.mmcs_by_chance, "null": null, "cost": cost}  # fmt: skip
    if known:
        row["right"] = int((found.pairs[:, 0] == found.pairs[:, 1]).sum())
    return row


def spellings(source):
    """Return pairs of rows whose tokens are one word in two spellings, by kind; a row is in one pair of a kind."""
    start, places = START[source.name], source.places
    words = [token.removeprefix(start) for token in places if token.startswith(start)]
    words = [word for word in words if len(word) > 2 and word.isascii() and word.isalpha()]
    other = {
        "word and plural": lambda word: start + word + "s",
        "word and capitalised": lambda word: start + word.capitalize(),
        "word and inner piece": lambda word: word if start else "##" + word,
    }
    return {kind: distinct(places, [(start + word, name(word)) for word in words if word.islower()])
            for kind, name in other.items()}  # fmt: skip


def distinct(places, pairs):
    taken, kept = set(), []
    for first, second in pairs:
        rows = places[first], places.get(second)
        if rows[1] is not None and rows[0] != rows[1] and taken.isdisjoint(rows):
            taken |= set(rows)
            kept.append(rows)
    return kept


def of_axes(first, second):
    """Have two models axes in common? Columns of both embeddings, over the words that both have.

    Both embeddings know which words are alike, so that all their directions have something in common. What counts is
    whether their axes have more than axes that are turned at random.
    """
    shared = [(first.row(word), row) for word, row in lower_words(second) if first.row(word) is not None]
    here, there = np.array(shared).T
    columns = [(X - X.mean(axis=0)).T for X in (first.tokens[here], second.tokens[there])]
    row = compared(*columns, "rotation", known=False)
    rng = np.random.default_rng(0)
    frames = (np.linalg.qr(rng.normal(size=(len(columns[0]),) * 2))[0] for _ in range(TURNS))
    turned = [gs.match(frame @ columns[0], columns[1]).mmcs for frame in frames]
    return row | {
        "model": f"{first.name}, {second.name}", "what": f"axes, over {len(shared):,} words", "null": "turned axes",
        "mmcs_by_chance": float(np.mean(turned)), "beyond_chance": None,
        "p": (1 + sum(one >= row["mmcs"] for one in turned)) / (1 + TURNS),
    }  # fmt: skip


def lower_words(source):
    start = START[source.name]
    return [(token.removeprefix(start), row) for token, row in source.places.items()
            if token.startswith(start) and token.removeprefix(start).isalpha() and token.islower()]  # fmt: skip
