"""Calls with hostile arguments over every public name and command: none may hang, give NaN, or fail in foreign words.

``python -m benchmarks.hostile_calls --seed 0 --calls 4000`` prints a table of faults and exits with 1 if there are any.

Every call is a valid one of which one or two arguments are replaced from a pool of hostile values; its number and the
seed say which. Calls run in a child process that the operating system ends when a call takes too much processor time,
so that a hang is a fault and not the end. A call is a fault if it

- ends in anything but a TypeError or ValueError that names an argument in backticks (or what its function documents),
- returns NaN or infinity where numbers are promised, or raises a warning of NumPy's,
- takes more than 20 seconds of processor time (except where the argument asks for that much work), or 2 gigabytes.
"""

import argparse
import contextlib
import dataclasses
import io
import json
import math
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import geomsup as gs
from benchmarks.hostile_targets import COMMANDS, ORDERED, TARGETS, TEXTS, VALUES, Target

__all__ = ["call_of", "fault_of"]

SECONDS, BYTES = 20, 2 * 2**30
LONG = f"ended: more than {SECONDS} s of processor time"
WALL = 600  # seconds after which a child that uses no processor is given up
DEEPEST = 6  # of results that are looked through


@dataclasses.dataclass(frozen=True)
class Call:
    """A call: of what, and which arguments are replaced by which values of the pool."""

    target: str
    replaced: tuple[tuple[str, str], ...]

    @property
    def ordered(self) -> bool:
        """Whether it may take long, because it asks for any amount of work."""
        return any((self.target, argument) in ORDERED for argument, _ in self.replaced)

    def __str__(self) -> str:
        return f"{self.target}({', '.join(f'{name}={value}' for name, value in self.replaced)})"


def call_of(seed: int, number: int, targets: Mapping[str, Target] = TARGETS) -> Call:
    """Return call `number` of a seed; every target has its turn."""
    draw = random.Random(f"{seed} {number}")
    names = [*targets, *(f"geomsup {command}" for command in COMMANDS)] if targets is TARGETS else [*targets]
    name = names[number % len(names)]
    command = name.removeprefix("geomsup ")
    arguments = list(COMMANDS[command] if name.startswith("geomsup ") else targets[name].arguments)
    pool = list(TEXTS if name.startswith("geomsup ") else VALUES)
    chosen = draw.sample(arguments, min(len(arguments), draw.choice([1, 1, 1, 2])))
    return Call(name, tuple((argument, draw.choice(pool)) for argument in chosen))


def fault_of(call: Call) -> str | None:
    """Make a call; return what is wrong with how it ends, None if nothing is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fault = _command_fault(call) if call.target.startswith("geomsup ") else _function_fault(call)
    foreign = [str(one.message) for one in caught if issubclass(one.category, RuntimeWarning) and _is_numpys(one)]
    return fault or (f"warning: {foreign[0]}" if foreign else None)


def _is_numpys(warning: warnings.WarningMessage) -> bool:
    text = str(warning.message)
    return "encountered" in text or "discards the imaginary part" in text


def _function_fault(call: Call) -> str | None:
    target = TARGETS[call.target]
    arguments = {name: make() for name, make in target.arguments.items()}
    arguments |= {name: VALUES[value]() for name, value in call.replaced}
    try:
        result = target.function(**arguments)
        with contextlib.redirect_stdout(io.StringIO()):
            texts = str(result), repr(result)
        plain = result.to_dict() if hasattr(result, "to_dict") else None
    except target.documented:
        return None
    except AssertionError:
        return None if callable(arguments.get("progress")) else "AssertionError"
    except MemoryError:
        return "memory: more than 2 GB"
    except (TypeError, ValueError) as error:
        return None if callable(arguments.get("progress")) else _wording(error)  # what the caller's own may raise
    except Exception as error:
        return f"{type(error).__name__}: {error} at {_place(error)}"
    if target.finite and any(not math.isfinite(number) for number in _numbers((result, plain), DEEPEST)):
        return "result: not finite"
    return "result: nan in the text" if target.finite and any(" nan" in text for text in texts) else None


def _command_fault(call: Call) -> str | None:
    from geomsup.cli.program import main

    command = call.target.removeprefix("geomsup ")
    words = {name: make() for name, make in COMMANDS[command].items()} | {n: TEXTS[v]() for n, v in call.replaced}
    line = [*command.split(), *(words[name] for name in words if not name.startswith("-"))]
    line += [part for name, word in words.items() if name.startswith("-") for part in (name, word)]
    output, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main(line)
    except MemoryError:
        return "memory: more than 2 GB"
    except BaseException as error:
        return f"{type(error).__name__}: {error} at {_place(error)}"
    said = errors.getvalue().strip()
    if code == 2 and (not said.startswith("geomsup: ") or "\n" in said):
        return f"words: {said[:100]}"
    return None


def _wording(error: Exception) -> str | None:
    """Say what is wrong with an error's words: no argument in backticks, or several lines."""
    text = str(error)
    if text.count("`") < 2:
        return f"words: {type(error).__name__}: {text[:100]} at {_place(error)}"
    return f"lines: {text[:100]!r}" if "\n" in text else None


def _place(error: BaseException) -> str:
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}geomsup{os.sep}" in frame.filename
    ]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere in geomsup"


def _numbers(value: Any, depth: int) -> Iterator[float]:
    """Yield the numbers a result holds, of arrays one that is not finite or else the first."""
    if isinstance(value, float | np.floating):
        yield float(value)
    elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
        yield float(value.flat[int(np.argmax(~np.isfinite(value)))])
    elif depth and isinstance(value, Mapping):
        for entry in value.values():
            yield from _numbers(entry, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for entry in value[:100]:
            yield from _numbers(entry, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type | gs.Features | gs.ToyModel):
        for field in dataclasses.fields(value):
            yield from _numbers(getattr(value, field.name), depth - 1)


def _work(seed: int) -> None:
    """Make the calls whose numbers come in, and say of each what is wrong; a child process does this."""
    os.environ["GEOMSUP_CACHE"] = tempfile.mkdtemp()
    os.chdir(tempfile.mkdtemp())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    known = sys.stdout
    sys.stdout = sys.stderr
    warm: set[str] = set()
    for line in sys.stdin:
        call = call_of(seed, int(line))
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if call.target not in warm:  # compiled code is loaded, or made, by a valid call first
            fault = fault_of(Call(call.target, ()))
            warm.add(call.target)
            if fault:
                print(json.dumps({"fault": f"the valid call: {fault}", "seconds": 0.0}), file=known, flush=True)
                continue
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + SECONDS, most))
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + BYTES, resource.RLIM_INFINITY))
        begun = time.process_time()
        fault = fault_of(call)
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        print(json.dumps({"fault": fault, "seconds": time.process_time() - begun}), file=known, flush=True)


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


class _Child:
    """The process that makes calls; another takes its place when it is ended."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "benchmarks.hostile_calls", "--seed", str(self.seed), "--work"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def outcome(self, number: int) -> dict[str, Any]:
        """Return the fault (or None) and the seconds of call `number`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        with _alarm(self.process):
            line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        code = self.process.wait()
        self.start()
        fault = LONG if code == -signal.SIGXCPU else f"ended: killed ({code})"
        return {"fault": fault, "seconds": float(SECONDS)}


@contextlib.contextmanager
def _alarm(process: subprocess.Popen[str]) -> Iterator[None]:
    from threading import Timer

    timer = Timer(WALL, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _table(faults: list[tuple[Call, str]]) -> str:
    causes: dict[tuple[str, str], list[Call]] = {}
    for call, fault in faults:
        causes.setdefault((call.target, fault), []).append(call)
    lines = [f"{len(calls):>5}  {fault}\n       {calls[0]}" for (_, fault), calls in causes.items()]
    return "\n".join(lines)


def run(seed: int, calls: int, first: int = 0, tell: Callable[[str], None] = print) -> int:
    """Make calls, print what is wrong with them, and return how many are."""
    child, faults, slowest = _Child(seed), [], Counter()
    for number in range(first, first + calls):
        call, outcome = call_of(seed, number), child.outcome(number)
        slowest[str(call)] = outcome["seconds"]
        if outcome["fault"] and not (outcome["fault"] == LONG and call.ordered):
            faults.append((call, outcome["fault"]))
            tell(f"{number}: {call}: {outcome['fault']}")
    child.process.kill()
    tell(f"\n{calls} calls of {len(TARGETS)} functions and {len(COMMANDS)} commands, {len(faults)} faults")
    tell(_table(faults))
    tell("slowest: " + "; ".join(f"{call} {seconds:.1f} s" for call, seconds in slowest.most_common(5)))
    return len(faults)


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--calls", type=int, default=4000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        _work(given.seed)
        return 0
    return 1 if run(given.seed, given.calls, given.first) else 0


if __name__ == "__main__":
    sys.exit(main())
