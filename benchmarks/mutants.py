"""Do the tests notice a changed line? python -m benchmarks.mutants [--rooms loss energy] [--number 20] [--seed 0]

A mutant is the package with one random change: another comparison, a constant times a factor or off by one, another
sign, a term less, min for max, a condition negated. Each is made in a copy in a temporary folder. The tests of the
module's room, a top-level folder, run on it in the order of import distance, until one fails. Every mutant is printed
with its outcome (killed, timed out, lived) and the line that changed. Arguments after ``--`` go to pytest.
"""

import argparse
import ast
import difflib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geomsup
from geomsup.compiling import kernel_folder
from geomsup.training.cuda.available import obstacle

ROOT = Path(__file__).parents[1]
ROOMS = ("recognition", "loss", "neurons", "optima", "training", "energy", "plateau", "symbolic")
COPIED = ("geomsup", "tests", "conftest.py", "pyproject.toml")
SWAPPED = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
}  # fmt: skip
OPPOSITES = {"min": "max", "minimum": "maximum", "argmin": "argmax", "floor": "ceil", "any": "all"}
OPPOSITES |= {there: here for here, there in OPPOSITES.items()}
FACTORS = (0.1, 0.5, 2.0, 10.0)
# Kernels lie in the copy; hypothesis draws the same examples every time, so that the same mutants live.
ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_CACHE_DIR": "", "HYPOTHESIS_PROFILE": "default",
}  # fmt: skip
# Exit codes of pytest under which a mutant lives: all tests passed, or none was collected.
PASSED, NOTHING = 0, 5


def changed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in the place of a node of the syntax tree."""
    match node:
        case ast.Compare(left, [operator, *rest], comparators):
            yield from (ast.Compare(left, [new(), *rest], comparators) for new in SWAPPED.get(type(operator), ()))
        case ast.BoolOp(operator, values):
            yield from (ast.BoolOp(new(), values) for new in SWAPPED[type(operator)])
        case ast.BinOp(left, operator, right) if type(operator) in SWAPPED:
            yield from (ast.BinOp(left, new(), right) for new in SWAPPED[type(operator)])
            yield left
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Constant(value) if isinstance(value, int) and not isinstance(value, bool):
            yield from (ast.Constant(value + step) for step in (-1, 1))
        case ast.Constant(value) if isinstance(value, float) and value:
            yield from (ast.Constant(value * factor) for factor in FACTORS)
        case ast.Name(name, context) if name in OPPOSITES:
            yield ast.Name(OPPOSITES[name], context)
        case ast.Attribute(value, name, context) if name in OPPOSITES:
            yield ast.Attribute(value, OPPOSITES[name], context)
        case ast.If(test, body, orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)


def sites(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all descendants of a node, except those in error messages and annotations."""
    for name, field in ast.iter_fields(tree):
        if name in ("annotation", "returns"):
            continue
        for child in field if isinstance(field, list) else [field]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Raise | ast.JoinedStr):
                yield child
                yield from sites(child)


class _Change(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


@dataclass(frozen=True)
class Mutant:
    """A module's path in the repository, its source with one change, and the lines before and after."""

    path: Path
    source: str
    lines: tuple[str, ...]

    @classmethod
    def draw(cls, rooms: list[str], interpreted: bool, rng: random.Random) -> "Mutant":
        """Make one change at random; every possible change in these rooms is equally probable."""
        paths = [path for room in rooms for path in sorted((ROOT / "geomsup" / room).rglob("*.py")) if is_tested(path)]
        paths = [path for path in paths if not (interpreted and is_compiled(path))]
        path = rng.choices(paths, [len(_places(path)) for path in paths])[0]
        place, choice = rng.choice(_places(path))
        tree = ast.parse(path.read_text())
        before = ast.unparse(tree)
        node = list(sites(tree))[place]
        source = ast.unparse(ast.fix_missing_locations(_Change(node, list(changed(node))[choice]).visit(tree)))
        difference = difflib.unified_diff(before.splitlines(), source.splitlines(), n=0, lineterm="")
        lines = tuple(line for line in difference if re.match(r"[+-][^+-]", line))
        return cls(path.relative_to(ROOT), source, lines)

    def __str__(self) -> str:
        return "\n    ".join([str(self.path), *self.lines])


@cache
def _places(path: Path) -> list[tuple[int, int]]:
    nodes = sites(ast.parse(path.read_text()))
    return [(place, choice) for place, node in enumerate(nodes) for choice, _ in enumerate(changed(node))]


def module_name(path: Path) -> str:
    """Name of the module in a file of the package or of its tests."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> frozenset[str]:
    """Modules that a file imports, anywhere in it; public names stand for the rooms they live in."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module, names) if module:
                found |= {module, *(f"{module}.{name.name}" for name in names)}
            case ast.Import(names):
                found |= {name.name for name in names}
            case ast.Attribute(ast.Name("gs"), name):
                found.add(f"geomsup.{name}")
    homes = geomsup._HOMES
    return frozenset(f"geomsup.{homes.get(name.removeprefix('geomsup.'), name.removeprefix('geomsup.'))}"
                     if name.startswith("geomsup.") else name for name in found)  # fmt: skip


@cache
def reached(path: Path) -> dict[str, int]:
    """Modules of the package that a file imports, directly or not, and how many imports away each is."""
    modules = {module_name(file): file for file in (ROOT / "geomsup").rglob("*.py")}
    away, edge, distance = {module_name(path): 0}, [path], 0
    while edge:
        distance += 1
        near = {name for file in edge for name in imports(file) if name in modules and name not in away}
        away |= dict.fromkeys(near, distance)
        edge = [modules[name] for name in near]
    return away


@cache
def is_tested(path: Path) -> bool:
    """Whether the tests look closely at a module on this machine."""
    # Without a GPU, tests run its kernels only for a few steps, in a simulator.
    return path.parent.name != "cuda" or path.stem == "available" or obstacle() is None


@cache
def is_compiled(path: Path) -> bool:
    """Whether a kernel depends on a module: the module has kernels, or a module with kernels imports it."""
    marks = re.compile(r"^@(.*jit|compiled|inlined)|= njit", re.MULTILINE)
    kernels = [file for file in (ROOT / "geomsup").rglob("*.py") if marks.search(file.read_text())]
    return path in kernels or any(module_name(path) in imports(kernel) for kernel in kernels)


def tests_of(path: Path) -> list[str]:
    """Test files of a module's room that reach it, the nearest first, after its own examples."""
    room = path.relative_to(ROOT).parts[1]
    files = sorted((ROOT / "tests" / room).rglob("test_*.py"))
    near = {file: reached(file).get(module_name(path)) for file in files}
    ordered = sorted((file for file in files if near[file] is not None), key=lambda file: near[file] or 0)
    return [str(file.relative_to(ROOT)) for file in (path, *ordered)]


def outcome(copy: Path, mutant: Mutant, limit: float, options: list[str]) -> str:
    """Run the tests on a mutant: "killed by" a test, "timed out" or "lived"."""
    file, original = copy / mutant.path, ROOT / mutant.path
    file.write_text(mutant.source)
    give_kernels(copy)
    child = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *options, *tests_of(original)],
        cwd=copy, env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(copy)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        output, _ = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        return "timed out"
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        shutil.copy2(original, file)
    if child.returncode in (PASSED, NOTHING):
        return "lived"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.M)
    return f"killed by {failed[1]}" if failed else "killed"


def make_copy(folder: Path) -> None:
    """Copy what the tests need, without what was compiled."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder)


def give_kernels(copy: Path) -> None:
    """Copy the compiled kernels; the copy compiles anew only what depends on the mutated file."""
    kept, own = kernel_folder(), copy / "geomsup" / "__pycache__" / "kernels"
    shutil.rmtree(own, ignore_errors=True)
    if kept is not None:
        shutil.copytree(kept, own)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS))
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a mutant counts as timed out")
    parser.add_argument("--interpreted", action="store_true", help="leave out what kernels are made of")
    options, extra = parser.parse_known_args()
    rng, counts, begin = random.Random(options.seed), Counter(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        make_copy(Path(folder))
        for number in range(options.number):
            mutant = Mutant.draw(options.rooms, options.interpreted, rng)
            found = outcome(Path(folder), mutant, options.limit, [word for word in extra if word != "--"])
            counts[found.split(" by ")[0]] += 1
            print(f"{number + 1}: {found}: {mutant}", flush=True)
    summary = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"{options.number} mutants: {summary}; {(time.monotonic() - begin) / 60:.0f} minutes")


if __name__ == "__main__":
    main()
