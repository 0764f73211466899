"""Digons, polygons and nearly orthogonal sets of neurons."""

from benchmarks.atlas.sections.tables import LEVEL, joined, p, percent, prose, table

NEEDS = ("neurons",)
# Polygons that are listed: the least probable ones.
MOST = 8


def written(numbers):
    sides = [(row["layer"], side, found) for row in numbers["neurons"] for side, found in row["shapes"].items()]
    every = [(layer, side, one) for layer, side, found in sides for one in found["polygons"]]
    best = sorted(every, key=lambda entry: entry[2]["p"])[:MOST]
    directions = sides[0][2]["directions"]
    sets = [(row["layer"], side, found) for row in numbers["neurons"] for side, found in row["sets"].items()]
    return joined(
        "## Digons and polygons of neurons",
        prose(
            f"""The rows are the weights of each neuron into it, or out of it. `gs.find_shapes` compares them with
            normal rows of the same mean and covariance, an estimate. Of its discoveries at most 1 % are false in the
            mean. "In positions" is the part of the squares of these rows that lies in the {directions} strongest
            directions of the position embeddings, which no search has seen."""
        ),
        table(
            "layer | rows | shapes | least p | of all rows in positions | of digons", (counted(*one) for one in sides)
        ),
        prose(
            f"""These are the shapes of the toy models, in weights that were trained on language. A digon is two neurons
            that write, or read, the same thing with opposite signs. Of polygons with five neurons or more
            there are {polygons(sides)}. These {len(best)} are the least probable. "In its plane" is the
            number of all neurons with more than half of their square in the plane of the polygon: from
            these the search chose. "Gaps" are the angles between neighbours. Their p-value is nearly a
            bound of the probability that any as many of these neurons are as regular, if their angles are
            random (the plane is fitted to them): p says that they depend on each other, and p of gaps that
            they are a regular polygon."""
        ),
        table(
            "layer | rows | shape | residual | p | in positions | neurons | in its plane | gaps | p of gaps",
            (line(*one) for one in best),
        ),
        "![The least probable polygons in their planes, among all neurons](atlas_neurons.png)",
        prose(
            f"""{said(best)} Positions go round rings (above), which a few neurons divide among them. That these
            polygons help the network, or how, weights do not say."""
        ),
        "## Local bases of neurons",
        prose(
            """`gs.local_bases` looks for sets of rows that are more nearly orthogonal than random directions. Its
            p-values are proved bounds for these. As a control it looked at one draw of normal rows of the same mean
            and covariance for each matrix."""
        ),
        table(
            "layer | rows | rows of the sets | rms cosine of the first | by chance | least p | sets of the control",
            (based(*one) for one in sets),
        ),
    )


def polygons(sides):
    """Number of polygons of five rows or more; a kind is "hexagon about the origin", for example."""
    small = ("digon", "triangle", "square")
    kinds = ((kind.split()[0], count) for *_, found in sides for kind, count in found["counts"].items())
    return sum(count for name, count in kinds if name.endswith("gon") and name not in small)


def counted(layer, side, found):
    most = sorted(found["counts"].items(), key=lambda entry: -entry[1])
    counts = ", ".join(f"{count} × {kind}" for kind, count in most) or "none"
    digons = found["digons"]["positions"]
    return [
        layer, side, counts, p(found["least"]), percent(found["positions"]), "" if digons is None else percent(digons),
    ]  # fmt: skip


def line(layer, side, one):
    about = {"origin": "the origin", "mean": "a mean"}[one["center"]]
    return [
        layer, side, f"{one['name']} about {about}", f"{one['residual']:.0f}°", p(one["p"]), percent(one["positions"]),
        ", ".join(map(str, one["rows"])), one["in_plane"], f"{one['gaps'][0]:.0f}° to {one['gaps'][1]:.0f}°",
        p(one["p_gaps"]),
    ]  # fmt: skip


def said(best):
    """Say how much of the polygons is about positions, and how many are regular beyond chance."""
    most = sum(one["positions"] > 0.5 for *_, one in best)
    regular = sum(one["p_gaps"] < LEVEL / len(best) for *_, one in best)
    return (
        f"In {most} of these {len(best)} more than half of the square is about positions. {regular} are more regular "
        f"than chance, at the level {LEVEL}/{len(best)}."
    )


def based(layer, side, found):
    rms = "" if found["rms_cosine"] is None else f"{found['rms_cosine']:.3f}"
    ours, normal = listed(found["sizes"]), listed(found["normal"])
    return [layer, side, ours, rms, f"{found['by_chance']:.3f}", p(found["least"]), normal]


def listed(sizes):
    return ", ".join(map(str, sizes)) or "none"
