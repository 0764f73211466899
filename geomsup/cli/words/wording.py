"""Errors of the library in words of the shell: flags, and no names of Python."""

import re
from collections.abc import Iterable, Mapping

__all__ = ["flags_of", "in_shell_words"]

# Arguments of functions that flags state under other names.
OTHER_NAMES = {"rng": "--seed", "n": "N-FEATURES", "source": "PATH", "certificate": "PATH"}
# Advice that only fits Python, and what a shell is told.
ADVICE = {
    "Pass a positive float.": "Write a positive number.",
    "Pass a float.": "Write a number.",
    "Pass a string or a Path.": "Write a path.",
    "Pass np.geomspace(1, 0.1, 20).": "Write numbers with spaces between them.",
    "Pass P(x_i != 0) = 1 - sparsity.": "Write P(feature is present), or give --sparsity.",
    "geomsup.polytopes() lists them.": "They are listed by: geomsup polytope",
    "Convert it to a float array.": "Write plain numbers.",
}
QUOTED = re.compile(r"`(\w+)`")  # the argument that an error names
NAMED_TOO = re.compile(r"pass \w+=\w+ \((--[\w-]+)\)")  # advice that names the flag as well
ASSIGNED = re.compile(
    r"(?:(?<=Pass )|(?<=Use )|\b(?=[a-z]\w*=\S+ gives )|\b(?=[a-z]\w*=\S+ names more))"
    r"([a-z]\w*)=(?:\"([^\"]*)\"|'([^']*)'|([\w.+-]+))((?: or \"\w+\")?)"
)


def flags_of(names_of_each: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return the flag, or the place, of each argument of a command, by its name in Python.

    Of each there is what help calls it, and then the names that the parser knows.

    Examples
    --------
    >>> flags_of([("PATH", "--path"), ("--output", "--output", "-o")])
    {'path': 'PATH', 'output': '--output'}
    """
    found = {}
    for place, *names in names_of_each:
        long = next((name for name in names if name.startswith("--")), place)
        found[long.lstrip("-").replace("-", "_").lower()] = place
    return found


def in_shell_words(text: str, flags: Mapping[str, str]) -> str:
    """Return the text of an error, or of a hint, as somebody at a shell would say it.

    Examples
    --------
    >>> in_shell_words('`starts` must be at least 1; got 0. Pass kind="new".', {"starts": "--starts", "kind": "--kind"})
    '`--starts` must be at least 1; got 0. Pass --kind new.'
    """
    known = {name: flag for name, flag in OTHER_NAMES.items() if flag in flags.values()} | dict(flags)

    def flag(found: re.Match[str]) -> str:
        return f"`{known[found[1]]}`" if found[1] in known else found[0]

    def option(found: re.Match[str]) -> str:
        value = next(part for part in found.groups()[1:4] if part is not None)
        return f"{known[found[1]]} {value}{found[5].replace(chr(34), '')}" if found[1] in known else found[0]

    for advice, instead in ADVICE.items():
        text = text.replace(advice, instead)
    return ASSIGNED.sub(option, QUOTED.sub(flag, NAMED_TOO.sub(r"give \1", text)))
