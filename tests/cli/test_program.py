"""The program: its commands, their help, and how it ends."""

import contextlib
import functools
import io
import itertools
import os
import signal
import subprocess
import sys
import time

import pytest
from rich.console import Console

import geomsup as gs
from geomsup.cli import main
from geomsup.cli.program import app

INPUTS = [
    "--features",
    "--samples",
    "--probability",
    "--sparsity",
    "--importance",
    "--values",
    "--groups",
    "--normalised",
]
MODEL = [
    *INPUTS,
    "--run",
    "--weights",
    "--name",
    "--bias",
    "--no-bias",
    "--decoder",
    "--no-decoder",
    "--hidden-bias",
    "--no-hidden-bias",
    "--ignore",
    "--orientation",
    "--instances",
    "--activation",
    "--hidden-activation",
]
OPTIONS = {
    "doctor": ["--output", "-o", "--json"],
    "warm": ["--json"],
    "polytope": ["--vertices", "--dimension", "--output", "-o", "--json"],
    "symmetry": ["--weights", "--name", "--orientation", "--run", "--tolerance", "--output", "-o", "--json"],
    "dimensionality": ["--weights", "--name", "--orientation", "--run", "--output", "-o", "--json"],
    "one-hot": ["--dead", "--silent", "--output", "-o", "--json"],
    "certify": ["--probability", "--limit", "--unequal", "--coherence", "--decoders", "--output", "-o", "--json"],
    "verify": ["--output", "-o", "--json"],
    "symbolic": ["--output", "-o", "--json"],
    "reproduce": ["--all", "--list", "--quick", "--output", "-o", "--jobs", "--scheduler", "--json"],
    "sweep": [
        "--output",
        "-o",
        "--status",
        "--scheduler",
        "--workers",
        "--unit-seconds",
        "--again",
        "--plot",
        "--json",
    ],
    "thomson": ["--starts", "--seed", "--time-limit", "--threads", "--output", "-o", "--plot", "--json"],
    "energy": [
        "--d",
        "--energy",
        "--exponent",
        "--starts",
        "--seed",
        "--time-limit",
        "--threads",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "plateaus": [
        "--points",
        "--probability-range",
        "--sparsity-range",
        "--largest-rank",
        "--n-features",
        "--n-hidden",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "phase-diagram": [
        "--points",
        "--probability-range",
        "--sparsity-range",
        "--importance-range",
        "--activation",
        "--untied",
        "--coherence",
        "--max-cosine",
        "--hidden-activation",
        "--target",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "demo": ["--output", "-o", "--models", "--steps", "--seed", "--json"],
    "train": [
        *INPUTS,
        "--models",
        "--steps",
        "--batch",
        "--learning-rate",
        "--seed",
        "--record",
        "--threads",
        "--device",
        "--activation",
        "--hidden-activation",
        "--untied",
        "--hidden-bias",
        "--second-layer",
        "--optimizer",
        "--momentum",
        "--init-scale",
        "--coherence",
        "--hidden-l1",
        "--dropout",
        "--criterion",
        "--attack",
        "--target",
        "--objective",
        "--preset",
        "--schedule",
        "--weight-decay",
        "--clip",
        "--output",
        "-o",
        "--json",
    ],
    "classify": [
        "--weights",
        "--name",
        "--orientation",
        "--run",
        "--instances",
        "--noise",
        "--represented",
        "--center",
        "--signs",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "loss": [
        *MODEL,
        "--method",
        "--rtol",
        "--target",
        "--power",
        "--by-active",
        "--output",
        "-o",
        "--json",
    ],
    "optimum": [
        *INPUTS,
        "--activation",
        "--untied",
        "--coherence",
        "--max-cosine",
        "--weight-decay",
        "--hidden-activation",
        "--target",
        "--starts",
        "--seed",
        "--time-limit",
        "--output",
        "-o",
        "--json",
    ],
    "compare": [
        *MODEL,
        "--coherence",
        "--weight-decay",
        "--target",
        "--starts",
        "--seed",
        "--time-limit",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
}


def test_version(run):
    assert run("--version").strip() == gs.__version__


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("command", OPTIONS)
def test_help_fills_the_lines_of_a_terminal(command, width):
    """Where the source of a docstring breaks its lines means nothing."""
    terminal = Console(file=io.StringIO(), width=width)
    app.help_print([command], console=terminal)
    lines = [line.rstrip() for line in terminal.file.getvalue().split("╭")[0].splitlines()]
    assert max(map(len, lines)) <= width
    for line, next_line in itertools.pairwise(lines):
        assert not line or not next_line or len(f"{line} {next_line.split()[0]}") > width


def test_help_lists_every_command(run):
    text = run("--help")
    assert run() == text
    for command in OPTIONS:
        assert command in text


@pytest.mark.slow
@pytest.mark.parametrize("command", OPTIONS)
def test_help_describes_every_option(run, command):
    text = run(command, "--help")
    words = text.replace("|", " ").split()
    for option in OPTIONS[command]:
        assert option in words
    found = {word.strip("`.;") for word in words if word.startswith("-") and word.strip("-")}
    positional = {"--path", "--spec", "--n-features", "--n-hidden", "--n", "--name", "--shape", "--family", "--size"}
    assert found - positional == set(OPTIONS[command]) - positional


@pytest.mark.slow
@pytest.mark.parametrize("command", OPTIONS)
def test_help_has_an_example(run, command):
    assert f"geomsup {command}" in " ".join(run(command, "--help").split("Example", 1)[1].split())


def test_the_shell_can_complete_commands_and_options(run):
    assert "--install-completion" in run("--help")
    text = app.generate_completion(shell="bash")
    assert all(command in text for command in OPTIONS)


@pytest.mark.slow
def test_python_m_geomsup_is_the_same_program():
    command = [sys.executable, "-m", "geomsup"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, gs.__version__, "")
    done = subprocess.run([*command, "classify", "nothing.npy"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_interruption_is_exit_code_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(gs, "optimum", interrupted)
    assert main(["optimum", "2", "1"]) == 130
    assert capsys.readouterr().err == "geomsup: interrupted\n"


SHOWN = [("optimum", "2", "1"), ("plateaus", "--help"), ("thomson", "4"), ("--help",)]
ALL_SHOWN = """
import sys
from geomsup.cli import main
for arguments in {SHOWN!r}:
    assert main(list(arguments)) == 0
    sys.stdout.flush()
    sys.stdout.buffer.write(b"{END}")
"""
END = "end of a command"


@functools.cache
def printed_with(encoding):
    """Return what the program prints for each of some commands where the terminal has an encoding."""
    environment = os.environ | {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    command = [sys.executable, "-c", ALL_SHOWN.format(SHOWN=SHOWN, END=END)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    return dict(zip(SHOWN, done.stdout.split(END)[:-1], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("arguments", SHOWN)
def test_terminals_without_a_sign_get_its_name_in_ascii(arguments):
    plain, signs = printed_with("ascii")[arguments], printed_with("utf-8")[arguments]
    assert plain.isascii()
    assert "?" not in plain.replace("?", "", signs.count("?"))
    assert len(plain.splitlines()) == len(signs.splitlines()) > 1
    for encoding in ("latin-1", "cp1252"):
        assert printed_with(encoding)[arguments].strip()


def test_signals_end_a_command_with_their_number(monkeypatch, capsys):
    """Also one that keeps what is done, as a search for a lowest energy does; SIGTERM is as tidy as Ctrl-C."""
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for kind in (signal.SIGINT, signal.SIGTERM):

        def ended(*_, kind=kind, **__):
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(kind)
            raise ValueError("the best so far")

        monkeypatch.setattr(gs, "optimum", ended)
        assert main(["optimum", "2", "1"]) == 128 + kind
        assert capsys.readouterr().err == "geomsup: the best so far\n"
    assert signal.getsignal(signal.SIGTERM) == before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_the_interpreter_forgets_is_sent_again(monkeypatch, capsys):
    """No exception leaves the end of an object, or of the lock of an import."""

    class Deaf:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def begun(*_, **__):
        Deaf()
        time.sleep(600.0)  # seconds: the signal ends it

    signal.signal(signal.SIGINT, signal.default_int_handler)
    hook = sys.unraisablehook
    monkeypatch.setattr(gs, "optimum", begun)
    assert main(["optimum", "2", "1"]) == 130
    assert capsys.readouterr().err == "geomsup: interrupted\n"
    assert sys.unraisablehook is hook


INTERRUPTED_TEXT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
import geomsup as gs
from geomsup.cli import main
gs.optimum = lambda *_, **__: exec("os.kill(os.getpid(), signal." + sys.argv[1] + ")", {"os": os, "signal": signal})
sys.exit(main(["optimum", "2", "1"]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_code_made_from_text_ends_with_its_number(kind, tmp_path):
    """As numba's is: ``python -m`` then ends by SIGINT, whatever the exit code."""
    (tmp_path / "interrupted.py").write_text(INTERRUPTED_TEXT)
    done = subprocess.run(
        [sys.executable, "-m", "interrupted", kind.name], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (128 + kind, "geomsup: interrupted\n")


INTERRUPTED_IMPORT = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)

class Finder:
    def find_spec(self, name, path, target=None):
        if name == {name!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
from geomsup.cli import main
sys.exit(main({arguments!r}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), [
    ("numpy", ["--version"]), ("cyclopts", ["--version"]), ("geomsup.cli.theory", ["--version"]),
    ("geomsup.plateau", ["plateaus"]), ("scipy.special", ["optimum", "2", "1"]),
])  # fmt: skip
def test_interruption_while_something_is_imported(name, arguments):
    program = INTERRUPTED_IMPORT.format(name=name, arguments=arguments)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "geomsup: interrupted\n")


def printed_to(out, *arguments, err=subprocess.PIPE, unbuffered=""):
    """Return how the program ends, and what it says, when `out` is its standard output."""
    command = [sys.executable, "-m", "geomsup", *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, stdout=out, stderr=err, text=True, env=environment)
    return done.returncode, done.stderr


@pytest.fixture
def unread():
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [
    ("--help",), ("--version",), ("reproduce", "--list"), ("reproduce", "--list", "--json"), ("thomson", "2"),
])  # fmt: skip
def test_output_that_nobody_reads_ends_the_program_silently(arguments, unread):
    assert printed_to(unread, *arguments) == (141, "")


@pytest.mark.slow
def test_output_that_nobody_reads_line_by_line(unread):
    assert printed_to(unread, "reproduce", "--list", "--json", unbuffered="1") == (141, "")


@pytest.mark.slow
def test_errors_that_nobody_reads(unread):
    assert printed_to(unread, "classify", "nothing.npy", err=unread)[0] == 2


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full, which Linux has")
def test_a_full_disk_is_said_in_one_line():
    with open("/dev/full", "w") as full:
        code, words = printed_to(full, "reproduce", "--list", "--json")
    assert code == 2
    assert words.startswith("geomsup: [Errno 28] ")
    assert words.count("\n") == 1


def blas_threads(first, **asked):
    """Return what BLAS is told in a process that runs the program after a first statement."""
    text = (
        f"{first}; import os; from geomsup.cli import main; main(['--version']); "
        "print([os.environ.get(name) for name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS')])"
    )
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, env=plain | asked)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
def test_blas_gets_one_thread_unless_somebody_chose():
    """Its threads wait for each other beside other work, and nobody then hears Ctrl-C for seconds."""
    assert blas_threads("pass") == "['1', None]"
    assert blas_threads("pass", OMP_NUM_THREADS="4") == "[None, '4']"
    assert blas_threads("pass", OPENBLAS_NUM_THREADS="3") == "['3', None]"
    assert blas_threads("import numpy") == "[None, None]"
