"""The arrows of CONTRIBUTING against the imports that the files hold, read without running them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "geomsup").rglob("*.py")
}
ANYONE = {"checks", "compiling", "folders", "tables", "threads", "version", "workers"}  # may be imported by every room
FACE = {"geomsup", "__main__"}  # no rooms: the public names, and `python -m geomsup`
MOST_FILES = 15

Edge = tuple[str, bool]  # the module imported, and whether at once or when a function is called


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def imports(path: Path) -> set[Edge]:
    """Return what a file imports of the package; what only type checkers see is left out."""
    return set(_walk(ast.parse(path.read_text()), at_once=True))


def _walk(node: ast.AST, at_once: bool) -> Iterator[Edge]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.If(ast.Name("TYPE_CHECKING")):
                continue
            case ast.ImportFrom(str(module), names) if module.split(".")[0] == "geomsup":
                for name in names:
                    whole = f"{module}.{name.name}"
                    yield (whole if whole in MODULES else module), at_once
            case ast.Import(names):
                yield from ((name.name, at_once) for name in names if name.name.split(".")[0] == "geomsup")
            case ast.FunctionDef() | ast.Lambda():
                yield from _walk(child, at_once=False)
            case _:
                yield from _walk(child, at_once)


IMPORTS = {module: imports(path) for module, path in MODULES.items()}


def between_rooms(at_once: bool) -> dict[str, set[str]]:
    """Return the rooms that each room imports, but for those that anyone may import."""
    found: dict[str, set[str]] = {}
    for module, edges in IMPORTS.items():
        others = {room_of(other) for other, now in edges if now == at_once} - {room_of(module)} - ANYONE - FACE
        found.setdefault(room_of(module), set()).update(others)
    return {room: others for room, others in found.items() if room not in ANYONE | FACE}


def written() -> dict[str, tuple[set[str], set[str]]]:
    """Return the arrows of CONTRIBUTING: what a room imports at once, and when it is called."""
    (table,) = re.findall(r"```arrows\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    rows = {}
    for line in table.splitlines():
        room, rest = line.split(maxsplit=1)
        first, _, second = rest.partition("; when called: ")
        rows[room] = tuple(set(re.findall(r"\w+", names)) for names in (first, second))
    return rows


def test_every_room_imports_what_contributing_says():
    now, later = between_rooms(at_once=True), between_rooms(at_once=False)
    assert written() == {room: (now[room], later[room] - now[room]) for room in now}


def test_arrows_point_up_the_table():
    rooms = list(written())
    for place, (room, (at_once, _)) in enumerate(written().items()):
        assert at_once <= set(rooms[:place]), room


def test_the_ground_imports_nothing_but_ground():
    ground = {room: {room_of(other) for other, _ in IMPORTS[f"geomsup.{room}"]} for room in ANYONE}
    ground = {room: others - {room} for room, others in ground.items()}
    assert ground == {room: {"folders"} if room == "compiling" else set() for room in ANYONE}


def test_only_the_command_line_imports_experiments_and_nobody_the_command_line():
    for room, other in ((room, other) for at_once in (True, False) for room, others in between_rooms(at_once).items()
                        for other in others):  # fmt: skip
        assert other != "cli", room
        assert other not in ("experiments", "demo") or room == "cli"


def test_matching_knows_nothing_of_reading():
    for module, edges in IMPORTS.items():
        if module.startswith("geomsup.recognition.matching"):
            assert not any(other.startswith("geomsup.recognition.reading") for other, _ in edges), module


def test_modules_import_each_other_in_no_circle():
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " → ".join((*path, module))
        if module not in done:
            for other, at_once in IMPORTS.get(module, ()):
                if at_once:
                    visit(other, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("folder", sorted({path.parent for path in MODULES.values()}), ids=lambda path: path.name)
def test_no_folder_has_more_files_than_one_looks_through(folder):
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST_FILES
