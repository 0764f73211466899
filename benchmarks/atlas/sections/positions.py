"""Dimensions of positions."""

from benchmarks.atlas.sections.tables import joined, p_is, percent, prose, table

NEEDS = ("positions",)


def written(numbers):
    found = numbers["positions"]
    k = found["directions"]
    claimed = next(row for row in found["rows"] if row["directions"] == k)
    parts = [
        [row["directions"], percent(row["positions"]), percent(row["tokens"]), percent(row["by_chance"])]
        for row in found["rows"]
    ]
    return joined(
        "## Dimensions of positions",
        prose(
            """MiniLM adds a row for the token and a row for its position. Both are taken about their means here, and
            the directions are the strongest ones of the positions."""
        ),
        table("directions | of the positions' variance | of the tokens' variance | by chance", parts),
        prose(
            f"""The claim was that the top 8 positional directions hold about 75 % of the positional and 0.16 % of the
            token variance. Here {k} hold {percent(claimed["positions"])} and {percent(claimed["tokens"])}. If tokens
            are turned at random they have {percent(claimed["by_chance"])} there; by `gs.subspaces`,
            {p_is(found["p_tokens"])}. The smallest angle between these directions and the {found["tokens_rank"]}
            strongest ones of the tokens is {found["angle"]:.0f}°. So positions have dimensions of their own. They are
            nearly free of tokens, and not quite."""
        ),
        "![Positions along their strongest directions, and parts of both embeddings in them](atlas_positions.png)",
        prose(
            f"""In the plane of the first two directions the positions go round a ring, {found["ring"]["turns"]:.0f}
            times in all. Its radius varies by {percent(found["ring"]["spread"])}. The next directions are slower
            waves."""
        ),
    )
