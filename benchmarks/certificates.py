"""How many of 1,000 certificates with something wrong in them the checker accepts: it must be none.

``python -m benchmarks.certificates [NUMBER]``
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import geomsup as gs
from geomsup.proofs.checker import check

__all__ = ["CHANGES", "changed"]

LEAVES, SPLITS = "cfs", "ta"


def _end(tree: str, place: int) -> int:
    """Return where the part of the tree that begins at a place ends."""
    missing = 1
    while missing:
        missing += 1 if tree[place] in SPLITS else -1
        place += 1
    return place


def _place(tree: str, letters: str, draw: random.Random) -> int:
    return draw.choice([place for place, letter in enumerate(tree) if letter in letters])


def box_removed(data: dict[str, Any], draw: random.Random) -> None:
    """Leave out a box, so that those behind it move up."""
    place = _place(data["tree"], LEAVES, draw)
    data["tree"] = data["tree"][:place] + data["tree"][place + 1 :]


def part_removed(data: dict[str, Any], draw: random.Random) -> None:
    """Leave out everything within a box."""
    place = _place(data["tree"], SPLITS, draw)
    data["tree"] = data["tree"][:place] + data["tree"][_end(data["tree"], place) :]


def box_enlarged(data: dict[str, Any], draw: random.Random) -> None:
    """Put one box in the place of its two halves, or of all that they hold."""
    place = _place(data["tree"], SPLITS, draw)
    data["tree"] = data["tree"][:place] + draw.choice(LEAVES) + data["tree"][_end(data["tree"], place) :]


def box_repeated(data: dict[str, Any], draw: random.Random) -> None:
    """Put a box in twice, so that those behind it move down."""
    place = _place(data["tree"], LEAVES, draw)
    data["tree"] = data["tree"][: place + 1] + data["tree"][place:]


def reason_swapped(data: dict[str, Any], draw: random.Random) -> None:
    """Give a box another reason."""
    place = _place(data["tree"], LEAVES, draw)
    other = draw.choice([letter for letter in LEAVES if letter != data["tree"][place]])
    data["tree"] = data["tree"][:place] + other + data["tree"][place + 1 :]


def digit_changed(data: dict[str, Any], draw: random.Random) -> None:
    """Change a digit of a number."""
    name = draw.choice(list(data["numbers"]))
    data["numbers"][name] = _with_another_digit(data["numbers"][name], draw)


def core_moved(data: dict[str, Any], draw: random.Random) -> None:
    """Change a digit of an end of the core."""
    place = draw.randrange(4)
    data["core"][place] = _with_another_digit(data["core"][place], draw)


def _with_another_digit(text: str, draw: random.Random) -> str:
    place = draw.choice([place for place, sign in enumerate(text) if sign.isdigit()])
    other = draw.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]


CHANGES: tuple[Callable[[dict[str, Any], random.Random], None], ...] = (
    box_removed, part_removed, box_enlarged, box_repeated, reason_swapped, digit_changed, core_moved,
)  # fmt: skip


def changed(certificate: gs.Certificate, seed: int) -> tuple[str, dict[str, Any]]:
    """Return the name of a change, and the certificate with it."""
    draw = random.Random(seed)
    data = certificate.to_dict()
    data["numbers"] = dict(data["numbers"])
    change = draw.choice(CHANGES)
    change(data, draw)
    return change.__name__, data


def main(number: int) -> None:
    certificate = gs.certify(5, 2, limit=True)
    check(certificate.to_dict())
    began, counts, accepted = time.perf_counter(), Counter[str](), []
    for seed in range(number):
        name, data = changed(certificate, seed)
        counts[name] += 1
        try:
            check(data)
        except ValueError:
            continue
        accepted.append((seed, name))
    print(f"{number} changed certificates in {time.perf_counter() - began:.0f} s: {dict(counts)}")
    print(f"accepted: {accepted or 'none'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
