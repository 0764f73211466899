"""What is not there."""

from benchmarks.atlas.sections.tables import joined, model, p, prose, table

NEEDS = ("whole", "tested", "shapes")


def written(numbers):
    kinds = [kind for row in numbers["shapes"] for kind in row["kinds"] if kind["name"] != "copy"]
    every = sum(kind["count"] for kind in kinds)
    origin = sum(kind["count"] for kind in kinds if kind["center"] == "origin")
    polygons = sum(kind["count"] for kind in kinds if kind["name"].endswith("gon") and kind["name"] != "digon")
    bases = sum(row["bases"] for row in numbers["whole"])
    return joined(
        "## What is not there",
        prose(
            f"""**Toy shapes of tokens.** In toy models the rows of features form digons, triangles and pentagons about
            the origin. Rows of tokens do not: of {every} shapes that were found in the embeddings and among their
            words {origin} are about the origin, and {polygons} are polygons of five rows or more. `gs.classify`
            divides all rows into components, and finds one large one without the name of a shape:"""
        ),
        table("model | rows × dimensions | name | components | rows of the largest", map(whole, numbers["whole"])),
        prose(
            f"""**Local bases of tokens.** In the three embeddings `gs.local_bases` found {bases}. It may miss some: it
            begins at {numbers["whole"][0]["seeds"]} rows, and a set of few rows among very many must be nearly exact
            to be beyond chance.""",
            f"""**A proof of superposition.** `gs.superposition_test` needs activations that are exactly 0 where
            nothing is active. These are {numbers["tested"][0]["samples"]:,} random words at random positions, as they
            come before the first layer, without attention:""",
        ),
        table("activations | samples | zeros | p | reason", map(tested, numbers["tested"])),
        prose(
            """So it says nothing of such a stream, as its page warns. That is no evidence against superposition.""",
            """**Features.** Nothing here says which features a network has. For that one needs texts, and people who
            read them.""",
        ),
    )


def whole(row):
    size = " × ".join(map(str, row["shape"]))
    return [model(row["model"]), size, row["named"], row["components"], row["largest"]]


def tested(one):
    return [one["of"], one["samples"], one["zeros"], p(one["p"]), one["reason"]]
