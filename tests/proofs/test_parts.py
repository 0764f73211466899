"""Processes that parts of certificates are looked at in: what they answer, and that none is left."""

import math
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

import geomsup
from geomsup.proofs.checker import parts_checked
from geomsup.proofs.parts import apart

WAIT = 120  # seconds after which something hangs


@pytest.fixture(autouse=True)
def _two(monkeypatch):
    monkeypatch.setenv("GEOMSUP_THREADS", "2")


def printed(text):
    print(text)
    os.write(1, b"and more")
    return text


def refused(number):
    if number > 2:
        raise ValueError(f"{number} is too much")
    return -number


def who(_):
    return os.getpid()


def lost(number):
    if number == 1:
        os._exit(3)
    return number


def test_answers_are_those_of_map_and_in_order():
    items = [5, 300, 1, 40, 2, 170, 3]
    with apart() as each:
        assert list(each(math.factorial, items)) == list(map(math.factorial, items))
        assert list(each(str, [])) == []
        assert list(each(sorted, ["ba", [2, 1]])) == [["a", "b"], [1, 2]]


def test_other_processes_answer():
    with apart() as each:
        mine = set(each(who, range(20)))
    assert os.getpid() not in mine
    assert 1 <= len(mine) <= 2


def test_one_processor_needs_no_other_process(monkeypatch):
    monkeypatch.setenv("GEOMSUP_THREADS", "1")
    with apart() as each:
        assert set(each(who, range(3))) == {os.getpid()}


def test_the_first_error_is_raised():
    with pytest.raises(ValueError, match=r"^3 is too much$"), apart() as each:
        list(each(refused, [1, 3, 4, 2]))  # in the order of items, whichever is first to fail
    with apart() as each:
        found = each(refused, [1, 2, 5])
        assert [next(found), next(found)] == [-1, -2]


def test_a_function_that_they_cannot_import():
    def local(number):
        return number

    with pytest.raises((AttributeError, TypeError), match="local"), apart() as each:
        list(each(local, [1, 2]))


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Closed(Exception):
    def __reduce__(self):
        raise TypeError("stays here")


def odd(kind):
    if kind == "odd":
        raise Odd(1, "x" * 300_000)
    raise Closed("not to be sent")


@pytest.mark.parametrize(("kind", "error"), [("odd", TypeError), ("closed", RuntimeError)])
def test_answers_after_an_error_that_cannot_be_sent(kind, error):
    """They are read to their end, so that no other item gets what is left of them."""
    with apart() as each:
        for _ in range(3):
            with pytest.raises(error, match=r"missing 1 required|Closed: not to be sent"):
                list(each(odd, [kind]))
            assert list(each(abs, [-7, -8, -9])) == [7, 8, 9]


def test_what_is_printed_is_no_answer(capfd):
    with apart() as each:
        assert list(each(printed, ["some", "words"])) == ["some", "words"]
    assert capfd.readouterr().out == ""


def test_a_process_that_is_lost():
    with pytest.raises(OSError, match="ended too early; run the same again with GEOMSUP_THREADS=1"), apart() as each:
        list(each(lost, [0, 1, 2]))


def test_many_answers_and_large_ones():
    items = ["x" * size for size in (3_000_000, 10, 1_000_000, 0)]
    with apart() as each:
        assert list(each(str.upper, items)) == [item.upper() for item in items]
        assert list(each(abs, list(range(-500, 500)))) == list(map(abs, range(-500, 500)))


def test_the_same_copy_of_the_package_is_used_in_other_folders(tmp_path, monkeypatch):
    """And modules there are not taken for those of the standard library."""
    (tmp_path / "random.py").write_text("raise ImportError")
    other = tmp_path / "geomsup"
    other.mkdir()
    (other / "__init__.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.setattr(sys, "path", [tmp_path / "no text", *sys.path])
    with apart() as each:
        assert set(each(eval, ["__import__('geomsup').__file__"] * 3)) == {geomsup.__file__}


def test_long_parts_first_and_none_is_missing():
    seen, told = list[str](), list[float]()

    def check(part):
        seen.append(part)
        return len(part)

    parts = ["a", "abc", "ab"]
    assert parts_checked(check, parts, map, lambda stage, fraction: told.append(fraction)) == [1, 3, 2]
    assert seen == ["abc", "ab", "a"]
    assert told == [0, 1 / 3, 2 / 3, 1]
    with pytest.raises(ValueError, match=r"zip\(\) argument"):
        parts_checked(check, parts, lambda check, parts: [1, 2], lambda stage, fraction: None)


def test_no_python_to_start(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with apart() as each:
        assert set(each(who, range(3))) == {os.getpid()}


@pytest.mark.parametrize("times", [2, 5])
def test_several_interruptions_at_once(tmp_path, times):
    """The second one strikes while the first one is answered."""
    for _ in range(4):
        with begun(tmp_path) as program:
            for _ in range(times):
                program.send_signal(signal.SIGINT)
            program.communicate(timeout=WAIT)
        assert program.returncode != 0


PLAIN = """
from geomsup.proofs.parts import apart
print("begins")
with apart() as each:
    print(list(each(abs, [-1, 2, -3])))
"""


def test_a_script_needs_no_guard(tmp_path):
    """Processes of the standard library would run the script again."""
    script = tmp_path / "script.py"
    script.write_text(PLAIN)
    found = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=WAIT)
    assert (found.stdout, found.stderr) == ("begins\n[1, 2, 3]\n", "")


LONG = """
import os, time
from geomsup.proofs.parts import _Helpers, apart
ours = _Helpers.each
def each(self, *arguments):
    found = ours(self, *arguments)
    print(len(self._all), flush=True)
    return found
_Helpers.each = each
with apart() as each:
    list(each(time.sleep, [3600, 3600, 3600]))
"""


@contextmanager
def begun(tmp_path):
    """Yield a program that waits for its two processes; it ends in any case."""
    script = tmp_path / "script.py"
    script.write_text(LONG)
    program = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert program.stdout is not None
    try:
        assert program.stdout.readline() == "2\n"
        yield program
    finally:
        program.kill()
        program.communicate(timeout=WAIT)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_none_is_left_however_the_program_ends(tmp_path, sent):
    with begun(tmp_path) as program:
        program.send_signal(sent)
        _, words = program.communicate(timeout=WAIT)  # all of them have ended then: they write to the same pipe
    assert program.returncode == -sent
    assert ("KeyboardInterrupt" in words) == (sent == signal.SIGINT)
