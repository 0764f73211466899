"""What the GPU's kernels compile to, without a GPU: registers, spills, shared memory, calls and double precision.

Run as ``python -m benchmarks.ptx_cuda [5,2 20,5,tied=False ...]`` with the extra ``cuda``, which brings NVIDIA's
compiler.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from geomsup.training.cuda.form import Form, make_form
from geomsup.training.cuda.large import make_add_gradients, make_take_step
from geomsup.training.cuda.small import make_train_steps
from geomsup.training.settings import Settings

SIZES = ["5,2", "20,5", "200,20", "400,30"]
CAPABILITY = (9, 0)  # of an H100 or H200
COUNTED = {
    "fused multiply-adds": r"fma\.rn\.f32",
    "of doubles": r"(?:fma|mul|add)\.rn\.f64|add\.f64",
    "shuffles": r"shfl\.sync",
    "local memory": r"(?:ld|st)\.local",
    "calls": r"\bcall\b",
}


def kernels(form: Form) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Return the kernels of a form, and the types of their arguments."""
    from numba import types

    single, whole, double = types.float32, types.int64, types.float64
    table, box, stack = (types.Array(single, axes, "C") for axes in (2, 3, 4))
    integers = types.Array(types.int32, 3, "C"), types.Array(types.int32, 4, "C")  # stretches and sets
    tables = integers[0], box, stack, integers[1], table, double[::1], types.uint32[:, ::1]
    ends = double[::1], whole[::1]
    if form.small:
        return {"small": (make_train_steps(form), (table, box, *tables, *ends, *[whole] * 3, table, double))}
    return {
        "large, sums": (make_add_gradients(form), (table, *tables, ends[1], box, stack, *[whole] * 3)),
        "large, step": (make_take_step(form), (table, box, box, *ends, *[whole] * 4, table, double)),
    }


def assembler() -> str:
    import nvidia.cuda_nvcc

    return str(Path(nvidia.cuda_nvcc.__path__[0]) / "bin" / "ptxas")


def report(kernel: Any, signature: tuple[Any, ...]) -> str:
    from numba import cuda

    begin = time.perf_counter()
    ptx, _ = cuda.compile_ptx(kernel.py_func, signature, cc=CAPABILITY)
    seconds = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx)
        command = [
            assembler(),
            "-v",
            f"-arch=sm_{CAPABILITY[0]}{CAPABILITY[1]}",
            f"-maxrregcount={kernel.targetoptions.get('max_registers') or 255}",
            source,
            "-o",
            source.with_suffix(".o"),
        ]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = re.findall(r"\d+ bytes stack.*|Used .*", said.stdout + said.stderr)
    counts = [f"{len(re.findall(pattern, ptx))} {name}" for name, pattern in COUNTED.items()]
    return f"{seconds:.1f} s; {'; '.join(lines)}; {', '.join(counts)}"


def read_change(text: str) -> tuple[str, Any]:
    """Return the name and the value of a setting written as ``tied=False`` or ``activation=gelu``."""
    name, value = text.split("=")
    return name, {"True": True, "False": False}.get(value, value)


def main(sizes: list[str]) -> None:
    import numba.cuda.dispatcher as dispatcher

    # Functions that kernels call ask the device which machine to compile for.
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=CAPABILITY)
    for size in sizes:
        n, m, *changes = size.split(",")
        form = make_form(int(n), Settings(n_hidden=int(m), **dict(map(read_change, changes))))
        for name, (kernel, signature) in kernels(form).items():
            print(f"{size} {name}: {report(kernel, signature)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or SIZES)
