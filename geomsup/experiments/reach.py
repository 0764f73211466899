"""The definitions that a function of an experiment uses, directly or not, in whatever file they stand."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

__all__ = ["Place", "reached", "shape"]

ROOM = "geomsup.experiments."
ENGINE = {
    ROOM + name for name in ("declaration", "lab", "pictures", "threshold", "verdict")
}  # what they do is the same for all

Place = tuple[str, str]  # a module, and a name defined at its top level


def reached(*functions: Callable[..., Any]) -> dict[Place, ast.stmt]:
    """Return the definitions of functions and of what they use in this package, each once, in order of use.

    The text is read; nothing is run. A name that is imported from another module of `geomsup.experiments` is followed
    there, except to the engine. Names from elsewhere are left out.
    """
    found: dict[Place, ast.stmt] = {}

    def follow(module: str, name: str) -> None:
        meant = _definitions(module).get(name)
        if isinstance(meant, tuple):
            if meant[0].startswith(ROOM) and meant[0] not in ENGINE:
                follow(*meant)
        elif meant is not None and (module, name) not in found:
            found[module, name] = meant
            for used in _names(meant):
                follow(module, used)

    for function in functions:
        follow(function.__module__, function.__name__)
    return found


def shape(part: Any) -> Any:
    """Return a syntax tree as lists of words, without docstrings, imports and the reasons of thresholds.

    It is the same for every version of Python: empty fields, in which versions differ, are left out.

    Examples
    --------
    >>> shape(ast.parse("x = 1  # one")) == shape(ast.parse("x = (1)"))
    True
    """
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Threshold":
        return shape(part.args[0])
    if isinstance(part, ast.AST):
        fields = [[name, shape(value)] for name, value in ast.iter_fields(part)]
        return [type(part).__name__, *([name, value] for name, value in fields if value not in ([], "None"))]
    if isinstance(part, list):
        words = _is_words(part[0]) if part else False
        return [shape(one) for one in part[words:] if not isinstance(one, ast.Import | ast.ImportFrom)]
    return repr(part)


def _is_words(part: Any) -> bool:
    """Return whether a statement is a string alone: as the first of a body, it is a docstring."""
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and isinstance(part.value.value, str)


def _names(part: ast.AST) -> Iterator[str]:
    yield from dict.fromkeys(node.id for node in ast.walk(part) if isinstance(node, ast.Name))


@lru_cache(maxsize=None, typed=True)
def _definitions(module: str) -> dict[str, ast.stmt | Place]:
    """Return what defines each top-level name of a module: a statement, or the place it is imported from."""
    found: dict[str, ast.stmt | Place] = {}
    for part in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(part, ast.ImportFrom):
            found |= {one.asname or one.name: (part.module or "", one.name) for one in part.names}
        elif isinstance(part, ast.FunctionDef | ast.ClassDef):
            found[part.name] = part
        elif isinstance(part, ast.Assign | ast.AnnAssign):
            targets = part.targets if isinstance(part, ast.Assign) else [part.target]
            found |= {name: part for target in targets for name in _names(target)}
    return found
