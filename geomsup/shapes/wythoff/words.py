"""Names of ringed diagrams: words, Schläfli symbols, Coxeter strings."""

from collections.abc import Iterator, Sequence

from geomsup.shapes.wythoff.coxeter import Coxeter
from geomsup.shapes.wythoff.ringings import Ringing

__all__ = ["coxeter_string", "names", "schlafli"]

# How a ring on node k adds to one on node 0; the last word of a name, and the words before it.
LAST = {
    1: "truncated", 2: "cantellated", 3: "runcinated", 4: "stericated", 5: "pentellated",
    6: "hexicated", 7: "heptellated", 8: "octellated", 9: "ennecated",
}  # fmt: skip
BEFORE = {2: "canti", 3: "runci", 4: "steri", 5: "penti", 6: "hexi", 7: "hepti", 8: "octi", 9: "enni"}
TIMES = ("", "bi", "tri", "quadri", "quinti", "sexi", "septi", "octo", "nono", "deco")  # not octi, for 8 above

# Rings of the demicube family counted from the cube: "cantic 5-cube" is the truncated 5-demicube.
CUBIC = {2: "cant", 3: "runc", 4: "ster", 5: "pent", 6: "hex", 7: "hept", 8: "oct", 9: "enn"}

# The solids, which have names of their own (Kepler 1619), before all others.
SOLIDS = {
    ("B", (1,)): ("cuboctahedron",),
    ("B", (0, 2)): ("rhombicuboctahedron", "small rhombicuboctahedron"),
    ("B", (0, 1, 2)): ("truncated cuboctahedron", "great rhombicuboctahedron"),
    ("H", (1,)): ("icosidodecahedron",),
    ("H", (0, 2)): ("rhombicosidodecahedron", "small rhombicosidodecahedron"),
    ("H", (0, 1, 2)): ("truncated icosidodecahedron", "great rhombicosidodecahedron"),
}
# Regular polytopes at the two ends of a diagram: names by dimension, and before them the usual ones.
BASES = {
    "A": ("{n}-simplex", "{n}-simplex"),
    "B": ("{n}-cube", "{n}-orthoplex"),
    "F": ("", ""),
    "H": ("", ""),
}
USUAL = {
    ("A", 3): (("tetrahedron",), ("tetrahedron",)),
    ("A", 4): (("5-cell",), ("5-cell",)),
    ("B", 3): (("cube",), ("octahedron",)),
    ("B", 4): (("tesseract",), ("16-cell",)),
    ("F", 4): (("24-cell",), ("24-cell",)),
    ("H", 3): (("dodecahedron",), ("icosahedron",)),
    ("H", 4): (("120-cell",), ("600-cell",)),
}
SHORT_SYMBOLS = {(0, 1): "t", (1,): "r", (2,): "2r", (1, 2): "2t", (0, 2): "rr", (0, 1, 2): "tr"}


def names(ringing: Ringing) -> Iterator[str]:
    """Yield the names in words, the usual one first; none for demicube diagrams of which another group has the name.

    References
    ----------
    :cite:t:`johnson-uniform` (words); Wikipedia's lists for the order of words.

    Examples
    --------
    >>> list(names(Ringing(Coxeter("B", 4), (0, 2, 3))))
    ['runcitruncated 16-cell', 'runcicantellated tesseract', 'runcitruncated 4-orthoplex', 'runcicantellated 4-cube']
    >>> next(names(Ringing(Coxeter("E", 8), (4, 7)))), next(names(Ringing(Coxeter("D", 6), (2, 5))))
    ('truncated 1_42', 'cantellated 6-demicube')
    """
    group, rings = ringing
    if group.rank == 3:
        yield from SOLIDS.get((group.family, rings), ())
    readings = _readings(ringing)
    if len(rings) == group.rank:
        if group.family == "E":
            yield f"omnitruncated {_gosset(group)[0]}"
        for _, bases in readings:
            yield from (f"omnitruncated {base}" for base in bases)
    yield from (_named(steps, bases[0]) for steps, bases in readings)
    yield from (_named(steps, base) for steps, bases in readings for base in bases[1:])
    if group.family == "D" and readings:
        yield _cubic(readings[0][0], group.rank)
    if group.family == "E":
        yield f"t{_list(rings)}({_gosset(group)[0]})"


def _readings(ringing: Ringing) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Ringed nodes counted from each regular end, with the names of what a ring on that end alone is.

    The reading with the earliest nodes comes first.
    """
    rings = set(ringing.rings)
    found = [
        (tuple(sorted(order.index(i) for i in rings)), bases) for order, bases in _ways(ringing) if rings <= set(order)
    ]
    return sorted(dict.fromkeys(found), key=lambda reading: reading[0])


def _ways(ringing: Ringing) -> list[tuple[list[int], tuple[str, ...]]]:
    """Orders in which nodes are counted, each with the names of the polytope of a ring on the first one."""
    group, rings = ringing
    n = group.rank
    forward, backward = list(range(n)), list(range(n))[::-1]
    if group.family == "D":
        ringed = [tail for tail in (n - 1, n - 2) if tail in rings]
        return [([*ringed, *range(n - 3, -1, -1)], (f"{n}-demicube",))] if len(ringed) == 1 else []
    if group.family == "E":
        chain = forward[:-1]
        orders = (chain, chain[::-1], [n - 1, group.fork])
        return [(order, (base,)) for order, base in zip(orders, _gosset(group), strict=True)]
    first, last = BASES[group.family]
    usual = USUAL.get((group.family, n), ((), ()))
    return [
        (forward, (*usual[0], *(first.format(n=n),) * bool(first))),
        (backward, (*usual[1], *(last.format(n=n),) * bool(last))),
    ]


def _named(steps: tuple[int, ...], base: str) -> str:
    operation = _operation(steps)
    return f"{operation} {base}" if operation else base


def _operation(steps: tuple[int, ...]) -> str:
    """Words for rings on `steps`, counted from a regular end: (0, 1, 3) is runcitruncated, (1, 2) bitruncated."""
    first, *rest = steps
    if not rest:
        return TIMES[first - 1] + "rectified" if first else ""
    nearest, *others = (step - first for step in rest)
    return TIMES[first] + "".join(BEFORE[step] for step in others[::-1]) + LAST[nearest]


def _list(nodes: Sequence[int]) -> str:
    return ",".join(map(str, nodes))


def _cubic(steps: tuple[int, ...], n: int) -> str:
    """Name of a demicube form counted from the cube: ring k of the demicube is ring k+1 of the cube."""
    if len(steps) == 1:
        return f"alternated {n}-cube"
    nearest, *others = (CUBIC[step + 1] for step in steps[1:])
    return "".join(word + "i" for word in others[::-1]) + nearest + f"ic {n}-cube"


def schlafli(ringing: Ringing) -> tuple[str, ...]:
    """Schläfli symbols, the usual one first.

    Examples
    --------
    >>> schlafli(Ringing(Coxeter("B", 3), (0, 1)))
    ('t0,1{4,3}', 't1,2{3,4}', 't{4,3}', '2t{3,4}')
    >>> schlafli(Ringing(Coxeter("D", 5), (2, 4))), schlafli(Ringing(Coxeter("E", 6), (0,)))
    (('h2{4,3,3,3}',), ('{3,3,3^{2,1}}',))
    """
    group, rings = ringing
    n = group.rank
    if group.family == "D":
        steps = [steps for steps, _ in _readings(ringing)]
        halves = _list([step + 1 for step in steps[0][1:]]) if steps else ""
        return (f"h{halves}{{4{',3' * (n - 2)}}}",) if steps else ()
    if group.family == "E":
        return _schlafli_e(group, rings)
    labels = [str(m) for _, _, m in group.bonds]
    both = ((rings, ",".join(labels)), (tuple(n - 1 - i for i in rings[::-1]), ",".join(labels[::-1])))
    first = [f"t{_list(steps)}{{{symbol}}}" if steps != (0,) else f"{{{symbol}}}" for steps, symbol in both]
    if rings == (n - 1,):
        first.reverse()
    short = [f"{SHORT_SYMBOLS[steps]}{{{symbol}}}" for steps, symbol in both if steps in SHORT_SYMBOLS]
    return tuple(dict.fromkeys([*first, *short]))


def _schlafli_e(group: Coxeter, rings: tuple[int, ...]) -> tuple[str, ...]:
    k = group.rank - 4
    ends = {0: "3," * k + "3^{2,1}", group.rank - 2: f"3,3,3^{{{k},1}}", group.rank - 1: f"3,3^{{{k},2}}"}
    if len(rings) == 1 and rings[0] in ends:
        return (f"{{{ends[rings[0]]}}}",)
    return (f"t{_list(rings)}({_gosset(group)[0]})",)


def _gosset(group: Coxeter) -> tuple[str, str, str]:
    k = group.rank - 4
    return f"{k}_21", f"2_{k}1", f"1_{k}2"


def coxeter_string(ringing: Ringing) -> str:
    """Inline diagram, x for ringed nodes: "x4o3o" is the cube; a branch names the node it hangs on.

    Examples
    --------
    >>> coxeter_string(Ringing(Coxeter("E", 6), (0,)))
    'x3o3o3o3o *c3o'
    """
    group, rings = ringing
    mark = ["x" if i in rings else "o" for i in range(group.rank)]
    text = mark[0]
    for _, j, m in group.bonds[: group.rank - 1 - (group.fork >= 0)]:
        text += f"{m}{mark[j]}"
    return text + (f" *{chr(ord('a') + group.fork)}3{mark[-1]}" if group.fork >= 0 else "")
