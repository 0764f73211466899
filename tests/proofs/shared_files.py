"""The stored certificates of three to five features on one axis."""

import json
from pathlib import Path

from geomsup.proofs.shared.cells import PROBABILITIES

__all__ = ["CERTIFICATES", "FILES", "STORED"]

CERTIFICATES = Path(__file__).parents[2] / "docs" / "certificates"
FILES = {3: ["shared"], 4: ["shared_4"], 5: [f"shared_5_{float(p)}" for p in PROBABILITIES]}


def stored(name):
    return json.loads((CERTIFICATES / f"{name}.json").read_text(encoding="utf-8"))


def joined(certificates):
    """Return all places as if they were in one certificate."""
    return certificates[0] | {
        "evidence": {"places": [place for one in certificates for place in one["evidence"]["places"]]}
    }


STORED = {n: joined([stored(name) for name in names]) for n, names in FILES.items()}
