"""Who reads what: heads and positions, heads and heads, and all matrices of all layers."""

from benchmarks.atlas.sections.tables import LEVEL, joined, p, percent, prose, table

NEEDS = ("attention", "streams", "heads")
# Heads that are shown: those whose attention to one offset is largest.
MOST_FIXED = 4


def written(numbers):
    return joined(attention(numbers["attention"]), heads(numbers["heads"]), layers(numbers["streams"]))


def attention(found):
    fixed = sorted(found["heads"], key=lambda one: -max(one["to"]))[:MOST_FIXED]
    offsets = ["same position" if k == 0 else f"{k:+d}" for k in found["offsets"]]
    rows = [[f"0.{one['head']}", *map(percent, one["to"]), p(one["p"]), percent(max(one["of_words"]))] for one in fixed]
    return joined(
        "## Heads that read positions",
        prose(
            f"""If every token is the mean token, the first layer attends by positions alone. This is its mean
            attention among the first {found["positions"]} positions, of the {MOST_FIXED} heads that are most fixed
            (head 0.2 is head 2 of layer 0). By chance an offset has {percent(found["by_chance"])}. The null model
            gives each position's attention to the positions in another order, 99 times, so that 0.01 is the least
            p-value. The last column has the largest of these numbers if tokens are random words."""
        ),
        table(" | ".join(["head", *offsets, "p", "largest, of random words"]), rows),
        prose(
            f"""Head 0.{fixed[0]["head"]} attends to one offset with {percent(max(fixed[0]["to"]))} of its attention,
            and with {percent(max(fixed[0]["of_words"]))} among random words. What it does in texts, weights alone do
            not say."""
        ),
    )


def heads(found):
    count = len(found[0]["embeddings"]["Q"]["positions"])
    read = [[one["layer"], *map(readers, one["embeddings"].values())] for one in found]
    before = [
        [f"{one['layer'] - 1} → {one['layer']}", name, part["pairs"], part["more"], part["less"],
         f"{one['layer'] - 1}.{part['best'][0]} → {one['layer']}.{part['best'][1]}",
         percent(part["share"]), percent(part["by_chance"]), p(part["p"])]
        for one in found for name, part in one["heads"].items()
    ]  # fmt: skip
    return joined(
        prose(
            f"""`gs.subspaces` says which heads read where positions are written: the part of the positions' square
            that lies in the subspace of a head's queries, keys or values, over chance. Each cell has how many of the
            {count} heads have more of it than if all is turned at random, how many less (p < {LEVEL}, corrected), and
            the head with most."""
        ),
        table("layer | queries | keys | values", read),
        "![Part of the positions' square in the subspaces of all heads, over chance](atlas_heads.png)",
        prose(
            """Many heads look for positions with queries and keys. Values hardly ever take them along: positions say
            where to look, and are not what is passed on. The same is asked of the output of every head and the heads
            of the next layer, 144 pairs each:"""
        ),
        table("layers | reads with | pairs | more | less | largest share | of its square | by chance | p", before),
    )


def readers(of):
    """How many heads read more and less of the positions than by chance, and which reads most."""
    parts = of["positions"]
    ratios = [part["share"] / part["by_chance"] for part in parts]
    beyond = [ratio for ratio, part in zip(ratios, parts, strict=True) if part["p"] < LEVEL]
    more = sum(ratio > 1 for ratio in beyond)
    strongest = max(range(len(ratios)), key=ratios.__getitem__)
    return f"{more} more, {len(beyond) - more} less; head {strongest}, × {ratios[strongest]:.1f}"


def layers(found):
    k = len(found["names"])
    pairs = [(i, j) for i in range(k) for j in range(k) if i != j]
    beyond = [(i, j) for i, j in pairs if found["p_shares"][i][j] < LEVEL]
    more = sum(found["shares"][i][j] > found["by_chance"][j] for i, j in beyond)
    return joined(
        "## Readers and writers of all layers",
        prose(
            f"""The same for whole matrices, of all heads or neurons of a layer together. Queries, keys, values (Q, K,
            V) and the weights into neurons (in) read from the stream; O and out write to it. Of {len(pairs)} shares
            {more} are larger and {len(beyond) - more} smaller than those of matrices turned at random (p < {LEVEL},
            corrected). Nearly all are beyond this null model, because the stream has a few strong directions that all
            matrices know. What counts is by how much:"""
        ),
        "![Share of every matrix in the subspace of every other one, over chance](atlas_streams.png)",
    )
