"""How kernels are compiled, and where compiled ones are kept: `njit` is numba's, with one cache for the whole package.

numba's own cache asks whether the file of a function has changed. It does not see changes in what the function calls,
and then returns old machine code. Here machine code is kept under a name with a digest of the function's file and of
all that the file imports from the package. The folder is ``geomsup/__pycache__/kernels`` if it can be written, else one
in the user's cache folder. ``NUMBA_CACHE_DIR`` names another.
"""

import hashlib
import re
import signal
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config, types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.registry import CPUDispatcher

from geomsup.folders import user_folder

__all__ = ["COMPILING", "announced", "digests", "kernel_folder", "njit", "telling"]

COMPILING = "compiling, once"  # the stage that `progress` is called with while kernels are compiled

PACKAGE = Path(__file__).parent
# At the top of a file: what a kernel takes from elsewhere is there when it is compiled.
IMPORTED = re.compile(r"^(?:from|import) (geomsup(?:\.\w+)*)(?: import ([^\n#(]+|\([^)]*\)))?", re.MULTILINE)
KEPT = re.compile(r"-([0-9a-f]{16})\.py")  # the digest in the name of a file that numba wrote


def njit(
    function: Any = None, *, part: bool = False, nogil: bool = True, forceinline: bool = False, **options: Any
) -> Any:
    """Compile a function without Python objects, as ``numba.njit`` does, and keep what was compiled.

    Parameters
    ----------
    function
        What to compile; left out, a decorator with these options is returned.
    part
        Whether only other kernels call the function. It is then optimised within them, once, and not kept on its own.
    nogil
        Whether other threads may run meanwhile; numba's default is False.
    forceinline
        Whether callers hold the function's code wherever they call it: a part that costs no call.
    options
        Other options of ``numba.njit``: error_model, fastmath, inline.

    Examples
    --------
    >>> @njit(error_model="numpy")
    ... def half(x):
    ...     return x / 2
    >>> half(3.0)
    1.5
    """
    if function is None:
        return lambda plain: njit(plain, part=part, nogil=nogil, forceinline=forceinline, **options)
    options |= {"nogil": nogil, "forceinline": forceinline, "no_cfunc_wrapper": True}
    if part or forceinline:
        dispatcher = _made(_Part, function, options | {"no_cpython_wrapper": True, "pipeline_class": _PartCompiler})
        dispatcher.alone = cache(lambda: _made(_Kernel, function, options | {"pipeline_class": _AloneCompiler}))
        return dispatcher
    dispatcher = _made(_Kernel, function, options)
    # A user's own functions, and those of examples, are in no file of the package.
    if function.__module__ in digests() and kernel_folder() is not None:
        dispatcher._cache = _Kept(function)
    return dispatcher


def _made(kind: type, function: Any, options: dict[str, Any]) -> Any:
    dispatcher: Any = numba.njit(**options)(function)
    dispatcher.__class__ = kind
    return dispatcher


@cache
def digests() -> dict[str, str]:
    """Return, for each module with kernels, a digest of its text, of what it imports from the package, and of numba."""
    texts = {_module_of(path): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    imports = {module: _imported(text) for module, text in texts.items()}
    result = {}
    for module in (module for module, text in texts.items() if "njit" in text or "compiled" in text):
        digest = hashlib.sha256(numba.__version__.encode())
        for part in sorted(_with_imports(module, imports)):
            digest.update(f"{part}\n{texts[part]}".encode())
        result[module] = digest.hexdigest()[:16]
    return result


def _module_of(path: str | Path) -> str:
    return ".".join(Path(path).relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(text: str) -> list[str]:
    """Return what a text imports from the package: modules, and names of which some are modules."""
    return [
        name
        for module, names in IMPORTED.findall(text)
        for name in (module, *(f"{module}.{name}" for name in re.findall(r"\w+", names)))
    ]


def _with_imports(module: str, imports: dict[str, list[str]]) -> set[str]:
    """Return the module and all modules that it imports, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in imports and name not in found:
            found.add(name)
            waiting += imports[name]
    return found


@cache
def kernel_folder() -> Path | None:
    """Return the folder of compiled kernels, and make it if needed; None, with a warning, if none can be written."""
    places = _places()
    for folder in places:
        if _is_writable(folder):
            _drop_stale(folder)
            return folder
    warnings.warn(
        f"Compiled kernels cannot be kept, as no folder can be written of {', '.join(map(str, places))}. Every process "
        "compiles them anew. Set NUMBA_CACHE_DIR to a folder that can be written.",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


def _places() -> list[Path]:
    own = f"kernels-{hashlib.sha256(str(PACKAGE).encode()).hexdigest()[:16]}"  # installations do not share
    chosen = getattr(config, "CACHE_DIR")  # noqa: B009  (the variable NUMBA_CACHE_DIR; set when numba is imported)
    if chosen:
        return [Path(chosen) / own]
    user = user_folder()
    return [PACKAGE / "__pycache__" / "kernels", *([] if user is None else [user / own])]


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _drop_stale(folder: Path) -> None:
    """Remove kernels that were compiled from other texts; a process that still needs one compiles it again."""
    current = set(digests().values())
    for path in folder.iterdir():
        found = KEPT.search(path.name)
        if found and found[1] not in current:
            path.unlink(missing_ok=True)


_LISTENERS: list[Callable[[], object]] = []


@contextmanager
def announced(tell: Callable[[], object]) -> Iterator[None]:
    """Call `tell` before something is compiled within the block, which may take half a minute.

    Examples
    --------
    >>> with announced(lambda: None):  # may be kept since an earlier run
    ...     njit(lambda x: x / 2)(3.0)
    1.5
    """
    _LISTENERS.append(tell)
    try:
        yield
    finally:
        _LISTENERS.remove(tell)


@contextmanager
def telling(progress: Callable[[str, float], object] | None) -> Iterator[None]:
    """Call ``progress("compiling, once", 0.0)`` before the first compilation within the block; None: nobody is told.

    Examples
    --------
    >>> stages = []
    >>> with telling(lambda stage, fraction: stages.append(stage)):
    ...     njit(lambda x: x / 2)(3.0)
    1.5
    >>> stages in ([], ["compiling, once"])  # it may be kept since an earlier run
    True
    """
    said: list[str] = []

    def tell() -> None:
        if progress is not None and not said:
            said.append(COMPILING)
            progress(COMPILING, 0.0)

    with announced(tell):
        yield


def _announce() -> None:
    for tell in tuple(_LISTENERS):
        tell()


class _Locator(_CacheLocator):
    """Tells numba where a function's machine code is; its name changes with the texts it was compiled from."""

    def __init__(self, function: Any) -> None:
        self._py_file = function.__code__.co_filename  # read by numba when it says what cannot be kept
        self.digest = digests()[function.__module__]
        self.name = f"{function.__module__}-{function.__code__.co_firstlineno}-{self.digest}"

    def get_cache_path(self) -> str:
        return str(kernel_folder())

    def get_source_stamp(self) -> str:
        return self.digest

    def get_disambiguator(self) -> str:
        return self.name

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "_Locator":
        return cls(py_func)


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_Locator]  # noqa: RUF012  (numba's own name)


class _Kept(FunctionCache):
    _impl_class = _Implementation

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        if found is None:
            _announce()
        return found


class _AloneLibrary(JITCodeLibrary):
    """The code of a part that Python calls by itself, as tests do: it need not be quick."""

    def _optimize_final_module(self) -> None:
        pass


class _PartLibrary(_AloneLibrary):
    """The code of a part, which its callers make into machine code, together with their own.

    numba optimises a function's code, and makes machine code of it, then does so with that of its caller, with the
    function inside, and so on: five times for a function that is called through five others.
    """

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


class _AloneCompiler(Compiler):
    """numba's compiler, which puts what it makes into a library of the class `library`."""

    library: type[JITCodeLibrary] = _AloneLibrary

    def define_pipelines(self) -> Any:
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        return super().define_pipelines()


class _PartCompiler(_AloneCompiler):
    """The compiler of parts: it stops before machine code."""

    library = _PartLibrary

    def define_pipelines(self) -> Any:
        self.state.flags.no_compile = True
        return super().define_pipelines()


class _Kernel(CPUDispatcher):
    """A compiled function that raises KeyboardInterrupt if Ctrl-C came while it ran.

    numba makes its results Python objects by a little Python of its own. The interpreter raises there what has waited,
    and numba does not look: it returns "a result with an exception set", which is a SystemError.
    """

    _cache: Any

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Take constants for what they are constants of: another specialisation for ``True`` takes seconds to make."""
        named = {name: types.unliteral(kind) for name, kind in kws.items()}
        return super().get_call_template(tuple(types.unliteral(kind) for kind in args), named)

    def compile(self, sig: Any) -> Any:
        if not isinstance(self._cache, _Kept):
            _announce()
        with _nothing_lost():
            return super().compile(sig)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().__call__(*arguments, **named)
        except SystemError as error:
            if _holds_interruption(error):
                raise KeyboardInterrupt from None
            raise


class _Part(_Kernel):
    """A function that only other kernels call. Python calls another one, made of the same text: `alone()`."""

    alone: Callable[[], Any]

    def add_overload(self, cres: Any) -> None:
        """Keep what was compiled for callers: they look for it by an entry point, which is machine code elsewhere."""
        entry_point = object()
        self.targetctx.insert_user_function(entry_point, cres.fndesc, [cres.library])
        self.overloads[tuple(cres.signature.args)] = cres._replace(entry_point=entry_point)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.alone()(*arguments, **named)


@contextmanager
def _nothing_lost() -> Iterator[None]:
    """Let signals wait that come where an exception would be printed and forgotten."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[tuple[Any, int]] = []

    def listen(number: int, frame: Any) -> None:
        if _is_forgetful(frame):
            waiting.append((before[number], number))
        else:
            before[number](number, frame)

    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in before.items() if callable(handler)}
    try:
        for number in before:
            signal.signal(number, listen)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for handler, number in waiting[:1]:
        handler(number, None)


def _is_forgetful(frame: Any) -> bool:
    """Whether code runs that LLVM or the interpreter calls, such as the end of an object: neither passes errors on."""
    while frame is not None:
        code = frame.f_code
        if code.co_name == "__del__" or code.co_name.startswith("_raw_object_cache_"):
            return True
        if code.co_filename == weakref.__file__:
            return True
        frame = frame.f_back
    return False


def _holds_interruption(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None
