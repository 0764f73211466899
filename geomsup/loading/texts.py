"""What the texts of a file say of the activations, under any name: `act`, `nonlinearity`, `output_activation`."""

from collections.abc import Mapping
from typing import Any

from geomsup.loading.held import Held
from geomsup.loading.names import DECODER, ENCODER, HIDDEN, LAST, words_of

__all__ = ["activations_of", "speaks_of_activations"]

ROLES = ("activation", "hidden_activation")
ACTIVATION = {"activation", "activations", "act", "acts", "nonlinearity", "nonlinearities", "nonlin", "nonlinear"}
# Words beside these that say nothing more.
FILLERS = {"fn", "func", "function", "name", "type"}
OF_OUTPUT = DECODER | LAST
OF_HIDDEN = ENCODER | HIDDEN | {"latent"}


def speaks_of_activations(name: str) -> bool:
    """Whether a name has a word for an activation."""
    return bool(set(words_of(name)) & ACTIVATION)


def activations_of(held: Held, asked: Mapping[str, Any], *, two_layers: bool) -> dict[str, Any]:
    """Return the activations that are asked for, else those that the texts of `held` name, by role.

    `two_layers`: the hidden layer has a bias, or a decoder of its own. An "activation" may then be that of either.

    Raises
    ------
    ValueError
        If two texts contradict each other, or it is not certain of which layer one is.
    """
    claims: dict[str | None, dict[str, str]] = {role: {} for role in (*ROLES, None)}
    for name, text in held.texts.items():
        if speaks_of_activations(name):
            claims[_role(name)][name] = text
    if two_layers and not claims["hidden_activation"]:
        for name in [name for name in claims["activation"] if not set(words_of(name)) & OF_OUTPUT]:
            claims[None][name] = claims["activation"].pop(name)
    found = {}
    for role in ROLES:
        texts = set(claims[role].values())
        if asked[role] is not None:
            found[role] = asked[role]
        elif len(texts) == 1:
            found[role] = _plain(texts.pop())
        elif texts or claims[None]:
            said = ", ".join(f"{name} = {text!r}" for name, text in (claims[role] or claims[None]).items())
            raise ValueError(
                f"`{role}` must be given: {held.title} has {said}, which leaves it open. Pass its name, such as "
                f'"{"relu" if role == "activation" else "linear"}".'
            )
    return found


def _role(name: str) -> str | None:
    """Return the layer of which a text tells, the output if it names none; None if it may be another."""
    words, own = set(words_of(name)), set(words_of(name.rpartition(".")[2]))
    known = ACTIVATION | FILLERS | OF_OUTPUT | OF_HIDDEN
    if (words & OF_OUTPUT and words & OF_HIDDEN) or not own <= known:
        return None
    return "hidden_activation" if words & OF_HIDDEN else "activation"


def _plain(text: str) -> str:
    """Return the name in our letters: PyTorch writes a ReLU as "ReLU()"."""
    return text if " " in text else text.removesuffix("()").lower()
