"""Names in one form: how they are folded, other words for them, and words that mean no shape."""

import re

__all__ = ["ALIASES", "EXPLAINED", "fold", "plural_noun"]

# What is written in several ways, and the one that is looked up. The last is a number at the end, which goes first.
_FORMS: tuple[tuple[str, str], ...] = (
    ("[‐‑‒–—−]", "-"),
    ("×", "x"),
    (r"(?<=.)[\s_-]+", " "),  # not the minus of -1_21
    (r"(?<=.) polytopes?\b", ""),
    (r"dipyramid", "bipyramid"),
    (r"hedra$", "hedron"),
    (r"chora$", "choron"),
    (r"simplices$", "simplex"),
    (r"(?<=[a-z]{3}[^s])s$", ""),  # acronyms are shorter
    (r"^([a-z ]+) ([\d, ]+)$", r"\2 \1"),
)
_COMPILED = [(re.compile(pattern), form) for pattern, form in _FORMS]


def fold(name: str) -> str:
    """Return the form under which a name is looked up, the same for all that are written alike.

    Lower case; one space for hyphens, underscores and spaces; no plural; no "polytope" after the first word; the number
    of a family in front. Spaces in a symbol with braces go.

    Examples
    --------
    >>> fold("Square_Antiprisms"), fold("24-cell"), fold("simplex 7"), fold("4_21 polytope"), fold("{ 3, 3 }")
    ('square antiprism', '24 cell', '7 simplex', '4 21', '{3,3}')
    """
    folded = name.lower().strip()
    for pattern, form in _COMPILED:
        folded = pattern.sub(form, folded)
    return folded.strip().replace(" ", "") if "{" in folded else folded.strip()


def plural_noun(noun: str) -> str:
    """Plural of a noun.

    Examples
    --------
    >>> [plural_noun(noun) for noun in ("tetrahedron", "5-simplex", "vertex", "digon")]
    ['tetrahedra', '5-simplices', 'vertices', 'digons']
    """
    for ending, many in (
        ("hedron", "hedra"),
        ("simplex", "simplices"),
        ("plex", "plexes"),
        ("vertex", "vertices"),
        ("copy", "copies"),
    ):
        if noun.endswith(ending):
            return noun.removesuffix(ending) + many
    return noun + "s"


# Cubes and cross-polytopes from 5 dimensions on.
_CUBES = ("penteract", "hexeract", "hepteract", "octeract", "enneract", "dekeract")
_CROSSES = ("pentacross", "hexacross", "heptacross", "octacross", "enneacross", "decacross")

# Of a root system.
_ROOTS = ("E{}", "E_{}", "E{} roots")

# Other words -> name. Of E6, E7 and E8 it is the polytope whose vertices are the roots: 72, 126 and 240 of them.
ALIASES: dict[str, str] = {
    fold(word): name
    for word, name in {
        **{form.format(n): name for n, name in enumerate(("1_22", "2_31", "4_21"), 6) for form in _ROOTS},
        **{name.replace("_", ""): name for name in ("2_21", "3_21", "4_21", "2_31", "2_41", "1_22", "1_32", "1_42")},
        **{word: f"{d}-cube" for d, word in enumerate(_CUBES, 5)},
        **{word: f"{d}-orthoplex" for d, word in enumerate(_CROSSES, 5)},
        "-1_21": "triangular prism",
        "hypercube": "tesseract",
        "pentatope": "5-cell",
        "hexateron": "5-simplex",
        "heptapeton": "6-simplex",
        "octaexon": "7-simplex",
        "enneazetton": "8-simplex",
        "line segment": "digon",
        "undecagon": "hendecagon",
        "tetragon": "square",
        "square bipyramid": "octahedron",
        "gyroelongated pentagonal bipyramid": "icosahedron",
        "triangular gyrobicupola": "cuboctahedron",
        "elongated square orthobicupola": "rhombicuboctahedron",
        "pentagonal gyrobirotunda": "icosidodecahedron",
    }.items()
}

_POINT = "A single vertex is no shape; a feature alone in its dimension is called a dedicated dimension."
_DIGON = "Two opposite points are the 'digon'; two digons at right angles are the 'square'."

# Words that mean no shape, or two -> what to say.
EXPLAINED: dict[str, str] = {
    **{fold(word): _POINT for word in ("point", "vertex", "monogon", "0-simplex", "dedicated dimension")},
    **{fold(word): _DIGON for word in ("2-digon", "2-gon")},
}
