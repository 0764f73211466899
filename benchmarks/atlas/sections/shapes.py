"""Shapes among all rows."""

from benchmarks.atlas.sections.tables import code, joined, model, p, percent, prose, table

NEEDS = ("shapes",)
# Kinds that are shown of each matrix, and examples of each.
KINDS, EXAMPLES = 3, 2
# Analogies are worth more of them.
SQUARES = 6
CENTRES = ("copy", "mean", "origin")


def written(numbers):
    rows = numbers["shapes"]
    relations = list(rows[0]["relations"]["there"])
    return joined(
        "## Shapes among all tokens",
        prose(
            """`gs.find_shapes` looks for copies, digons, simplices and polygons among the rows. The null model is
            "covariance", and of the discoveries at most 1 % are false in the mean. MiniLM's 994 tokens `[unused…]` are
            left out. "Words" are tokens that begin a word and have two letters or digits or more. "Dimension" is the
            number of dimensions in which random directions are as near to each other as rows of the null model.
            "Cosine" is the least one that the search follows: shapes without such a pair are not found."""
        ),
        table("model | of | rows | dimension | cosine | copies | about a mean | about the origin", map(counted, rows)),
        prose(
            """The most frequent kinds of shapes, and all squares and shapes about the origin, with the least p-value
            and examples:"""
        ),
        table(
            "model | of | shape | number | least p | examples",
            (example(row, kind) for row in rows for kind in shown(row)),
        ),
        prose(
            """What do the tokens of one discovery have in common? Of all pairs in one discovery, and in brackets of
            random pairs, these parts have the same letters (but for case, accents, and the sign of a word's
            beginning); or else begin with the same four letters; or else are written in different scripts:"""
        ),
        table(" | ".join(["model", "of", "pairs", *relations]), (alike(row) for row in rows)),
        prose(
            """In wordllama and among the words of MiniLM most are spellings and forms of one word. Of all tokens of
            MiniLM most are signs of other scripts: they are so near to each other that the search follows hardly
            anything else. In tokenlearn letters say little. The examples are words of one meaning in several
            languages, which nothing here can measure.""",
            """A triangle or a simplex about a mean says no more than that a few rows are equally far from each other,
            which near copies with random differences are too. A square about a mean says more: it is an analogy of two
            times two words, in which both differences are the same, as long as each other, and orthogonal.""",
        ),
    )


def counted(row):
    totals = [sum(kind["count"] for kind in row["kinds"] if center == centre_of(kind)) for center in CENTRES]
    dimension = f"{row['effective_dimension']:.0f} of {row['dimensions']}"
    return [model(row["model"]), row["of"], row["rows"], dimension, f"{row['threshold']:.2f}", *totals]


def centre_of(kind):
    return "copy" if kind["name"] == "copy" else kind["center"]


def shown(row):
    """The kinds with most members, and all polygons and shapes about the origin."""
    return [
        kind
        for place, kind in enumerate(row["kinds"])
        if place < KINDS or kind["name"] == "square" or kind["name"].endswith("gon") or centre_of(kind) == "origin"
    ]


def example(row, kind):
    where = {"copy": "", "mean": " about a mean", "origin": " about the origin"}[centre_of(kind)]
    words = "; ".join(
        ", ".join(map(code, one)) for one in kind["examples"][: SQUARES if kind["name"] == "square" else EXAMPLES]
    )
    return [model(row["model"]), row["of"], kind["name"] + where, kind["count"], p(kind["least"]), words]


def alike(row):
    there, chance = row["relations"]["there"], row["relations"]["by_chance"]
    parts = (f"{percent(there[word])} ({percent(chance[word])})" for word in there)
    return [model(row["model"]), row["of"], row["relations"]["pairs"], *parts]
