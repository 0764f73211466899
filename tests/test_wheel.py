"""The wheel, in an environment that has never seen this folder: import, command line, files of data."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import geomsup, pathlib, sys
assert pathlib.Path(geomsup.__file__).is_relative_to(sys.prefix), geomsup.__file__
import geomsup as gs
assert gs.classify(gs.polytope("24-cell").vertices).name == "24-cell"  # generated
assert gs.polytope("J37").n_vertices == 24  # from a file of data
assert gs.best_known(12, 3, "coulomb").value > 49  # from another
print(gs.__version__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.mark.slow
def test_a_wheel_works_where_it_is_installed(wheel, tmp_path):
    """Only its libraries come from here: the folder that a `.pth` names has no `.pth` files of its own read."""
    environment = venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt")
    environment.create(tmp_path / "env")
    programs = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def run(*command):
        return subprocess.run(command, cwd=tmp_path, env=clean, check=True, capture_output=True, text=True).stdout

    run(python, "-m", "pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel))
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    libraries = {str(Path(__import__(name).__file__).parents[1]) for name in ("numpy", "scipy", "numba", "cyclopts")}
    (site / "libraries.pth").write_text("\n".join(sorted(libraries)))
    version = run(python, "-c", PROGRAM).strip()
    assert run(str(programs / "geomsup"), "--version").strip() == version
    assert "24-cell" in run(str(programs / "geomsup"), "polytope", "24-cell")


@pytest.mark.slow
def test_a_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"geomsup"}
    files = {path.relative_to(ROOT) for path in (ROOT / "geomsup").rglob("*") if path.is_file()}
    assert {path.as_posix() for path in files if path.suffix not in {".pyc", ".nbi", ".nbc"}} <= set(names)
    assert "geomsup/py.typed" in names
