"""Every public name has an example that runs, and every public method is in one."""

import inspect
import re

import pytest

import geomsup as gs

NAMES = [(module, name) for module in (gs, gs.plot, gs.symbolic) for name in module.__all__]
NAMED = [(module, name) for module, name in NAMES if not inspect.ismodule(getattr(module, name))]


def ids(value):
    return getattr(value, "__name__", value)


def example_of(thing):
    """Return the lines of the examples in a docstring that Python runs; doctests compare what they print."""
    lines = (inspect.getdoc(thing) or "").splitlines()
    return "\n".join(line for line in lines if line.startswith((">>> ", "... ")))


def methods_of(kind):
    """Yield the public methods that a class of ours has from classes of ours, and whose they are."""
    for base in kind.__mro__:
        if base.__module__.startswith("geomsup"):
            for name, value in vars(base).items():
                plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
                if inspect.isfunction(plain) and not name.startswith("_"):
                    yield name, plain


@pytest.mark.parametrize(("module", "name"), NAMED, ids=ids)
def test_every_public_name_has_an_example(module, name):
    assert example_of(getattr(module, name)), f"{name} has no example"


@pytest.mark.parametrize(("module", "name"), [pair for pair in NAMED if inspect.isclass(getattr(*pair))], ids=ids)
def test_every_public_method_is_in_an_example(module, name):
    """In its own, or in that of its class or of a class that it comes from."""
    kind = getattr(module, name)
    shared = "\n".join(example_of(base) for base in kind.__mro__ if base.__module__.startswith("geomsup"))
    missing = [
        method
        for method, function in methods_of(kind)
        if not re.search(rf"\.{method}\(", shared + example_of(function))
    ]
    assert not missing, f"{name} has no example of {', '.join(missing)}"


def test_the_doctests_of_the_suite_run_the_examples(pytestconfig):
    assert "geomsup" in pytestconfig.getini("testpaths")
    assert any("--doctest-modules" in option for option in pytestconfig.getini("addopts"))
