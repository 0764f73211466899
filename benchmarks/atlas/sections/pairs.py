"""Pairs of rows."""

from benchmarks.atlas.sections.tables import joined, model, p_is, percent, prose, table

NEEDS = ("pairs",)


def written(numbers):
    rows = numbers["pairs"]
    known = [row for row in rows if "right" in row]
    layers = [row for row in rows if "right" not in row and "p" not in row]
    return joined(
        "## Near copies: one word, one neuron",
        prose(
            """`gs.match` pairs the rows of two matrices, and is not told which belong together. For two spellings of
            one word we know: "right" is the part of the rows that got their own partner. "Beyond chance" has p < 0.05
            against normal rows of the mean and the covariance of either side, for all pairs at once. MMCS is the mean
            largest cosine."""
        ),
        table("model | pairs | rows | right | beyond chance | MMCS | by chance", map(spelled, known)),
        prose(
            """The same for the neurons of neighbouring layers of MiniLM, by their weights in. All layers read one
            stream, so that they may look for the same thing twice:"""
        ),
        table(
            "neurons | rows | beyond chance | MMCS | by chance",
            (
                [row["what"], row["rows"], row["beyond_chance"], f"{row['mmcs']:.3f}", f"{row['mmcs_by_chance']:.3f}"]
                for row in layers
            ),
        ),
        prose(*(axes(row) for row in rows if "p" in row)),
    )


def spelled(row):
    parts = (percent(row[key] / row["rows"]) for key in ("right", "beyond_chance"))
    return [
        model(row["model"]), row["what"], row["rows"], *parts, f"{row['mmcs']:.2f}", f"{row['mmcs_by_chance']:.2f}",
    ]  # fmt: skip


def axes(row):
    words = row["what"].removeprefix("axes, ")
    return f"""Have two models axes in common? Each axis of MiniLM has a largest cosine with an axis of wordllama
        ({words} that both have). The mean is {row["mmcs"]:.3f}, and {row["mmcs_by_chance"]:.3f} if MiniLM's axes are
        turned at random ({p_is(row["p"])}, 19 turns)."""
