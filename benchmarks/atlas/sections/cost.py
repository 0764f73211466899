"""What the tools took."""

from benchmarks.atlas.sections.tables import joined, prose, table

NEEDS = ("streams", "heads", "shapes", "pairs", "neurons", "whole", "tested")


def written(numbers):
    rows = [[f"`gs.{name}`", of, seconds(cost), memory(cost)] for name, of, cost in costs(numbers)]
    return joined(
        "## What it took",
        prose(
            """The slowest call of each kind, on two cores that had other work to do: seconds, and the most memory of
            the whole process, which has all packages read."""
        ),
        table("tool | of | seconds | MB", rows),
    )


def costs(numbers):
    """Return the slowest call of each kind."""
    neurons, streams = numbers["neurons"], numbers["streams"]
    bases, shapes = ([found["cost"] for one in neurons for found in one[key].values()] for key in ("sets", "shapes"))
    whole = [row["cost"] for row in numbers["whole"]]
    motifs = [m["cost"] for one in neurons for found in one["motifs"].values() for m in found]
    metrics = [m["cost"] for one in neurons for m in one["metrics"].values()]
    rows = max(row["rows"] for row in numbers["pairs"])
    return [
        ("classify", "an embedding", slowest(one["classify"] for one in whole)),
        ("find_shapes", "an embedding", slowest(row["cost"] for row in numbers["shapes"])),
        ("find_shapes", "weights of neurons", slowest(shapes)),
        ("local_bases", "an embedding", slowest(one["local_bases"] for one in whole)),
        ("local_bases", "weights of neurons", slowest(bases)),
        ("match", f"up to {rows:,} rows each", slowest(row["cost"] for row in numbers["pairs"])),
        ("motifs", "a layer", slowest(motifs)),
        ("polysemanticity", "a layer", slowest(metrics)),
        ("subspaces", f"{len(streams['names'])} matrices of all layers", streams["cost"]),
        ("subspaces", "heads of two layers", slowest(one["cost"] for one in numbers["heads"])),
        ("superposition_test", "activations", slowest(one["cost"] for one in numbers["tested"])),
    ]


def slowest(costs):
    return max(costs, key=lambda cost: cost["seconds"])


def seconds(cost):
    return f"{cost['seconds']:.0f}" if cost["seconds"] >= 1 else "< 1"


def memory(cost):
    return "unknown" if cost["megabytes"] is None else f"{cost['megabytes']:.0f}"
