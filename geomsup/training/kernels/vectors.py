"""Vector operations for kernels that must fix the order of their sums: fused products, and sums over a block.

The compiler may not reorder sums, and so does not vectorise loops that add up. These operations add up eight lanes side
by side. At the end the lanes are added: 8 become 4, then 2, then 1.
"""

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from geomsup.training.kernels.compiled import BLOCK

__all__ = [
    "LANES",
    "VECTOR",
    "add_up",
    "add_vector",
    "load",
    "multiply_add",
    "pointers",
    "spread",
    "store",
    "sum_lanes",
]

LANES = 8  # numbers of single precision in a vector of AVX2
VECTOR = ir.VectorType(ir.FloatType(), LANES)
INDEX = ir.IntType(32)
WORD = 4  # bytes of a number: the alignment of rows, which need not begin where a vector would
# x86 processors from before 2013 cannot fuse: a fused product would be a function call for each number.
FUSES = binding.get_host_cpu_features().get("fma", True)


def multiply_add(builder: Any, x: Any, y: Any, total: Any) -> Any:
    """Return x y + total, rounded once where the processor can."""
    if not FUSES:
        return builder.fadd(builder.fmul(x, y), total)
    fused = builder.module.declare_intrinsic(f"llvm.fma.v{LANES}f32", (), ir.FunctionType(VECTOR, [VECTOR] * 3))
    return builder.call(fused, (x, y, total))


def spread(builder: Any, number: Any) -> Any:
    """Return a vector all of whose entries are one number."""
    undefined = ir.Constant(VECTOR, ir.Undefined)
    lane = builder.insert_element(undefined, number, ir.Constant(INDEX, 0))
    return builder.shuffle_vector(lane, undefined, ir.Constant(ir.VectorType(INDEX, LANES), [0] * LANES))


def sum_lanes(builder: Any, vector: Any) -> Any:
    """Return the sum of a vector's entries: halves are added until one is left."""
    count = LANES
    while count > 1:
        count //= 2
        halves = (
            builder.shuffle_vector(vector, vector, ir.Constant(ir.VectorType(INDEX, count), list(lanes)))
            for lanes in (range(count), range(count, 2 * count))
        )
        vector = builder.fadd(*halves)
    return builder.extract_element(vector, ir.Constant(INDEX, 0))


def load(builder: Any, pointer: Any) -> Any:
    """Return the vector that begins at a number."""
    return builder.load(builder.bitcast(pointer, VECTOR.as_pointer()), align=WORD)


def store(builder: Any, vector: Any, pointer: Any) -> None:
    """Write a vector to the place of a number and those behind it."""
    builder.store(vector, builder.bitcast(pointer, VECTOR.as_pointer()), align=WORD)


def pointers(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return a function that gives the address of an entry of a contiguous array."""
    array = context.make_array(kind)(context, builder, value)
    data = array.data
    if kind.ndim == 1:
        return lambda index: builder.gep(data, [index])
    width = cgutils.unpack_tuple(builder, array.shape)[1]
    return lambda row, column: builder.gep(data, [builder.add(builder.mul(row, width), column)])


def _add_up(typing_context, row):
    """Return the sum of a row ``(BLOCK,)``: of its vectors in pairs, and then of the lanes."""

    def generate(context, builder, signature, arguments):
        at = pointers(context, builder, signature.args[0], arguments[0])
        vectors = [load(builder, at(context.get_constant(types.intp, s))) for s in range(0, BLOCK, LANES)]
        while len(vectors) > 1:
            vectors = [builder.fadd(*pair) for pair in zip(vectors[::2], vectors[1::2], strict=True)]
        return sum_lanes(builder, vectors[0])

    return types.float32(row), generate


def _add_vector(typing_context, target, t, x, source, s):
    """Add x times the eight entries of `source` from s on to those of `target` from t on."""

    def generate(context, builder, signature, arguments):
        into, from_ = (pointers(context, builder, signature.args[q], arguments[q])(arguments[q + 1]) for q in (0, 3))
        factor = spread(builder, arguments[2])
        store(builder, multiply_add(builder, factor, load(builder, from_), load(builder, into)), into)
        return context.get_dummy_value()

    return types.void(target, t, x, source, s), generate


# Any, because a type checker would ask for `typing_context` as an argument.
add_up: Any = intrinsic(_add_up)
add_vector: Any = intrinsic(_add_vector)
