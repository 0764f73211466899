"""Arrays from outside, which all come in here, and read-only arrays of a value."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from geomsup import checks

__all__ = ["Batch", "as_rows", "named_rows", "read_only", "to_numpy"]

if TYPE_CHECKING:
    from geomsup.training import TrainingRun

# Keys of a dictionary that an error lists.
MOST_KEYS = 8

# Types that a type checker knows to be a batch of weights; it takes anything else for one W.
Batch: TypeAlias = "np.ndarray[tuple[int, int, int], Any] | Sequence[Sequence[Sequence[float]]] | TrainingRun"


def as_rows(W: Any, *, orientation: str = "auto") -> np.ndarray:
    """Return `W` as a float64 array ``(..., n_features, n_hidden)``, one row per feature.

    It takes NumPy arrays, nested lists, PyTorch tensors (also on a GPU, or with gradients), JAX and CuPy arrays. It
    also takes an object with such an array as its attribute `W`: a `ToyModel`, a `TrainingRun`, a `Geometry`, a PyTorch
    module. It never writes to the caller's array.

    Parameters
    ----------
    W
        Weights; leading axes are a batch.
    orientation
        "rows": rows are features. "columns": columns are features (the paper's W), and `W` is transposed.
        "auto": the longer axis is the features. In objects of this package rows are features, whatever is asked.

    Raises
    ------
    TypeError
        If `W` does not hold real numbers.
    ValueError
        If `W` is ragged, not finite, has fewer than two axes, or is square while orientation is "auto".

    Examples
    --------
    >>> as_rows([[1.0, 0.0, -1.0]]).shape
    (3, 1)
    """
    return named_rows("W", W, orientation)


def named_rows(
    name: str, W: Any, orientation: str, shape: str = "(n_features, n_hidden), or a batch of these"
) -> np.ndarray:
    """Return what `as_rows` returns, for an argument that is called `name` and must have a `shape`."""
    checks.one_of("orientation", orientation, ("auto", "rows", "columns"))
    if hasattr(W, "W") and not hasattr(W, "__array__"):  # which a table with a column W has
        if type(W).__module__.partition(".")[0] == __package__:
            return to_numpy(f"{name}.W", W.W)
        name, W = f"{name}.W", W.W
    array = to_numpy(name, W)
    if array.ndim < 2 or 0 in array.shape:
        raise ValueError(f"`{name}` must have the shape {shape}; got shape {array.shape}. Pass a row per feature.")
    n, m = array.shape[-2:]
    if orientation == "auto" and n == m:
        raise ValueError(
            f'`{name}` must have more rows (features) than columns (hidden units) when orientation is "auto"; '
            f'got shape {array.shape}. Pass orientation="rows" or "columns".'
        )
    flip = orientation == "columns" or (orientation == "auto" and n < m)
    return np.swapaxes(array, -1, -2) if flip else array


def to_numpy(name: str, value: Any) -> np.ndarray:
    """Bring tensors of other libraries to the CPU by their own methods, without importing them."""
    _refuse_holder(name, value)
    if hasattr(value, "detach"):  # PyTorch; .double() because NumPy has no bfloat16
        value = value.detach().cpu()
        value = value.to_dense() if "sparse" in str(getattr(value, "layout", "")) else value
        value = (value if value.is_complex() else value.double()).numpy()
    elif hasattr(value, "__cuda_array_interface__") and hasattr(value, "get"):  # CuPy
        value = value.get()
    elif hasattr(value, "__jax_array__") or type(value).__module__.split(".")[0] in ("jax", "jaxlib"):
        array = np.asarray(value)
        value = np.asarray(value, dtype=np.float64) if array.dtype.kind == "V" else array  # V: bfloat16
    return checks.real_array(name, value)


def _refuse_holder(name: str, value: Any) -> None:
    """Refuse what holds arrays and is none, in words that say where the array is."""
    if isinstance(value, Mapping):
        keys = ", ".join(repr(str(key)[:40]) for key in list(value)[:MOST_KEYS]) or "none"
        what, advice = f"a dictionary with the keys {keys}", "Pass one of its arrays"
    elif callable(getattr(value, "state_dict", None)):
        named = hasattr(value, "weight")
        what, advice = f"the module {type(value).__name__}", f"Pass {'its' if named else 'the'} `.weight`"
        advice += "" if named else " of a layer"
    elif hasattr(value, "W") and type(value).__module__.partition(".")[0] == __package__:
        what, advice = f"a {type(value).__name__}", "Pass its `.W`"
    else:
        return
    hint = "." if advice.endswith(".W`") else ", or build a model with ToyModel.from_state."
    raise TypeError(f"`{name}` must be an array; got {what}. {advice}{hint}")


def read_only(array: Any) -> np.ndarray:
    """Return a private, read-only copy in double precision.

    Examples
    --------
    >>> read_only([1, 2]).flags.writeable
    False
    """
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
