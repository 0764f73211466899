"""Which array has which role in a model: by what the user says, else by its name, else refused."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from geomsup.loading.held import Held
from geomsup.loading.names import Meaning, is_by_product, meanings

__all__ = ["Chosen", "Roles", "choose", "choose_weights"]

# Names of ours, whose roles need no reading.
OWN = {"W_between": "W_between", "b_between": "b_between"}
BY_MEANING = {
    ("weight", ""): "weights",
    ("weight", "encoder"): "weights",
    ("weight", "decoder"): "decoder",
    ("bias", ""): "bias",
    ("bias", "decoder"): "bias",
    ("bias", "encoder"): "hidden_bias",
    ("bias", "hidden"): "hidden_bias",
}


@dataclass(frozen=True)
class Chosen:
    """What the user says of each role: the name of its array, False for none, or None to let names decide."""

    weights: str | None = None
    bias: str | bool | None = None
    decoder: str | bool | None = None
    hidden_bias: str | bool | None = None
    ignore: tuple[str, ...] = ()

    def decided(self, role: str) -> bool:
        """Whether the user has decided a role."""
        return getattr(self, role, None) is not None


@dataclass(frozen=True)
class Roles:
    """Names of the arrays of a model, by role, and what the names say; `rest` has no role yet."""

    names: Mapping[str, str]
    meanings: Mapping[str, Meaning]
    rest: tuple[str, ...]

    def meaning(self, role: str) -> Meaning | None:
        """What the name of a role's array says."""
        return self.meanings.get(self.names.get(role, ""))


def choose(held: Held, chosen: Chosen) -> Roles:
    """Give every array of `held` a role, or leave it in `rest`.

    Raises
    ------
    ValueError
        If a name that was given is not there, two arrays claim one role, or there are no weights.
    """
    said = {role: getattr(chosen, role) for role in ("weights", "bias", "decoder", "hidden_bias")}
    given = {role: name for role, name in said.items() if isinstance(name, str)}
    for role, name in given.items():
        _check_held(held, role, name)
    ignored = {name for ignore in chosen.ignore for name in _in_group(held, ignore)}
    open_names = [name for name in held.entries if name not in ignored and name not in given.values()]
    understood = meanings(name for name in held.entries if name not in ignored)
    names = dict(given)
    for role in ("weights", "bias", "decoder", "hidden_bias", *OWN):
        claims = [name for name in open_names if _role(name, understood) == role]
        if role == "weights" and not claims and role not in given:
            claims = _only_matrix(held, open_names, understood)
        if role not in given and said.get(role) is not False and (claims or role == "weights"):
            names[role] = _one(held, role, claims)
    rest = tuple(name for name in open_names if name not in names.values())
    return Roles(names, understood, rest)


def choose_weights(held: Held, weights: str | None) -> str:
    """Return the name of the array to take where only one is needed."""
    if weights is not None:
        _check_held(held, "weights", weights)
        return weights
    if "W" in held.entries:
        return "W"
    matrices = [name for name, entry in held.entries.items() if len(entry.shape) >= 2 and not is_by_product(name)]
    return _one(held, "weights", matrices)


def _role(name: str, understood: Mapping[str, Meaning]) -> str | None:
    if name in OWN:
        return OWN[name]
    meaning = understood.get(name)
    return None if meaning is None else BY_MEANING.get((meaning.kind, str(meaning.layer)))


def _only_matrix(held: Held, names: Collection[str], understood: Mapping[str, Meaning]) -> list[str]:
    """Return the matrices that may be W where no name says so; a decoder is none."""
    return [
        name
        for name in names
        if not is_by_product(name) and len(held.entries[name].shape) >= 2 and _role(name, understood) is None
    ]


def _one(held: Held, role: str, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    if not held.entries:
        raise ValueError(f"`{role}` must be an array; {held.title} holds no arrays. Save the weights in it as W.")
    what = "W" if role == "weights" else "the " + role.replace("_", " ")
    raise ValueError(
        f"`{role}` must say which array of {held.title} is {what}; it holds {held.names()}. Name one with `{role}`."
    )


def _in_group(held: Held, ignore: str) -> list[str]:
    """Return the array of a name, or all below it: "opt" stands for `opt.state` and `opt.step`."""
    names = [name for name in held.entries if name == ignore or name.startswith(ignore + ".")]
    if not names:
        _check_held(held, "ignore", ignore)
    return names


def _check_held(held: Held, role: str, name: str) -> None:
    if name not in held.entries:
        raise ValueError(f"`{role}` must be an array of {held.title}; got {name!r}. Pick one of: {held.names()}.")
