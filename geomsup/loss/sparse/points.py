"""The loss of one output to second order in the probabilities, where the values of features are points.

All values of all features stand in one row, so that the inner loop has no branch and runs over many of them.
"""

from geomsup.compiling import njit

__all__ = ["output_of_points", "pair_weights"]

part = njit(part=True, error_model="numpy", fastmath=True)


@part
def pair_weights(inputs, weights):
    """Write how probable it is that feature j, and another one with value s, are present: the weight of (j, s)."""
    for j in range(len(weights)):
        for k in range(len(weights)):
            for s in range(inputs.piece_ptr[k], inputs.piece_ptr[k + 1]):
                weights[j, s] = inputs.pair[j, k] * inputs.weight[s]


@part
def output_of_points(a, b, i, inputs, weights, slope, room):
    """Return the loss of output i and half its slope in b; write half its slopes in the couplings `a` to `slope`.

    `weights` are those of `pair_weights`. `room` has three rows: what each value adds to the output, what the output is
    to be while it is there, and half the slope in its product.
    """
    n, count = len(a), len(inputs.low)
    product, wanted, push = room[0], room[1], room[2]
    value, by_b = inputs.none * max(b, 0.0) ** 2, inputs.none * max(b, 0.0)
    for j in range(n):
        for s in range(inputs.piece_ptr[j], inputs.piece_ptr[j + 1]):
            product[s] = a[j] * inputs.low[s]
            wanted[s] = inputs.low[s] if j == i else 0.0
            u = b + product[s]
            miss = max(u, 0.0) - wanted[s]
            weight = inputs.single[j] * inputs.weight[s]
            value += weight * miss * miss
            push[s] = weight * miss if u > 0.0 else 0.0
            by_b += push[s]
    for j in range(n):
        for q in range(inputs.piece_ptr[j], inputs.piece_ptr[j + 1]):
            c, goal, pushed, added = b + product[q], wanted[q], 0.0, 0.0
            for s in range(inputs.piece_ptr[j + 1], count):
                u = c + product[s]
                positive = 1.0 if u > 0.0 else 0.0
                miss = u * positive - goal - wanted[s]
                along = weights[j, s] * miss
                added += along * miss
                along *= positive * inputs.weight[q]
                push[s] += along
                pushed += along
            value += inputs.weight[q] * added
            push[q] += pushed
            by_b += pushed
    for j in range(n):
        slope[j] = 0.0
        for s in range(inputs.piece_ptr[j], inputs.piece_ptr[j + 1]):
            slope[j] += push[s] * inputs.low[s]
    return value, by_b
