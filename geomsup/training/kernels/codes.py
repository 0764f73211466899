"""The numbers that kernels take for names in settings: schedules, targets, outputs."""

__all__ = [
    "ABSOLUTE", "ABSOLUTE_PAIRS", "CONSTANT", "COSINE", "IDENTITY", "LINEAR", "OUTPUTS", "PAIRS", "SCHEDULES", "SQUARE",
    "TARGETS",
]  # fmt: skip

CONSTANT, LINEAR, COSINE = 0, 1, 2
IDENTITY, ABSOLUTE, SQUARE, PAIRS, ABSOLUTE_PAIRS = 0, 1, 2, 3, 4

SCHEDULES = {"constant": CONSTANT, "linear": LINEAR, "cosine": COSINE}
TARGETS = {"identity": IDENTITY, "abs": ABSOLUTE, "square": SQUARE, "pairs": PAIRS, "abs_pairs": ABSOLUTE_PAIRS}
OUTPUTS = {"relu": 0.0, "linear": 1.0, "abs": -1.0, "leaky_relu": 0.01, "gelu": 0.0}  # slopes below 0
