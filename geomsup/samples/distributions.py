"""The check of functions that need the distribution of the inputs itself, where a user may bring samples."""

from typing import Any

from geomsup.features import Features
from geomsup.samples.data_set import SampledFeatures

__all__ = ["checked_features"]


def checked_features(name: str, value: Any, *, or_samples: bool = False) -> Features:
    """Return `value` if it is `Features`; else say what to do, for samples too.

    `or_samples`: the function takes samples as well, in their own class.
    """
    if isinstance(value, Features):
        return value
    if isinstance(value, SampledFeatures):
        raise TypeError(
            f"`{name}` must be Features here, as samples do not say what their distribution is; got {value!r}. "
            "Describe it by Features(n, p), or use what takes samples: expected_loss and train."
        )
    samples = ", or of samples: SampledFeatures(X)" if or_samples and hasattr(value, "__len__") else ""
    raise TypeError(f"`{name}` must be a Features; got {type(value).__name__}. Build one: Features(n, p){samples}.")
