"""How certificates are made: a region is halved until the checker has a reason for each part."""

from collections.abc import Callable
from fractions import Fraction
from math import inf

from geomsup.proofs.checker import Box, PentagonAtTheLimit, area
from geomsup.proofs.digon_checker import SPLITS, halves
from geomsup.proofs.places import Box as Box3
from geomsup.threads import Progress

__all__ = ["bisected", "decimals", "halved"]


def bisected(theorem: PentagonAtTheLimit, region: Box, progress: Progress = None) -> str:
    """Return the tree of a region: boxes are halved along their longer side."""
    letters: list[str] = []
    waiting, done = [region], Fraction(0)
    while waiting:
        box = waiting.pop()
        width, height = box[1] - box[0], box[3] - box[2]
        letter = theorem.reason(box)
        if letter:
            done += area(box)
            if progress is not None:
                progress("bisecting", float(done / area(region)))
        elif width >= height:
            letter, middle = "t", (box[0] + box[1]) / 2
            waiting += [(middle, *box[1:]), (box[0], middle, *box[2:])]
        else:
            letter, middle = "a", (box[2] + box[3]) / 2
            waiting += [(*box[:2], middle, box[3]), (*box[:3], middle)]
        letters.append(letter)
    return "".join(letters)


def halved(region: Box3, reason: Callable[[Box3], str], sides: Callable[[Box3], list[float]], most: float = inf) -> str:
    """Return the tree of a region of three variables: boxes are halved along the side that counts as the longest.

    "" if it has more letters than `most`.
    """
    letters: list[str] = []
    waiting = [region]
    while waiting and len(letters) <= most:
        box = waiting.pop()
        letter = reason(box)
        if not letter:
            longest = sides(box)
            axis = longest.index(max(longest))
            letter = SPLITS[axis]
            waiting += halves(box, axis)[::-1]
        letters.append(letter)
    return "" if waiting else "".join(letters)


def decimals(number: Fraction, digits: int) -> str:
    """Return a number as a decimal, rounded down.

    Examples
    --------
    >>> decimals(Fraction(-1, 8), 2)
    '-0.13'
    """
    units = int(number * 10**digits // 1)
    sign, text = "-" if units < 0 else "", f"{abs(units):0{digits + 1}d}"
    return f"{sign}{text[:-digits]}.{text[-digits:]}"
