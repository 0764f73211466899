"""Small packages like the real ones, with things planted in them."""

import json

import numpy as np
from safetensors.numpy import save_file

from benchmarks.atlas.named import SETS
from benchmarks.atlas.sources import PACKAGES, START, TOKENS

WORDS = [first + middle + last + "o" for first in "bdfg" for middle in "aeiou" for last in "klmnr"]
HEADS, NEURONS, LAYERS, POSITIONS = 2, 40, 2, 60
M = 16  # dimensions of the stream: tokens have the first 12, positions the last 4
OF_TOKENS = 12


def vocabulary(name):
    """All words and their plurals, and one set that is on a circle."""
    start = START[name]
    weekdays = SETS["weekdays"][1].split()
    words = [*WORDS, *(word + "s" for word in WORDS), *(day.lower() if name == "minilm" else day for day in weekdays)]
    return ["[unused0]", *(start + word for word in words), "##ing", "…"]


def embedding(name, rng):
    """Plurals are near their words, weekdays go round a circle about an offset, and all else is random."""
    names, start = vocabulary(name), START[name]
    X = rng.normal(size=(len(names), OF_TOKENS))
    for place, word in enumerate(names):
        singular = word.removesuffix("s")
        if word.removeprefix(start) in {one + "s" for one in WORDS}:
            X[place] = X[names.index(singular)] + 0.1 * rng.normal(size=OF_TOKENS)
    middle, *axes = np.linalg.qr(rng.normal(size=(OF_TOKENS, 3)))[0].T
    for k in range(7):
        turn = 2 * np.pi * k / 7
        X[names.index("##ing") - 7 + k] = 10 * middle + 6 * (np.cos(turn) * axes[0] + np.sin(turn) * axes[1])
    return X


def stream(rng):
    """A model of two layers. A head of the second reads what one of the first writes."""
    wide = np.zeros((len(vocabulary("minilm")), M))
    wide[:, :OF_TOKENS] = embedding("minilm", rng)
    positions = np.zeros((POSITIONS, M))
    positions[:, OF_TOKENS:] = rng.normal(size=(POSITIONS, M - OF_TOKENS))
    held = {
        "embeddings.position_embeddings.weight": positions, "embeddings.token_type_embeddings.weight": np.zeros((2, M)),
        "embeddings.LayerNorm.weight": np.ones(M), "embeddings.LayerNorm.bias": np.zeros(M),
        TOKENS["minilm"]: wide,
    }  # fmt: skip
    for layer in range(LAYERS):
        path = f"encoder.layer.{layer}."
        for name in ("query", "key", "value"):
            held[f"{path}attention.self.{name}.weight"] = rng.normal(size=(M, M))
            held[f"{path}attention.self.{name}.bias"] = np.zeros(M)
        held[path + "attention.output.dense.weight"] = rng.normal(size=(M, M))
        held[path + "intermediate.dense.weight"] = rng.normal(size=(NEURONS, M))
        held[path + "intermediate.dense.bias"] = np.zeros(NEURONS)
        held[path + "output.dense.weight"] = rng.normal(size=(M, NEURONS))
    size = M // HEADS
    line = rng.normal(size=(1, M))  # head 1 writes along it, and the keys of head 0 of the next layer read along it
    held["encoder.layer.0.attention.output.dense.weight"][:, size:] = (rng.normal(size=(size, 1)) * line).T
    held["encoder.layer.1.attention.self.key.weight"][:size] = rng.normal(size=(size, 1)) * line
    return held


def packages(folder):
    """Write the three packages into a folder."""
    rng = np.random.default_rng(0)
    tensors = {
        "minilm": stream(rng),
        "wordllama": {TOKENS["wordllama"]: embedding("wordllama", rng).astype(np.float16)},
        "tokenlearn": {TOKENS["tokenlearn"]: np.round(8 * embedding("tokenlearn", rng)).astype(np.int8)},
    }
    for name, (_, file, words) in PACKAGES.items():
        path = folder / file
        names = vocabulary(name)
        path.parent.mkdir(parents=True)
        (path.parent / words).parent.mkdir(exist_ok=True)
        held = {
            key: value.astype(np.float32) if value.dtype == float else value for key, value in tensors[name].items()
        }
        vocab = {word: row for row, word in enumerate(names)}
        if name == "tokenlearn":  # tokens in the order of their scores, rows in another one
            held["mapping"] = np.arange(len(names))[::-1].copy()
            held[TOKENS[name]] = held[TOKENS[name]][::-1].copy()
            vocab = [[word, -float(row)] for row, word in enumerate(names)]
        save_file(held, path)
        (path.parent / words).write_text(json.dumps({"model": {"vocab": vocab}}), encoding="utf-8")
    config = folder / PACKAGES["minilm"][1]
    (config.parent / "config.json").write_text(json.dumps({"num_attention_heads": HEADS}))
    return folder
