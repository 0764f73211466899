"""The numbers that kernels take for names in settings: schedules, targets, outputs, hidden activations."""

__all__ = [
    "ABSOLUTE", "ABSOLUTE_PAIRS", "BENT", "CONSTANT", "COSINE", "GELU", "IDENTITY", "LAYERNORM", "LINEAR", "OUTPUTS",
    "PAIRS", "PRODUCT_PAIRS", "SCHEDULES", "SOLU", "SQUARE", "TARGETS",
]  # fmt: skip

CONSTANT, LINEAR, COSINE = 0, 1, 2
IDENTITY, ABSOLUTE, SQUARE, PAIRS, ABSOLUTE_PAIRS, PRODUCT_PAIRS = 0, 1, 2, 3, 4, 5
GELU, SOLU, LAYERNORM = 1, 2, 3

SCHEDULES = {"constant": CONSTANT, "linear": LINEAR, "cosine": COSINE}
TARGETS = {
    "identity": IDENTITY, "abs": ABSOLUTE, "square": SQUARE, "pairs": PAIRS, "abs_pairs": ABSOLUTE_PAIRS,
    "product_pairs": PRODUCT_PAIRS,
}  # fmt: skip
OUTPUTS = {"relu": 0.0, "linear": 1.0, "abs": -1.0, "leaky_relu": 0.01, "gelu": 0.0}  # slopes below 0
BENT = {"linear": 0, "relu": 0, "gelu": GELU, "solu": SOLU, "layernorm": LAYERNORM}  # 0: needs no `hidden.bend`
