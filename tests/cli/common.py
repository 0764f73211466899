"""Weights that commands are given, and how their JSON is read."""

import json

import numpy as np

TURNS = 2 * np.pi * np.arange(5) / 5
PENTAGON = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)


def strict(text):
    """Parse JSON that has no NaN or infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)
