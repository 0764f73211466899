"""Options of a command, made from the types, defaults and descriptions in `Settings`."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from typing import Annotated, Any, get_args, get_type_hints

from cyclopts import Parameter

from geomsup.cli.options import Whole
from geomsup.training.settings import BY_PRESET, Settings

__all__ = ["BY_HAND", "with_settings"]

Command = Callable[..., None]

BY_HAND = ("n_hidden", "models", "tied", "model")  # that the command has in its own way, or not at all
READ_AS: dict[type, Any] = {int: Whole, bool: Annotated[bool, Parameter(negative="")]}  # others as they are


def with_settings(before: str) -> Callable[[Command], Command]:
    """Return a decorator: the command gets an option for each setting, in front of its own option `before`."""

    def decorate(command: Command) -> Command:
        own = inspect.signature(command).parameters.values()
        named = [option for option in own if option.kind != option.VAR_KEYWORD]
        place = [option.name for option in named].index(before)
        made = [_option(setting) for setting in fields(Settings) if setting.name not in BY_HAND]
        # Functions may have this attribute, which `inspect` and cyclopts read; type checkers do not know it.
        command.__signature__ = inspect.Signature([*named[:place], *made, *named[place:]])  # pyright: ignore
        return command

    return decorate


def _option(setting: Field[Any]) -> inspect.Parameter:
    hint = get_type_hints(Settings)[setting.name]
    kind = (*get_args(hint), hint)[0]  # of several, the first: lists cannot be given
    kind, default, text = READ_AS.get(kind, kind), setting.default, setting.metadata["text"]
    if setting.metadata["by"] == BY_PRESET:
        kind, default = kind | None, None
        if setting.default is not None:
            text = f"{text.removesuffix('.')}; {_shown(setting.default)} unless the preset says otherwise."
    annotation = Annotated[kind, Parameter(help=text)]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:,}"
