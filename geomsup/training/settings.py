"""The options of a training, each with its type, default, rule and description; and the presets.

`train` has the same arguments; a test compares them. The command line is made from these options.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.training.kernels.codes import OUTPUTS, SCHEDULES, TARGETS

__all__ = ["BY_MODEL", "BY_PRESET", "HIDDEN", "PRESETS", "Settings"]

LARGEST_SEED = 2**128 - 1  # NumPy uses 128 bits for seeds that it draws itself
HIDDEN = ("linear", "relu", "gelu", "solu", "layernorm")
OPTIMIZERS = ("adam", "sgd")
OBJECTIVES = ("sampled", "exact")
CRITERIA = ("squared", "cross-entropy")
DEVICES = ("auto", "cpu", "cuda")

# Values of arguments that are left out. The paper's notebook uses AdamW with the default decay of its library. A
# replication of the whole paper (K. Grimes's notebook) trains faster, with small batches.
PRESETS: dict[str, dict[str, Any]] = {
    "adam": {},
    "anthropic-2022": {"weight_decay": 0.01},
    "grimes-replication": {
        "steps": 2000,
        "batch": 128,
        "learning_rate": 1e-2,
        "schedule": "cosine",
        "weight_decay": 0.01,
        "clip": 2.0,
    },
}
BY_PRESET, BY_MODEL = "preset", "model"  # what decides if an argument of `train` is None


def _in_words(names: Iterable[str]) -> str:
    """Return names as a sentence lists them: a, b or c."""
    *first, last = names
    return f"{', '.join(first)} or {last}"


def _option(text: str, rule: Callable[[str, Any], Any], default: Any = MISSING, by: str | None = None) -> Any:
    """Return a field with its description, its rule, and what decides if the argument of `train` is None, if any."""
    return field(default=default, metadata={"text": text, "rule": rule, "by": by})


def _one_of(choices: Iterable[str]) -> Callable[[str, Any], str]:
    return lambda name, value: checks.one_of(name, value, tuple(choices))


def _whole(minimum: int) -> Callable[[str, Any], int]:
    return lambda name, value: checks.integer(name, value, minimum=minimum)


def _yes_or_no(hint: str) -> Callable[[str, Any], bool]:
    def rule(name: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise TypeError(f"`{name}` must be True or False; got {checks.shown(value)}. {hint}")
        return value

    return rule


def _is_several(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) and getattr(value, "ndim", 1) > 0


def _units(name: str, value: Any) -> int | tuple[int, ...]:
    if not _is_several(value):
        return checks.integer(name, value, minimum=1)
    units = tuple(checks.integer(name, units, minimum=1) for units in value)
    if len(units) != 2:
        raise ValueError(
            f"`{name}` must be a number, or a pair of them; got {checks.shown(value)}. Two layers are most."
        )
    return units


def _record(name: str, value: Any) -> int | tuple[int, ...]:
    if not _is_several(value):
        return checks.integer(name, value, minimum=0)
    return tuple(sorted({checks.integer(name, step, minimum=1) for step in value}))


def _seed(name: str, value: Any) -> int | tuple[int, ...]:
    if not _is_several(value):
        return checks.integer(name, value, minimum=0, maximum=LARGEST_SEED)
    return tuple(checks.integer(name, seed, minimum=0, maximum=LARGEST_SEED) for seed in value)


def _not_negative(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if number < 0:
        raise ValueError(f"`{name}` must be at least 0; got {number:g}. Pass 0 for none.")
    if number > 1e30:  # single precision ends at 3e38
        raise ValueError(f"`{name}` must be at most 1e30; got {number:g}. Pass a smaller number.")
    return number


def _moderate(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if abs(number) > 1e30:  # single precision ends at 3e38
        raise ValueError(f"`{name}` must be between -1e30 and 1e30; got {number:g}. Pass a smaller number.")
    return number


def _fraction(hint: str) -> Callable[[str, Any], float]:
    def rule(name: str, value: Any) -> float:
        number = checks.number(name, value)
        if not 0 <= number < 1:
            raise ValueError(f"`{name}` must be at least 0 and below 1; got {number:g}. {hint}")
        return number

    return rule


def _length(name: str, value: Any) -> float | None:
    return None if value is None else checks.positive_number(name, value)


def _as_it_is(name: str, value: Any) -> Any:
    return value


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a training, each checked by its rule; `train` explains them.

    Raises
    ------
    TypeError, ValueError
        If one has the wrong kind or range.

    Examples
    --------
    >>> settings = Settings(n_hidden=2, batch=64)
    >>> settings.batch, settings.steps, settings.units
    (64, 10000, (2,))
    >>> Settings.from_dict(settings.to_dict()) == settings
    True
    """

    n_hidden: int | tuple[int, ...] = _option("Number of hidden dimensions m.", _units)
    models: int = _option("Models per entry of `features`.", _whole(1), 1)
    steps: int = _option("Training steps.", _whole(1), 10_000, BY_PRESET)
    batch: int = _option("Samples in a step.", _whole(1), 1024, BY_PRESET)
    optimizer: str = _option(f"{_in_words(OPTIMIZERS)}.", _one_of(OPTIMIZERS), "adam")
    momentum: float = _option("Part of the last step that sgd keeps.", _fraction("Pass 0.9, say."), 0.0)
    learning_rate: float = _option("Rate of the optimizer.", checks.positive_number, 1e-3, BY_PRESET)
    schedule: str = _option(
        f"How the rate changes: {_in_words(SCHEDULES)}, of which the last two fall to 0.",
        _one_of(SCHEDULES), "constant", BY_PRESET,
    )  # fmt: skip
    weight_decay: float = _option("Decay of the weights, as in AdamW; below 0 they grow.", _moderate, 0.0, BY_PRESET)
    clip: float | None = _option("Largest norm of the gradient; a longer one is scaled down.", _length, None, BY_PRESET)
    preset: str = _option(f"Where options left out come from: {_in_words(PRESETS)}.", _one_of(PRESETS), "adam")
    objective: str = _option("sampled, or exact: descend the exact expected loss.", _one_of(OBJECTIVES), "sampled")
    target: str = _option(f"What outputs are compared with: {_in_words(TARGETS)}.", _one_of(TARGETS), "identity")
    activation: str = _option(f"Output activation: {_in_words(OUTPUTS)}.", _one_of(OUTPUTS), "relu", BY_MODEL)
    hidden_activation: str = _option(f"Hidden activation: {_in_words(HIDDEN)}.", _one_of(HIDDEN), "linear", BY_MODEL)
    tied: bool = _option(
        "Whether the decoder is W too.", _yes_or_no("False trains a decoder of its own."), True, BY_MODEL
    )
    hidden_bias: bool = _option("Train a bias of the hidden layer.", _yes_or_no("True trains one."), False, BY_MODEL)
    hidden_l1: float = _option("Penalty on the sum of the absolute values of the hidden units.", _not_negative, 0.0)
    coherence: float = _option(
        "Factor of a penalty on the sum of (w_i · w_j)² over pairs of rows of W.", _not_negative, 0.0
    )
    dropout: float = _option(
        "Probability of dropping a hidden unit.", _fraction("Pass the fraction that is dropped."), 0.0
    )
    criterion: str = _option("squared, or cross-entropy: say which input is largest.", _one_of(CRITERIA), "squared")
    attack: float = _option(
        "Length of adversarial attacks on every sample, in mean lengths of inputs.", _not_negative, 0.0
    )
    init_scale: float = _option("Factor of the standard deviation of the start.", checks.positive_number, 1.0)
    seed: int | tuple[int, ...] = _option("Seed of starts and samples.", _seed, 0)
    record: int | tuple[int, ...] = _option("Steps between snapshots of the weights; 0 keeps none.", _record, 0)
    model: Mapping[str, Any] | None = _option("Model that every run starts from.", _as_it_is, None)
    device: str = _option(
        'cpu, cuda (an NVIDIA GPU; pip install "geomsup[cuda]"), or auto: a GPU if one can train this model.',
        _one_of(DEVICES), "auto",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for option in fields(self):
            checked = option.metadata["rule"](option.name, getattr(self, option.name))
            object.__setattr__(self, option.name, checked)

    @property
    def units(self) -> tuple[int, ...]:
        """Number of units of each hidden layer."""
        return self.n_hidden if isinstance(self.n_hidden, tuple) else (self.n_hidden,)

    @property
    def deep(self) -> bool:
        """Whether there is a second hidden layer."""
        return len(self.units) > 1

    def stream(self, run: int) -> tuple[int, int]:
        """Return the seed and the number that name the random numbers of a run.

        With a seed for each entry of `features`, its runs are those of a training of this entry alone.
        """
        if not isinstance(self.seed, tuple):
            return self.seed, run
        entry, number = divmod(run, self.models)
        return self.seed[entry], number

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values, ready for JSON; tuples become lists."""
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Settings":
        """Return the settings in a dictionary that may hold more; those it lacks take their defaults."""
        return cls(**{option.name: values[option.name] for option in fields(cls) if option.name in values})
