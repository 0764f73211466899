"""The chapters of the atlas: what each measures, and of which packages."""

from functools import partial

from benchmarks.atlas import named, neurons, pairs, polygons, positions, shapes, streams, whole

__all__ = ["CHAPTERS", "FIGURES", "measure", "rounded"]

# Significant digits that are kept.
DIGITS = 4

# By name: a function of the packages.
CHAPTERS = {
    "positions": lambda sources: positions.measured(sources["minilm"]),
    "attention": lambda sources: streams.of_positions(sources["minilm"]),
    "streams": lambda sources: streams.of_layers(sources["minilm"]),
    "heads": lambda sources: streams.of_heads(sources["minilm"]),
    "named": named.measured,
    "shapes": shapes.measured,
    "pairs": pairs.measured,
    "neurons": lambda sources: neurons.measured(sources["minilm"]),
    "whole": whole.measured,
    "tested": lambda sources: whole.activations(sources["minilm"]),
}
# By the chapter they belong to: a function of the packages, of its numbers, and of the path.
FIGURES = {
    "positions": lambda sources, _, path: positions.draw(sources["minilm"], path),
    "named": lambda sources, _, path: named.draw(sources, path),
    "heads": lambda _, numbers, path: streams.draw_heads(numbers, path),
    "neurons": lambda sources, numbers, path: polygons.draw(numbers, partial(neurons.sides, sources["minilm"]), path),
    "streams": lambda _, numbers, path: streams.draw(numbers, path),
}


def measure(name, sources):
    """Return the numbers of a chapter, as JSON holds them."""
    return rounded(CHAPTERS[name](sources))


def rounded(value):
    """Return plain values, with four significant digits.

    Examples
    --------
    >>> rounded({"p": 0.123456, "rows": (1, 2)})
    {'p': 0.1235, 'rows': [1, 2]}
    """
    if isinstance(value, dict):
        return {str(key): rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    if value is None or isinstance(value, bool | str | int):
        return value
    return float(f"{float(value):.{DIGITS}g}")
