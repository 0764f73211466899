"""What the name of an array says: a matrix or a bias, of the encoder or the decoder, or a by-product of training."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

__all__ = ["Meaning", "is_by_product", "meanings", "words_of"]

WEIGHT = {"w", "weight", "weights", "kernel"}
BIAS = {"b", "bias", "biases"}
ENCODER = {"enc", "encoder", "encode", "embed", "embedding", "embeddings", "in", "input", "e"}
DECODER = {"dec", "decoder", "decode", "unembed", "unembedding", "out", "output", "u"}
HIDDEN = {"hidden"}
LAST = {"final"}  # of biases: the paper's `b_final`
# Words that are names of matrices by themselves; arrays called "input" or "out" may be data.
BARE = {"enc", "encoder", "embed", "embedding", "embeddings", "dec", "decoder", "unembed", "unembedding"}
NUMBERED = {"linear", "lin", "fc", "layer", "layers", "dense"}
# Words around the names that say nothing about the arrays.
WRAPPERS = {"model", "module", "orig", "mod", "state", "dict", "net", "network", "toy", "params", "param", "parameters"}
KNOWN = WEIGHT | BIAS | ENCODER | DECODER | HIDDEN | LAST | NUMBERED | WRAPPERS

# What trainings write beside weights, and what inputs are described by.
BESIDE = {
    "loss", "losses", "step", "steps", "epoch", "epochs", "seed", "seeds", "lr", "accuracy", "description", "config",
    "importance", "importances", "probability", "probabilities", "prob", "probs", "sparsity", "sparsities",
    "hyper", "hparams", "args", "loops",
}  # fmt: skip
# What has the names and the shapes of weights, and is none.
COPIES = {
    "history", "grad", "grads", "gradient", "optimizer", "optim", "optimiser", "scheduler",
    "moments", "pending", "diverged",
}  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What a name says.

    `kind` is "weight" or "bias". `layer` is "encoder", "decoder", "hidden", "" where the name does not say it, or the
    number of a layer. `inputs` is the axis of an encoder's inputs by the convention of its name: 0 for W_enc, 1 for
    `encoder.weight`, whose shape PyTorch makes (out, in); None where there is no convention. `skips`: numbers between
    those of the two layers are missing, as of an activation between them. `late`: numbers from 0 on are missing, where
    PyTorch counts layers from 0.
    """

    kind: str
    layer: str | int = ""
    inputs: int | None = None
    skips: bool = False
    late: bool = False


def meanings(names: Iterable[str]) -> dict[str, Meaning]:
    """Return what the names mean that are understood; a name with a word that is not known is left out."""
    names = [name for name in names if not is_by_product(name)]
    prefix = _common_prefix(names)
    found = {name: _meaning(name[len(prefix) :]) for name in names}
    return _with_layers({name: meaning for name, meaning in found.items() if meaning is not None})


def is_by_product(name: str) -> bool:
    """Whether a name is that of something that training leaves beside the weights."""
    words = set(words_of(name))
    return bool(words & COPIES) or (bool(words & BESIDE) and not words & (WEIGHT | BIAS | DECODER))


def words_of(name: str) -> list[str]:
    """Split a name at its signs, its capitals and its digits: "linear1.weight" has the words linear, 1 and weight."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_]+", name)]


def _common_prefix(names: list[str]) -> str:
    """Return the part up to a dot that all names share, unless its words say which layer it is."""
    prefix = names[0].rpartition(".")[0] if names else ""
    while prefix and (
        not all(name.startswith(prefix + ".") for name in names)
        or set(words_of(prefix)) & (KNOWN - WRAPPERS - NUMBERED)
        or re.search(r"\d", prefix)
    ):
        prefix = prefix.rpartition(".")[0]
    return prefix + "." if prefix else ""


def _meaning(name: str) -> Meaning | None:
    words = words_of(name)
    own = words_of(name.rpartition(".")[2])  # without what stands before the last dot
    if not words or not all(word in KNOWN or word.isdigit() for word in words):
        return None
    kind = "bias" if set(own) & BIAS else "weight" if set(own) & (WEIGHT | BARE) else ""
    layer = _layer(words, kind)
    if not kind or layer is None:
        return None
    return Meaning(kind, layer, _inputs(own, words, layer) if kind == "weight" else None)


def _layer(words: list[str], kind: str) -> str | int | None:
    """Return the layer that the words name; None if they name two, or one that a toy model does not have."""
    layers: list[str | int] = []
    layers += ["encoder"] if set(words) & ENCODER else []
    layers += ["decoder"] if set(words) & DECODER or (kind == "bias" and set(words) & LAST) else []
    layers += ["hidden"] if set(words) & HIDDEN else []
    if len(layers) > 1 or ("hidden" in layers and kind == "weight"):
        return None
    if kind == "weight" and set(words) & LAST:
        return None  # weights after training, or those of the last layer
    if layers:
        return layers[0]
    numbers = [int(word) for word in words if word.isdigit()]
    if len(numbers) > 1:
        return None
    return numbers[0] if numbers else ""


def _inputs(own: list[str], words: list[str], layer: str | int) -> int | None:
    if any(word.startswith("embed") for word in words):
        return None  # of an Embedding or of a Linear, which differ
    if own[-1:] == ["weight"]:
        return 1 if layer != "" else None
    return 0 if "w" in own and not isinstance(layer, int) else None  # W1 is written either way


def _with_layers(found: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """Read numbers of layers: of two, the first is the encoder; more than two make no toy model."""
    numbers = sorted({meaning.layer for meaning in found.values() if isinstance(meaning.layer, int)})
    if len(numbers) > 2:
        return {name: meaning for name, meaning in found.items() if not isinstance(meaning.layer, int)}
    order = dict(zip(numbers, ("encoder", "decoder") if len(numbers) == 2 else ("",), strict=True)) if numbers else {}
    skips = len(numbers) == 2 and numbers[1] - numbers[0] > 1

    def read(name: str, meaning: Meaning) -> Meaning:
        if not isinstance(meaning.layer, int):
            return meaning
        late = numbers[0] > 0 and str(meaning.layer) in name.split(".")  # 1.weight; a linear1.weight is the first
        return replace(meaning, layer=order[meaning.layer], skips=skips, late=late)

    return {name: read(name, meaning) for name, meaning in found.items()}
