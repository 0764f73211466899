"""Weekdays, months, numbers."""

from benchmarks.atlas.named import DRAWS, WINDOW
from benchmarks.atlas.sections.tables import LEVEL, joined, model, p, prose, table

NEEDS = ("named",)


def written(numbers):
    there = [row for row in numbers["named"] if "close" in row]
    ordered = [row for row in there if "order" in row]
    tests = sum(2 + ("p_order" in row) + ("p_closed" in row) for row in there)
    left = ", ".join(
        f"{row['set']} in {model(row['model'])} ({row['distinct']} of {row['size']})"
        for row in numbers["named"] if "close" not in row
    )  # fmt: skip
    return joined(
        "## Named sets: weekdays, months, numbers",
        prose(
            f"""Rows are found by their tokens, and only their directions count. "Close" is the mean cosine of two of
            them. "Spread" is the standard deviation of their distances over the mean distance: 0 for a simplex. Both
            are compared with up to {DRAWS:,} sets of other words, each about as frequent as one of the set: one of the
            {WINDOW} nearest in the vocabulary's order. The p-values are for closer, and for more regular."""
        ),
        table(
            "set | model | rows | close | by chance | p | spread | by chance | p | name (confidence)",
            map(together, there),
        ),
        prose(
            f"""{sum(row["p_close"] < LEVEL / tests for row in there)} of these {len(there)} sets are closer than
            chance (at the level that is corrected below). But being nearly a simplex about the mean is nothing
            special, because random directions in many dimensions are nearly a simplex:
            {sum(row["p_spread"] > 0.5 for row in there)} sets are less regular than most random ones. The last column
            is what `gs.classify` says of the rows about their mean. A name says which shape they are nearest to. It
            does not say that chance would not make it."""
        ),
        prose(
            f"""Are they in order? "Part" is the part of the variance about the mean that goes once round a circle in
            the order of the words, or that grows along a line. The null model puts the same rows into a random order,
            {DRAWS:,} times. On a line the ends are farthest apart, and on a circle they are neighbours. The last three
            columns are for circles. "Ends" is the distance of the first and the last word; "others" is the mean
            distance of all other pairs that are not neighbours. Both are divided by the mean distance of neighbours.
            The p-value is the rank of the ends among these pairs."""
        ),
        table("set | model | order | part | by chance | p | ends | others | p", map(order, ordered)),
        prose(
            f"""The two tables have {tests} p-values. At a level of {LEVEL} one of them counts below
            {LEVEL / tests:.1g}. {circles(ordered, LEVEL / tests)}"""
        ),
        "![Months and weekdays in the plane of their two strongest directions](atlas_named.png)",
        prose(f"Sets without a row of their own for each word are left out: {left}."),
    )


def together(row):
    close = [f"{row['close']:.2f}", f"{row['close_by_chance']:.2f}", p(row["p_close"])]
    spread = [f"{row['spread']:.3f}", f"{row['spread_by_chance']:.3f}", p(row["p_spread"])]
    return [row["set"], model(row["model"]), row["size"], *close, *spread, called(row["named"])]


def called(named):
    return f"{named['name']} ({named['confidence']:.2f})" if named else "none"


def order(row):
    ends = [f"{row['gap']:.2f}", f"{row['others']:.2f}", p(row["p_closed"])] if row["cyclic"] else ["", "", ""]
    return [
        row["set"], model(row["model"]), "circle" if row["cyclic"] else "line", f"{row['order']:.2f}",
        f"{row['order_by_chance']:.2f}", p(row["p_order"]), *ends,
    ]  # fmt: skip


def circles(rows, level):
    """Say which sets are on a circle: in order beyond chance, and their ends nearer than other pairs."""
    sure = [row for row in rows if row["cyclic"] and row["p_order"] < level and row["gap"] < row["others"]]
    if not sure:
        return "No set is on a circle by that rule."
    named = " and the ".join(f"{row['set']} of {model(row['model'])}" for row in sure)
    return (
        f"By that rule the {named} are in the order of a circle. On a closed circle the last and the first are "
        "neighbours; on an open bow they are not. Here they are nearer to each other than most pairs, but a rank among "
        "so few pairs cannot pass the rule. The circle is one part of their geometry, as the table says."
    )
