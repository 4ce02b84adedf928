"""How fast this machine multiplies float32 matrices, by every library at hand.

Each provider is a function (shape, seconds) -> FLOP/s with all cores busy. Operands are
contiguous and reused, which is kinder than any training step. And its multiply-adds without memory.
"""

from __future__ import annotations

import ctypes
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.jax_forms import jax
from benchmarks.machine import clock, on_one_core
from benchmarks.matmul_shapes import Shape
from fittest.training import native_backend, native_library

Provider = Callable[[Shape, float], float]
Product = Callable[[], object]
_Built = TypeVar("_Built")

_HERE = Path(__file__).parent
_HEADERS = Path(native_backend.__file__).with_name("native")
_ARCHITECTURE = {"avx512": "skylake-avx512", "avx2": "haswell", "march": "native"}


def _operands(shape: Shape) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return (
        torch.randn(shape.m, shape.k, generator=generator),
        torch.randn(shape.k, shape.n, generator=generator),
        torch.empty(shape.m, shape.n),
    )


def _rate(product: Product, flops: float, seconds: float) -> float:
    """FLOP/s of the calling thread."""
    product()
    calls, batch, start = 0, 1, clock()
    while True:
        for _ in range(batch):
            product()
        calls += batch
        # After the work: a thread that waits for a core must not have done nothing in its time.
        if (elapsed := clock() - start) >= seconds:
            return calls * flops / elapsed
        # Few looks at the clock, so that small products are not measured with it.
        batch = max(1, calls // 8)


def _on_each_core(threads: int, measure: Callable[[], float]) -> float:
    """Sum of `measure` over as many threads, this one among them, which start together."""
    rates: list[float] = []
    barrier = threading.Barrier(threads)

    def work() -> None:
        barrier.wait()
        rates.append(measure())

    workers = [threading.Thread(target=work) for _ in range(threads - 1)]
    for worker in workers:
        worker.start()
    work()
    for worker in workers:
        worker.join()
    return sum(rates)


def _torch_product(shape: Shape) -> Product:
    a, b, out = _operands(shape)
    return lambda: torch.mm(a, b, out=out)


def _onednn_product(shape: Shape) -> Product:
    a, b, _ = _operands(shape)
    weight = torch.ops.mkldnn._reorder_linear_weight(b.T.contiguous(), shape.m)
    linear = torch.ops.mkldnn._linear_pointwise
    return lambda: linear(a, weight, None, "none", [], "")


def _numpy_product(shape: Shape) -> Product:
    a, b, out = (tensor.numpy() for tensor in _operands(shape))
    return lambda: np.matmul(a, b, out=out)


def _shared(product_of: Callable[[Shape], Product], threads: int) -> Provider:
    """All cores on one product."""

    def measure(shape: Shape, seconds: float) -> float:
        torch.set_num_threads(threads)
        with threadpool_limits(threads, user_api="blas"):
            return _rate(product_of(shape), shape.flops, seconds)

    return measure


def _separate(product_of: Callable[[Shape], Product], threads: int) -> Provider:
    """A product per core."""

    def measure(shape: Shape, seconds: float) -> float:
        def on_this_core() -> float:
            torch.set_num_threads(1)
            return _rate(product_of(shape), shape.flops, seconds)

        with threadpool_limits(1, user_api="blas"):
            return _on_each_core(threads, on_this_core)

    return measure


def _batched(threads: int, batch: int = 16) -> Provider:
    """Many products in one call: what small ones need to hide the price of a call."""

    def measure(shape: Shape, seconds: float) -> float:
        torch.set_num_threads(threads)
        a, b, out = (t.expand(batch, *t.shape).contiguous() for t in _operands(shape))
        return _rate(lambda: torch.bmm(a, b, out=out), batch * shape.flops, seconds)

    return measure


def _jax_products(shape: Shape, batch: int) -> tuple[Any, Any, Any]:
    a, b, _ = (tensor.numpy() for tensor in _operands(shape))
    many = jax.numpy.asarray(np.broadcast_to(a, (batch, *a.shape)))
    return many, jax.numpy.asarray(b), jax.jit(lambda m, x: jax.lax.map(lambda y: y @ x, m))


class _Jax:
    """jit of a loop over a few products; compiled once per shape."""

    def __init__(self) -> None:
        self._compiled: dict[Shape, tuple[Any, Any, Any]] = {}

    def __call__(self, shape: Shape, seconds: float) -> float:
        batch = max(1, min(16, int(2e7 / shape.flops)))
        if shape not in self._compiled:
            self._compiled[shape] = _jax_products(shape, batch)
        a, b, function = self._compiled[shape]
        return _rate(lambda: jax.block_until_ready(function(a, b)), batch * shape.flops, seconds)


def _built(source: str, folder: Path, *flags: str) -> ctypes.CDLL:
    target = folder / f"{source}.so"
    command = ["g++", "-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno"]
    command += ["-fno-trapping-math", "-shared", "-fPIC", *flags]
    subprocess.run(
        [*command, str(_HERE / f"{source}.cpp"), "-o", str(target)],
        check=True,
        capture_output=True,
        text=True,
    )
    return ctypes.CDLL(str(target))


class NativeMatmul:
    """The native kernel's own matmul, built from its headers."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._threads = threads
        architecture = _ARCHITECTURE.get(native_library.loaded_variant())
        machine = [f"-march={architecture}"] if architecture else []
        library = _built("native_matmul", folder, f"-I{_HEADERS}", *machine)
        size, real, flag = ctypes.c_int64, ctypes.c_double, ctypes.c_int
        self._rate = library.fittest_matmul_rate
        self._rate.argtypes = (size, size, size, flag, real, flag)
        self._rate.restype = real

    def __call__(self, shape: Shape, seconds: float) -> float:
        """FLOP/s of all cores, a product each."""
        arguments = (shape.m, shape.k, shape.n, shape.transposed, seconds, on_one_core())
        return _on_each_core(self._threads, lambda: float(self._rate(*arguments)))


class FmaPeak:
    """The processor's multiply-adds that never leave the registers."""

    def __init__(self, threads: int, folder: Path) -> None:
        self._threads = threads
        self._rate = _built("fma_peak", folder, "-march=native").fittest_fma_rate
        self._rate.argtypes = (ctypes.c_double, ctypes.c_int)
        self._rate.restype = ctypes.c_double

    def __call__(self, seconds: float) -> float:
        """FLOP/s of all cores."""
        return _on_each_core(self._threads, lambda: float(self._rate(seconds, on_one_core())))


@dataclass(frozen=True)
class Ceilings:
    """What was built here to measure with; None where it could not be, as `notes` say."""

    matmul: NativeMatmul | None
    peak: FmaPeak | None
    notes: tuple[str, ...] = ()

    @classmethod
    def built(cls, threads: int, folder: Path) -> Ceilings:
        """What can be had here."""
        matmul, matmul_note = _attempt("the kernel's matmul", NativeMatmul, threads, folder)
        peak, peak_note = _attempt("the multiply-add peak", FmaPeak, threads, folder)
        return cls(matmul, peak, tuple(note for note in (matmul_note, peak_note) if note))


def _attempt(
    what: str, kind: Callable[[int, Path], _Built], threads: int, folder: Path
) -> tuple[_Built | None, str]:
    try:
        return kind(threads, folder), ""
    except (OSError, subprocess.CalledProcessError, native_library.NativeUnavailableError) as e:
        said = e.stderr if isinstance(e, subprocess.CalledProcessError) else str(e)
        return None, f"{what} was not measured: {said.strip()[:300]}"


def providers(threads: int, native: NativeMatmul | None) -> dict[str, Provider]:
    """Every way to multiply that exists here."""
    found: dict[str, Provider] = {
        "torch_mkl_shared": _shared(_torch_product, threads),
        "torch_mkl_per_core": _separate(_torch_product, threads),
        "torch_mkl_batched": _batched(threads),
        "numpy_shared": _shared(_numpy_product, threads),
        "numpy_per_core": _separate(_numpy_product, threads),
    }
    if torch.backends.mkldnn.is_available():
        found["onednn_shared"] = _shared(_onednn_product, threads)
        found["onednn_per_core"] = _separate(_onednn_product, threads)
    if jax is not None:
        found["jax"] = _Jax()
    if native is not None:
        found["native_kernel"] = native
    return found
