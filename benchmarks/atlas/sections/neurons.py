"""Neurons of the six layers."""

from benchmarks.atlas.sections.tables import joined, p, prose, table

NEEDS = ("neurons",)
METRICS = ("participation", "equivocation", "capacity")


def written(numbers):
    rows = numbers["neurons"]
    kinds = list(rows[0]["features"])
    found = [(one, name) for one in rows for name in kinds]
    shares = [f"share {m['share']:g}" for m in rows[0]["motifs"][kinds[0]]]
    least = min(m["p"] for one, name in found for m in one["motifs"][name])
    return joined(
        "## Neurons",
        prose(
            f"""Motifs and polysemanticity need features. Weights have none, so two things stand in for them. "Axes"
            are those of the stream. "Words" are the {rows[0]["features"]["words"]} most frequent ones: the direction
            of each about the mean of all tokens, through the neuron's weights in and out. That leaves out attention
            and normalisation, and is less and less true in later layers.""",
            """`gs.motifs` counts the asymmetric motif. In brackets is the mean number in weights that are shuffled in
            two ways, the larger of the two. The share is the least that a neuron must give a feature to serve it; 0.2
            is the default.""",
        ),
        table(" | ".join(["layer", "features", *shares]), (motifs(*one) for one in found)),
        prose(f"The least of all these p-values is {p(least)}. {said(found)}"),
        prose(
            """`gs.polysemanticity` has no null model: it measures. In brackets are normal weights of the same shape.
            "Echo" is what an axis gives back to itself through all neurons, the mean of the diagonal of $W_{out}
            W_{in}^T$, over the root mean square of what it gives to others."""
        ),
        table(
            " | ".join(["layer", "features", *METRICS, "neurons with one feature", "echo"]),
            (metrics(*one) for one in found),
        ),
        prose(
            f"""By the axes neurons are nearly as polysemantic as normal ones. Their capacities are far larger, because
            of the echo. In {sum(one["echo"] < 0 for one in rows)} of {len(rows)} layers it is negative: neurons take
            away some of what they read. No sparse features are needed for that, and capacities say nothing of features
            here."""
        ),
    )


def motifs(one, name):
    return [one["layer"], name, *(f"{m['count']} ({m['by_chance']:.2g})" for m in one["motifs"][name])]


def said(found):
    more = sum(m["p"] < 0.05 for one, name in found for m in one["motifs"][name])
    return "No layer has more motifs than shuffled weights." if not more else f"{more} of them are below 0.05."


def metrics(one, name):
    there, normal = one["metrics"][name]["there"], one["metrics"][name]["normal"]
    echo = f"{one['echo']:+.1f}" if name == "axes" else ""
    parts = (f"{there[key]:.3g} ({normal[key]:.3g})" for key in METRICS)
    return [one["layer"], name, *parts, one["metrics"][name]["one_feature"], echo]
