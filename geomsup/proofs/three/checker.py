"""The checker of a digon and a row of its own against the triangle: with `triangle`, `pairs`, and that of digons.

``python -m geomsup.proofs.three.checker FILE``. What the numbers prove is written in ``docs/theorems.md``, whose names
these are. Losses are divided by p.
"""

import json
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from flint import arb, ctx

from geomsup.proofs.checker import Each, Told, between, evidence_of, exact, parts_checked, stated
from geomsup.proofs.digon_checker import PRECISION
from geomsup.proofs.three.pairs import PARTS, Against, Digons, Known, check_boxes, check_digons
from geomsup.proofs.three.triangle import Least, is_worse, least

__all__ = [
    "Both",
    "check_before",
    "check_behind",
    "check_order",
    "check_penalties",
    "check_place",
    "check_three",
    "check_tie",
    "place_of",
    "rounded",
]

RARE = Fraction(5, 1000)  # up to this probability the page shows that digons are better
DIGITS = 9  # after the point, of the ends of losses
PROBABILITIES = "0.1", "0.3", "0.5", "0.7", "0.9"


class Both(NamedTuple):
    """What is known at a place of a certificate: ends of p, balls of p and the penalty, and both families."""

    ends: Sequence[Fraction]
    p: arb
    penalty: Fraction
    digons: Known
    triangles: Least

    def gap(self) -> arb:
        """Return how much more the best digon with a row of its own loses than the best triangle, divided by p."""
        return self.digons.loss - self.triangles.loss


def place_of(data: Any) -> tuple[Digons, str]:
    """Return a place as it is written in a certificate, and its tree."""
    if not isinstance(data, dict) or set(data) != {"p", "penalty", "state", "tree"}:
        raise ValueError("a place must have p, penalty, state and tree")
    sizes = [len(data[name]) if isinstance(data[name], list) else -1 for name in ("p", "state")]
    if sizes != [2, 4] or not isinstance(data["tree"], str):
        raise ValueError("a place must have two ends of p, a state of four numbers, and a tree as a text")
    p, state = ([stated(one) for one in data[name]] for name in ("p", "state"))
    return Digons(p, stated(data["penalty"]), state), data["tree"]


def check_place(data: Any) -> Both:
    """Return what is known at a place."""
    part, tree = place_of(data)
    p, penalty = between(part.low, part.high), stated(data["penalty"])
    return Both((part.low, part.high), p, penalty, check_digons(part, tree), least(p, exact(penalty)))


def rounded(loss: arb) -> list[str]:
    """Return decimals below and above a ball."""
    unit = 10**DIGITS
    ends = (loss.lower() * unit).floor().unique_fmpz(), (loss.upper() * unit).ceil().unique_fmpz()
    if ends[0] is None or ends[1] is None:
        raise ValueError("losses must be known to more digits")
    return [f"{int(one) // unit}.{int(one) % unit:0{DIGITS}d}" for one in ends if one is not None]


def check_tie(places: Sequence[Both]) -> None:
    """Raise if two probabilities need not have one tie between them, or triangles need not win there with a penalty."""
    left, right, whole, dear = places
    if not (left.ends[0] == left.ends[1] < right.ends[0] == right.ends[1]):
        raise ValueError("a tie must be between two probabilities")
    if not (
        dear.ends == (left.ends[0], right.ends[0]) and whole.ends[0] < left.ends[0] < right.ends[0] < whole.ends[1]
    ):
        raise ValueError("the other places of the tie must be of all probabilities between them, or of more")
    if any(one.penalty for one in (left, right, whole)) or not dear.penalty > 0:
        raise ValueError("one place of the tie must have a penalty, and the others must not")
    if not (left.gap() < 0 < right.gap() and whole.digons.by_p > whole.triangles.by_p):
        raise ValueError("digons must be better at the first probability, and lose more and more against triangles")
    # The least loss of digons is a concave function of the penalty, and that of triangles is below its tangent at 0.
    dearer = whole.p * (dear.digons.loss - whole.digons.loss) / exact(dear.penalty)
    if not dearer > 3 * whole.triangles.q * whole.triangles.q / 4:
        raise ValueError("the penalty must cost digons more than triangles")
    for low, high in pairwise([dear.penalty * k / PARTS for k in range(PARTS + 1)]):
        least(dear.p, between(low, high))  # raises if several triangles may be best


def check_penalties(places: Sequence[Both]) -> None:
    """Raise if there need not be exactly one tie between two penalties, of all up to a third one."""
    none, low, high, far = places
    if any(list(one.ends) != [Fraction(1, 2)] * 2 for one in places):
        raise ValueError("places with a penalty must have p = 1/2")
    if not none.penalty < low.penalty < high.penalty < far.penalty:
        raise ValueError("penalties must grow")
    if not (low.gap() < 0 < high.gap()):
        raise ValueError("digons must be better at the first penalty, and triangles at the second one")
    # Both least losses are concave functions of the penalty: before `high` digons rise at least as much as behind it,
    # and triangles never rise more than at 0.
    rise = none.p * (far.digons.loss - high.digons.loss) / exact(far.penalty - high.penalty)
    if not rise > 3 * none.triangles.q * none.triangles.q / 4:
        raise ValueError("each of these penalties must cost digons more than triangles")


def check_before(data: Any) -> None:
    """Raise if some triangle loses as little as a digon with a row of its own, for some p of a slice."""
    if not isinstance(data, dict) or set(data) != {"p", "state"}:
        raise ValueError("a slice before the tie must have p and a state")
    part, _ = place_of({**data, "penalty": "0.0", "tree": ""})
    if not is_worse(part.low, part.high, part.reference):
        raise ValueError("before the tie all triangles must lose more than the state")


def check_behind(data: Any) -> int:
    """Return how many boxes a slice behind the tie has, if no digon loses as little as its triangle."""
    if not isinstance(data, dict) or set(data) != {"p", "state", "tree"} or not isinstance(data["tree"], str):
        raise ValueError("a slice behind the tie must have p, a state, and a tree as a text")
    if any(not isinstance(data[name], list) or len(data[name]) != 2 for name in ("p", "state")):
        raise ValueError("a slice behind the tie must have two ends of p, and a state of two numbers")
    p, state = ([stated(one) for one in data[name]] for name in ("p", "state"))
    return check_boxes(Against(p, state), data["tree"])


def check_order(slices: Sequence[Any]) -> None:
    """Raise if slices do not follow each other from small probabilities to p = 1."""
    if any(not isinstance(one, dict) or not isinstance(one.get("p"), list) or len(one["p"]) != 2 for one in slices):
        raise ValueError("slices and places must have two ends of p")
    ends = [[stated(end) for end in one["p"]] for one in slices]
    if ends[0][0] != RARE or ends[-1][1] != 1 or any(one[1] != other[0] for one, other in pairwise(ends)):
        raise ValueError("the slices must follow each other from p = 0.005 to the tie, and from there to p = 1")


def _behind(data: Any) -> int:
    with ctx.workprec(PRECISION):
        return check_behind(data)


def check_three(certificate: Any, told: Told = lambda stage, fraction: None, each: Each = map) -> dict[str, Any]:
    """Return what a certificate proves, or raise a ValueError that says where it fails.

    Parameters
    ----------
    certificate
        What ``json.load`` gives for the file.
    told
        Called with a stage and the fraction of it that is done.
    each
        How slices behind the tie are gone through.

    Examples
    --------
    >>> check_three({"theorem": "digon and triangle", "n_features": 2, "n_hidden": 1, "evidence": {}})
    Traceback (most recent call last):
    ValueError: the theorem must be about 3 features in 2 dimensions, with its evidence
    """
    evidence = evidence_of(
        certificate, "digon and triangle", (3, 2), {"points", "penalised", "tie", "before", "behind"}
    )
    lists = [evidence[name] for name in ("points", "penalised", "tie")]
    if [len(one) if isinstance(one, list) else -1 for one in lists] != [len(PROBABILITIES), 3, 4]:
        raise ValueError(f"the evidence must be {len(PROBABILITIES)} points, three penalties, and four of the tie")
    before, behind = evidence["before"], evidence["behind"]
    if not all(isinstance(one, list) and one for one in (before, behind)):
        raise ValueError("the evidence must have slices before the tie, and behind it")
    check_order([*before, evidence["tie"][2], *behind])
    known = list[Both]()
    with ctx.workprec(PRECISION):
        for number, data in enumerate(one for part in lists for one in part):
            told("comparing", number / 12)
            known.append(check_place(data))
        points, penalised, tie = known[:5], known[5:8], known[8:]
        for text, one in zip(PROBABILITIES, points, strict=True):
            if list(one.ends) != [Fraction(text)] * 2 or one.penalty:
                raise ValueError(f"the points must be {', '.join(PROBABILITIES)}, without a penalty")
        check_penalties([points[2], *penalised])
        check_tie(tie)
        for data in before:
            check_before(data)
        boxes = sum(one.digons.boxes for one in known) + sum(parts_checked(_behind, behind, each, told))
        facts = dict[str, Any]()
        for one in (*points, *tie[:2]):
            for name, loss in (("digon", one.digons.loss), ("triangle", one.triangles.loss)):
                at = f"{name} {float(one.ends[0])}"
                facts[f"{at} from"], facts[f"{at} to"] = rounded(loss * one.p)
    ends = [evidence["tie"][number]["p"][0] for number in range(2)]
    penalties = [evidence["penalised"][number]["penalty"] for number in range(3)]
    numbers = {"tie from": ends[0], "tie to": ends[1], "tie penalty": evidence["tie"][3]["penalty"]}
    names = "penalty from", "penalty to", "penalty up to"
    return {"boxes": boxes, **facts, **numbers, **dict(zip(names, penalties, strict=True))}


if __name__ == "__main__":
    for name, fact in check_three(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).items():
        print(f"{name}: {fact}")
