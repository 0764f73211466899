"""How many of 1,000 certificates of each theorem, with something wrong, the checkers accept: it must be none.

``python -m benchmarks.certificates [NUMBER] [small|digon|plane|penalty|three|shared|shared_4|shared_5_0.1|decoders]``;
"small" is the theorem of small probabilities, "digon" that of two features on one axis, "plane" that of two features of
unequal importance, "penalty" that of two features with a penalty, "three" that of digons and triangles, "shared" that
of three features on one axis, or of four, or of five at one probability, "decoders" that of three in the plane with any
decoder
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flint import arb, ctx

import geomsup as gs
from geomsup.proofs.checker import check, stated
from geomsup.proofs.decoders import checker as decoders
from geomsup.proofs.digon_checker import PRECISION, check_slice, slices_of
from geomsup.proofs.penalty import checker as with_penalty
from geomsup.proofs.plane.checker import check_strip, strips_of
from geomsup.proofs.shared import checker as shared
from geomsup.proofs.sparse_checker import check_sparse
from geomsup.proofs.three import checker as three

__all__ = [
    "CHANGES",
    "changed",
    "check_changed",
    "check_changed_decoders",
    "check_changed_penalty",
    "check_changed_shared",
    "check_changed_strips",
    "check_changed_three",
]

LEAVES, SPLITS = "cfsmnbgved", "tapqru"
UNKNOWN = "\0 xVé"  # NumPy takes the first for an empty text
SHARED = "shared", "shared_4", *(f"shared_5_0.{k}" for k in (1, 3, 5, 7, 9))  # three to five features on one axis
TREES = "tree", "tilted", "long", "short", "near"
STORED = Path(__file__).parents[1] / "docs" / "certificates"
Evidence = dict[str, Any]


def _parts(evidence: Evidence) -> list[Evidence]:
    """Return what holds trees: stages, slices, strips, or the evidence itself."""
    if "tie" in evidence:
        return [part for name in ("points", "penalised", "tie", "behind") for part in evidence[name]]
    if "places" in evidence:
        return [place for name in ("places", "tied", "axis") for place in evidence.get(name, [])]
    return next((evidence[name] for name in ("stages", "slices", "strips") if name in evidence), [evidence])


def _end(tree: str, place: int) -> int:
    """Return where the part of the tree that begins at a place ends."""
    missing = 1
    while missing:
        missing += 1 if tree[place] in SPLITS else -1
        place += 1
    return place


def _place(tree: str, letters: str, draw: random.Random) -> int:
    """Return the place of a letter."""
    return draw.choice([place for place, letter in enumerate(tree) if letter in letters])


def _a_tree(evidence: Evidence, draw: random.Random) -> tuple[Any, Any]:
    """Return what holds a tree, and under which name, or at which place of a list of trees."""
    parts = _parts(evidence)
    if "places" in evidence:
        trees = draw.choice(parts)["trees"]
        return trees, draw.randrange(len(trees))
    return draw.choice([(part, name) for part in parts for name in TREES if part.get(name)])


def _a_split_tree(evidence: Evidence, draw: random.Random) -> tuple[Any, Any]:
    """Return what holds a tree of more than one box."""
    while True:
        part, name = _a_tree(evidence, draw)
        if len(part[name]) > 1:
            return part, name


def box_removed(evidence: Evidence, draw: random.Random) -> None:
    """Leave out a box, so that those behind it move up."""
    part, name = _a_tree(evidence, draw)
    place = _place(part[name], LEAVES, draw)
    part[name] = part[name][:place] + part[name][place + 1 :]


def part_removed(evidence: Evidence, draw: random.Random) -> None:
    """Leave out everything within a box."""
    part, name = _a_split_tree(evidence, draw)
    place = _place(part[name], SPLITS, draw)
    part[name] = part[name][:place] + part[name][_end(part[name], place) :]


def box_enlarged(evidence: Evidence, draw: random.Random) -> None:
    """Put one box in the place of its two halves, or of all that they hold."""
    part, name = _a_split_tree(evidence, draw)
    place = _place(part[name], SPLITS, draw)
    part[name] = part[name][:place] + draw.choice(LEAVES) + part[name][_end(part[name], place) :]


def box_repeated(evidence: Evidence, draw: random.Random) -> None:
    """Put a box in twice, so that those behind it move down."""
    part, name = _a_tree(evidence, draw)
    place = _place(part[name], LEAVES, draw)
    part[name] = part[name][: place + 1] + part[name][place:]


def reason_swapped(evidence: Evidence, draw: random.Random) -> None:
    """Give a box another reason."""
    part, name = _a_tree(evidence, draw)
    place = _place(part[name], LEAVES, draw)
    other = draw.choice([letter for letter in LEAVES if letter != part[name][place]])
    part[name] = part[name][:place] + other + part[name][place + 1 :]


def letter_unknown(evidence: Evidence, draw: random.Random) -> None:
    """Give a box a letter that stands for no reason, or put such a box in the place of a whole tree."""
    part, name = _a_tree(evidence, draw)
    place = _place(part[name], LEAVES, draw)
    letter = draw.choice(UNKNOWN)
    part[name] = letter if draw.random() < 0.5 else part[name][:place] + letter + part[name][place + 1 :]


def digit_changed(evidence: Evidence, draw: random.Random) -> None:
    """Change a digit of a number that is exact: not of a range, a weight or a state, which might as well be others."""
    if "places" in evidence:
        draw.choice(_parts(evidence))["p"] = draw.choice(["0.2", "0.4", "0.6"])
        return
    if "slices" in evidence or "tie" in evidence:
        ends, place = draw.choice([*_parts(evidence), *evidence.get("before", [])])["p"], draw.randrange(2)
        ends[place] = _with_another_digit(ends[place], draw)
        return
    if "strips" in evidence:  # the first end of all might as well be another one
        ends, place = draw.choice(evidence["strips"][1:])["p"], 0
        ends[place] = _with_another_digit(ends[place], draw)
        return
    numbers = evidence.get("numbers", evidence)
    name = draw.choice([name for name, value in numbers.items() if isinstance(value, str) and name != "tree"])
    numbers[name] = _with_another_digit(numbers[name], draw)


def core_moved(evidence: Evidence, draw: random.Random) -> None:
    """Change a digit of an end of the box around the optimum, or make a row of the model of a line longer."""
    if "places" in evidence:
        weights, place = draw.choice(_parts(evidence))["weights"], draw.randrange(3)
        weights[place] = f"{float(weights[place]) + 0.5:.9f}"
        return
    if "strips" in evidence:
        state = draw.choice([strip for strip in evidence["strips"] if strip["state"]])["state"]
        state[0] = f"{2 * float(state[0]):.12f}"
        return
    if "tie" in evidence:
        state = draw.choice([*_parts(evidence), *evidence["before"]])["state"]
        state[0] = f"{2 * float(state[0]):.12f}"
        return
    parts = [part for part in _parts(evidence) if part["core"]]
    core = draw.choice(parts)["core"]
    place = draw.randrange(4)
    core[place] = _with_another_digit(core[place], draw)


def range_narrowed(evidence: Evidence, draw: random.Random) -> None:
    """Move an end of a range inwards by 0.01, an end of equal norms to the other one, or an upper line down, or a lower
    one up, by 0.003, or change a penalty; or change a digit.
    """
    if "places" in evidence:
        place = draw.choice(_parts(evidence))
        wrong = ("1.0", "-0.1") if float(place["gap"]) == 0 else ("0.0", "1.0", "-0.1", "0.000000001")  # 0 is right
        place["gap"] = draw.choice([gap for gap in wrong if gap != place["gap"]])
        return None
    if "tie" in evidence:
        part = draw.choice([part for part in _parts(evidence) if "penalty" in part])
        part["penalty"] = "0.001" if float(part["penalty"]) > 0.001 else "0.1"
        return None
    if "strips" in evidence:
        name, way = ("lower", 0.003) if "small" in evidence else ("upper", -0.003)
        line = draw.choice([strip for strip in evidence["strips"] if strip[name]])[name]
        line[:] = [f"{float(end) + way:.6f}" for end in line]
        return None
    if "slices" in evidence:
        equal = draw.choice([part for part in evidence["slices"] if part["equal"]])["equal"]
        equal[0] = equal[1]
        return None
    if "stages" not in evidence:
        return digit_changed(evidence, draw)
    ends, place = draw.choice(evidence["stages"])["range"], draw.randrange(6)
    ends[place] = f"{float(ends[place]) + 0.01 * (-1) ** place:.4f}"
    return None


def weight_raised(evidence: Evidence, draw: random.Random) -> None:
    """Make a weight or the Q of a state twice as large, or change a price by 0.003, or change a digit."""
    if "places" in evidence:
        biases, place = draw.choice(evidence["places"])["biases"], draw.randrange(3)
        biases[place] = f"{float(biases[place]) + 0.5:.9f}"
        return None
    if "tie" in evidence:
        state = draw.choice(evidence["behind"])["state"]
        state[1] = f"{2 * float(state[1]):.12f}"
        return None
    if "strips" in evidence:
        way = -0.003 if "small" in evidence else 0.003
        line = draw.choice([strip for strip in evidence["strips"] if strip["line"]])["line"]
        line[:] = [f"{float(end) + way:.6f}" for end in line]
        return None
    if "slices" in evidence:
        state = draw.choice(evidence["slices"])["state"]
        state[0] = f"{2 * float(state[0]):.12f}"
        return None
    if "stages" not in evidence:
        return digit_changed(evidence, draw)
    weights = draw.choice([part for part in evidence["stages"] if part["weights"]])["weights"]
    place = draw.choice([0, 2])
    weights[place] = f"{2 * float(weights[place]):.8f}"
    return None


def _with_another_digit(text: str, draw: random.Random) -> str:
    place = draw.choice([place for place, sign in enumerate(text) if sign.isdigit()])
    other = draw.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]


CHANGES: tuple[Callable[[Evidence, random.Random], None], ...] = (
    box_removed, part_removed, box_enlarged, box_repeated, reason_swapped, digit_changed, core_moved, range_narrowed,
    weight_raised, letter_unknown,
)  # fmt: skip


def changed(certificate: gs.Certificate, seed: int) -> tuple[str, dict[str, Any]]:
    """Return the name of a change, and the certificate with it."""
    draw = random.Random(seed)
    data = deepcopy(certificate.to_dict())
    change = draw.choice(CHANGES)
    change(data["evidence"], draw)
    return change.__name__, data


def check_changed(data: dict[str, Any], original: dict[str, Any]) -> None:
    """Check the order of all slices, and those that are changed: the original has passed, and each stands alone."""
    with ctx.workprec(PRECISION):
        slices = data["evidence"]["slices"], original["evidence"]["slices"]
        for part, one, before in zip(slices_of(data), *slices, strict=True):
            if one != before:
                check_slice(part, one["tree"])


def check_changed_strips(data: dict[str, Any], original: dict[str, Any]) -> None:
    """Check the order of all strips, and those that are changed."""
    with ctx.workprec(PRECISION):
        strips = data["evidence"]["strips"], original["evidence"]["strips"]
        for strip, one, before in zip(strips_of(data), *strips, strict=True):
            if one != before:
                check_strip(strip, one)


def check_changed_penalty(data: dict[str, Any], original: dict[str, Any]) -> None:
    """Check the order of all strips, and those that are changed."""
    with ctx.workprec(PRECISION):
        strips = data["evidence"]["strips"], original["evidence"]["strips"]
        for strip, one, before in zip(with_penalty.strips_of(data)[1], *strips, strict=True):
            if one != before:
                with_penalty.check_strip(strip, one)


def _remembered(function: Callable[..., Any], known: dict[str, Any]) -> Callable[..., Any]:
    """Return a function that computes what it has not returned before; numbers of the checkers have under 30 digits."""

    def same(*arguments: Any) -> Any:
        key = function.__name__ + "; ".join(one.str(30) if isinstance(one, arb) else str(one) for one in arguments)
        if key not in known:
            known[key] = function(*arguments)
        return known[key]

    return same


def check_changed_three(data: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return what a certificate proves, without computing again what is known of its places."""
    with ExitStack() as stack:
        for name in ("check_place", "check_before", "check_behind", "least"):
            stack.enter_context(patch.object(three, name, _remembered(getattr(three, name), known)))
        return three.check_three(data)


def check_changed_shared(data: dict[str, Any], original: dict[str, Any]) -> None:
    """Check the order of all places, and the trees that are changed, or all of a place with another claim."""
    places = data["evidence"]["places"], original["evidence"]["places"]
    for one, before in zip(*places, strict=True):
        if one["p"] != before["p"]:
            raise ValueError("places must be of their probabilities")
        claim, trees, _ = shared.place_of(one, data["n_features"])
        same = {**one, "trees": before["trees"]} == before
        shared.check_trees(claim, [
            tree for tree, other in zip(trees, before["trees"], strict=True) if not (same and tree[1] == other)
        ])  # fmt: skip


def check_changed_decoders(data: dict[str, Any], original: dict[str, Any]) -> None:
    """Check the order of all places, and those that are changed."""
    parts = ("places", decoders.PROBABILITIES), ("tied", decoders.TIED), ("axis", decoders.AXIS)
    for name, probabilities in parts:
        places = data["evidence"][name], original["evidence"][name]
        for p, one, before in zip(probabilities, *places, strict=True):
            if stated(one["p"]) != p:
                raise ValueError("places must be of their probabilities")
            if one != before:
                decoders.check_place(one, name == "tied", name == "axis")


def main(number: int, which: str) -> None:
    if which in ("digon", "plane", "penalty", "three", *SHARED, "decoders"):
        certificate = gs.Certificate.from_dict(json.loads((STORED / f"{which}.json").read_text(encoding="utf-8")))
        gs.verify(certificate)
    else:
        certificate = gs.certify(5, 2, limit=which == "limit")
    original, known = certificate.to_dict(), dict[str, Any]()
    checkers = {
        "limit": check,
        "small": check_sparse,
        "digon": lambda data: check_changed(data, original),
        "plane": lambda data: check_changed_strips(data, original),
        "penalty": lambda data: check_changed_penalty(data, original),
        "three": lambda data: check_changed_three(data, known),
        **dict.fromkeys(SHARED, lambda data: check_changed_shared(data, original)),
        "decoders": lambda data: check_changed_decoders(data, original),
    }
    checked = checkers[which]
    checked(original)
    began, counts, accepted = time.perf_counter(), Counter[str](), []
    for seed in range(number):
        name, data = changed(certificate, seed)
        counts[name] += 1
        try:
            checked(data)
        except ValueError:
            continue
        accepted.append((seed, name))
    print(f"{number} changes of the {certificate.theorem} in {time.perf_counter() - began:.0f} s: {dict(counts)}")
    print(f"accepted: {accepted or 'none'}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, sys.argv[2] if len(sys.argv) > 2 else "limit")
