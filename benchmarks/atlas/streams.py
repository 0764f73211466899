"""Who writes to and reads from the same subspace of the stream: tokens, positions, attention heads, neurons."""

import json

import numpy as np

import geomsup as gs
from benchmarks.atlas.cost import timed
from benchmarks.atlas.whole import EPSILON

READERS = {"Q": "query", "K": "key", "V": "value"}
# Positions of which the attention among themselves is worked out, and offsets that are looked at.
POSITIONS = 128
OFFSETS = (-2, -1, 0, 1, 2)
SHUFFLES = 99
# Sequences of random words.
TEXTS = 20
LEVEL = 0.05


def heads_of(source):
    """Number of heads of a layer, from the model's configuration."""
    return json.loads((source.path.parent / "config.json").read_text(encoding="utf-8"))["num_attention_heads"]


def embeddings(source):
    """Tokens and positions, about their means."""
    both = {"tokens": source.tokens, "positions": source.tensor("embeddings.position_embeddings.weight")}
    return {name: rows - rows.mean(axis=0) for name, rows in both.items()}


def layer(source, number):
    """Rows that a layer reads with and writes: Q, K, V, O of all heads, and of the neurons `in` and `out`."""
    path = f"encoder.layer.{number}."
    rows = {name: source.tensor(f"{path}attention.self.{word}.weight") for name, word in READERS.items()}
    rows["O"] = source.tensor(path + "attention.output.dense.weight").T
    rows["in"] = source.tensor(path + "intermediate.dense.weight")
    return rows | {"out": source.tensor(path + "output.dense.weight").T}


def of_layers(source, progress=print):
    """Compare all matrices of all layers, those of heads together."""
    matrices = embeddings(source)
    for number in range(source.layers):
        matrices |= {f"{name}{number}": rows for name, rows in layer(source, number).items()}
    with timed() as cost:
        found = gs.subspaces(matrices)
    progress("streams: all layers")
    return {
        "names": list(found.names), "ranks": list(found.ranks), "dimensions": found.n_dimensions,
        "shares": found.shares.tolist(), "by_chance": found.by_chance[0].tolist(), "p_shares": found.p_shares.tolist(),
        "headline": found.headline, "cost": cost,
    }  # fmt: skip


def of_heads(source, progress=print):
    """Return, for each layer, what its heads read of the embeddings and of the heads of the layer before."""
    heads, rows = heads_of(source), []
    for number in range(source.layers):
        matrices = embeddings(source)
        readers = {f"{h}{name}": part for name in READERS for h, part in enumerate(split(source, number, name, heads))}
        writers = {f"{h}O": part for h, part in enumerate(split(source, number - 1, "O", heads))} if number else {}
        with timed() as cost:
            found = gs.subspaces(matrices | readers | writers)
        progress(f"streams: heads of layer {number}")
        table = {(row["square_of"], row["in"]): short(row) for row in found.to_rows()}
        rows.append({
            "layer": number, "cost": cost,
            "embeddings": {
                name: {
                    what: [table[what, f"{h}{name}"] for h in range(heads)] for what in ("tokens", "positions")
                }
                for name in READERS
            },
            "heads": {name: heads_before(table, name, heads) for name in READERS} if number else {},
        })  # fmt: skip
    return rows


def split(source, number, name, heads):
    return np.split(layer(source, number)[name], heads)


def short(row):
    return {"share": row["share"], "by_chance": row["by_chance"], "p": row["p_share"]}


def heads_before(table, name, heads):
    """How many pairs of a head of the layer before and one of this layer share more than by chance; and the largest."""
    pairs = {(w, r): table[f"{w}O", f"{r}{name}"] for w in range(heads) for r in range(heads)}
    beyond = {pair: row for pair, row in pairs.items() if row["p"] < LEVEL}
    more = [pair for pair, row in beyond.items() if row["share"] > row["by_chance"]]
    best = max(pairs, key=lambda pair: pairs[pair]["share"] / pairs[pair]["by_chance"])
    return {"pairs": len(pairs), "more": len(more), "less": len(beyond) - len(more), "best": list(best),
            **pairs[best]}  # fmt: skip


def of_positions(source, progress=print):
    """Return the attention of the first heads to near positions, of the mean token alone and of random words."""
    rng = np.random.default_rng(0)
    mean = attention_of(source, source.tokens.mean(axis=0))
    draws = [attention_of(source, source.tokens[rng.choice(source.by_frequency, mean.shape[1])]) for _ in range(TEXTS)]
    random = np.mean([[to_near(one) for one in heads] for heads in draws], axis=0)
    found = []
    for h, one in enumerate(mean):
        shuffled = [max(to_near(one[:, rng.permutation(one.shape[1])])) for _ in range(SHUFFLES)]
        p = (1 + sum(value >= max(to_near(one)) for value in shuffled)) / (1 + SHUFFLES)
        found.append({"head": h, "to": to_near(one), "p": p, "of_words": random[h].tolist()})
    progress("streams: positions")
    return {"offsets": list(OFFSETS), "positions": mean.shape[1], "by_chance": 1 / mean.shape[1], "heads": found}


def attention_of(source, tokens):
    """Attention ``(heads, positions, positions)`` of the first layer at the first positions."""
    rows, heads = source.tensor("embeddings.position_embeddings.weight")[:POSITIONS], heads_of(source)
    H = rows + tokens + source.tensor("embeddings.token_type_embeddings.weight")[0]
    H = (H - H.mean(axis=1, keepdims=True)) / np.sqrt(H.var(axis=1, keepdims=True) + EPSILON)
    H = H * source.tensor("embeddings.LayerNorm.weight") + source.tensor("embeddings.LayerNorm.bias")
    path = "encoder.layer.0.attention.self."
    Q, K = (
        np.stack(
            np.split(H @ source.tensor(f"{path}{word}.weight").T + source.tensor(f"{path}{word}.bias"), heads, axis=1)
        )
        for word in ("query", "key")
    )
    scores = Q @ K.transpose(0, 2, 1) / Q.shape[2] ** 0.5
    attention = np.exp(scores - scores.max(axis=2, keepdims=True))
    return attention / attention.sum(axis=2, keepdims=True)


def to_near(attention):
    """Mean attention to each offset."""
    return [float(np.diagonal(attention, offset).mean()) for offset in OFFSETS]


def draw(found, path):
    """Draw the shares of all matrices of all layers over chance."""
    from matplotlib.figure import Figure

    from geomsup.plot.palette import DIVERGING

    ratio = np.log2(np.maximum(np.array(found["shares"]) / np.array(found["by_chance"]), 1 / 4))
    np.fill_diagonal(ratio, 0)
    ratio[np.array(found["p_shares"]) >= LEVEL] = 0
    k = len(ratio)
    figure = Figure(figsize=(9.5, 8.4), layout="constrained")
    ax = figure.subplots()
    image = ax.imshow(ratio, cmap=DIVERGING, vmin=-2, vmax=2, interpolation="nearest")
    ax.set_xticks(range(k), found["names"], rotation=90, fontsize=7)
    ax.set_yticks(range(k), found["names"], fontsize=7)
    for edge in range(2, k, 6):
        ax.axvline(edge - 0.5, color="white", linewidth=1)
        ax.axhline(edge - 0.5, color="white", linewidth=1)
    ax.set(xlabel="subspace of", ylabel="square of", title="share over chance; white: within chance")
    bar = figure.colorbar(image, ax=ax, shrink=0.7, ticks=[-2, -1, 0, 1, 2])
    bar.set_ticklabels(["≤ 1/4", "1/2", "1", "2", "≥ 4"])
    figure.savefig(path, dpi=110)


def draw_heads(found, path):
    """Draw how much of the positions' square lies in each head's queries, keys and values, over chance."""
    from matplotlib.figure import Figure

    from geomsup.plot.palette import DIVERGING

    figure = Figure(figsize=(11, 3), layout="constrained")
    words = {"Q": "queries", "K": "keys", "V": "values"}
    for ax, name in zip(figure.subplots(1, len(words), sharey=True), words, strict=True):
        parts = [row["embeddings"][name]["positions"] for row in found]
        ratio = np.array([[max(part["share"] / part["by_chance"], 1 / 16) for part in line] for line in parts])
        image = ax.imshow(np.log2(ratio), cmap=DIVERGING, vmin=-4, vmax=4, interpolation="nearest")
        for i, j in np.ndindex(ratio.shape):
            strong = abs(np.log2(ratio[i, j])) > 2.5
            ax.text(j, i, f"{ratio[i, j]:.1f}", ha="center", va="center", fontsize=6,
                    color="white" if strong else "black")  # fmt: skip
        ax.set(xlabel="head", title=words[name], xticks=range(ratio.shape[1]), yticks=range(len(ratio)))
    figure.axes[0].set_ylabel("layer")
    bar = figure.colorbar(image, ax=figure.axes, label="share over chance", ticks=[-4, -2, 0, 2, 4])
    bar.set_ticklabels(["1/16", "1/4", "1", "4", "16"])
    figure.savefig(path, dpi=110)
