"""Shapes among all rows of an embedding: which, about which centre, and what their tokens have in common."""

import unicodedata
from collections import Counter

import numpy as np

import geomsup as gs
from benchmarks.atlas.cost import timed

# Random pairs of words, for the relations that pairs have by chance.
PAIRS = 10_000
# Discoveries of each kind that are kept as examples: the least probable ones.
EXAMPLES = 6
# Letters that two words must begin with, to count as of one stem.
STEM = 4

RELATIONS = ("same letters", "same beginning", "other script", "none of these")


def measured(sources, progress=print):
    """Return what `find_shapes` says of all rows that were used, and of those of words alone."""
    rows = []
    for source in sources.values():
        used = np.array([k for k, name in enumerate(source.names) if not name.startswith("[unused")])
        words = np.array([k for k in source.by_frequency if len(plain(source.names[k])) > 1])
        for which, chosen in (("all tokens", used), ("words", np.sort(words))):
            rows.append({"model": source.name, "of": which} | of_rows(source, chosen))
            progress(f"shapes: {source.name}, {which}")
    return rows


def of_rows(source, chosen):
    with timed() as cost:
        found = gs.find_shapes(source.tokens[chosen], null="covariance")
    names = [source.names[row] for row in chosen]
    return {
        "rows": len(chosen), "dimensions": found.n_dimensions, "effective_dimension": found.effective_dimension,
        "threshold": found.threshold, "kinds": kinds(found, names), "relations": relations(found, names), "cost": cost,
    }  # fmt: skip


def kinds(found, names):
    """Return the number of discoveries of each name and centre, with the least probable ones."""
    by_kind = {}
    for one in found:
        by_kind.setdefault((one.name, one.center), []).append(one)
    most = sorted(by_kind.items(), key=lambda entry: -len(entry[1]))
    return [
        {"name": name, "center": center, "count": len(ones), "least": ones[0].p_value, "largest": ones[-1].p_value,
         "examples": [[names[row] for row in one.rows] for one in ones[:EXAMPLES]]}
        for (name, center), ones in most
    ]  # fmt: skip


def relations(found, names):
    """Return the parts of pairs of tokens that have each relation: in discoveries, and of random words."""
    pairs = [(names[i], names[j]) for one in found for i in one.rows for j in one.rows if i < j]
    rng = np.random.default_rng(0)
    words = [name for name in names if plain(name)]
    random = [(words[i], words[j]) for i, j in rng.integers(0, len(words), (PAIRS, 2)) if i != j]
    return {
        "pairs": len(pairs),
        "there": parts(pairs), "by_chance": parts(random),
    }  # fmt: skip


def parts(pairs):
    counted = Counter(relation(*pair) for pair in pairs)
    return {word: counted[word] / max(len(pairs), 1) for word in RELATIONS}


def plain(token):
    """Return the letters and digits of a token: without case, accents and signs of a word's beginning."""
    apart = unicodedata.normalize("NFKD", token.casefold())
    return "".join(sign for sign in apart if sign.isalnum())


def script(token):
    """Return the script of a token's first letter."""
    for sign in plain(token):
        if sign.isalpha():
            return unicodedata.name(sign, "?").split()[0]
    return ""


def relation(first, second):
    """Return how two tokens are written alike."""
    one, other = plain(first), plain(second)
    if one and one == other:
        return "same letters"
    if min(len(one), len(other)) >= STEM and one[:STEM] == other[:STEM]:
        return "same beginning"
    scripts = script(first), script(second)
    return "other script" if all(scripts) and scripts[0] != scripts[1] else "none of these"
