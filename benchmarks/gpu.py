"""What training costs on a GPU: ``python -m benchmarks.gpu``, under eight minutes.

Writes results/bench/gpu.json and prints it as tables. Nothing of it needs more than torch and this
package. On a machine without a GPU, ``--device cpu`` goes the same ways but for CUDA graphs.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.gpu_cases import CASES, QUICK, GpuCase
from benchmarks.gpu_prices import prices, prices_as_text
from fittest.runs.cost import flops_per_step
from fittest.store import write_text
from fittest.training.torch_backend import TorchBackend

MODES: Mapping[str, Mapping[str, bool]] = {
    "eager": {},
    "graphs": {"cuda_graphs": True},
    "compiled": {"compile_step": True},
    "compiled_graphs": {"compile_step": True, "cuda_graphs": True},
}
"""Ways to run a step -> arguments of the backend."""


@dataclass(frozen=True)
class Options:
    """seconds: that the whole may take; what finds no time is left out. each: of a measurement.
    rounds: interleaved ones. steps: of the comparison with the CPU. square: side of the matrices
    whose product is the ceiling. compiles: whether compiled ways are measured."""

    device: str
    seconds: float = 440.0
    each: float = 0.3
    rounds: int = 5
    steps: int = 20
    square: int = 8192
    compiles: bool = True


def waited(device: str) -> float:
    """The time, after the device has done what it was asked."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def matmul_ceiling(options: Options) -> float:
    """FLOP/s of a large float32 product without TF32: the best of some rounds."""
    torch.backends.cuda.matmul.allow_tf32 = False
    side = options.square
    a, b = (torch.randn(side, side, device=options.device) for _ in range(2))
    out = a @ b
    best = 0.0
    for _ in range(options.rounds):
        calls, start = 0, waited(options.device)
        while (elapsed := waited(options.device) - start) < options.each or calls == 0:
            torch.mm(a, b, out=out)
            calls += 1
        best = max(best, calls * 2.0 * side**3 / elapsed)
    return best


class Timed:
    """A way to run the steps of an ensemble, warmed up. seconds_before: building, compiling and
    capturing."""

    def __init__(self, case: GpuCase, networks: int, mode: str, options: Options) -> None:
        start = waited(options.device)
        self._device, self._networks = options.device, networks
        ensemble = case.ensemble(networks, torch.float32)
        self.backend = TorchBackend(ensemble, options.device, **MODES[mode])
        self.backend.advance(1)
        self.seconds_before = waited(options.device) - start
        self.steps, spent = 1, self._seconds(1)
        while spent < options.each and self.steps < 4096:
            self.steps *= 2
            spent = self._seconds(self.steps)
        self.milliseconds: list[float] = []

    def _seconds(self, steps: int) -> float:
        start = waited(self._device)
        self.backend.advance(steps)
        return waited(self._device) - start

    def measure(self) -> None:
        """One round: ms per network and step."""
        each = self._seconds(self.steps) / self.steps / self._networks
        self.milliseconds.append(1e3 * each)


def tried(work: Callable[[], Any]) -> Any:
    """What `work` gives, or in one line why it failed: what one way cannot do, others can."""
    try:
        return work()
    except Exception as error:
        torch.cuda.empty_cache()
        said = str(error).strip().partition("\n")[0]
        return f"{type(error).__name__}: {said}"


def measured(
    case: GpuCase, networks: int, modes: Sequence[str], ceiling: float, options: Options
) -> dict[str, Any]:
    """By mode: milliseconds per network and step, share of the ceiling, and what came before."""
    found: dict[str, Any] = {}
    ways: dict[str, Timed] = {}
    for mode in modes:
        way = tried(lambda mode=mode: Timed(case, networks, mode, options))  # type: ignore[misc]
        if isinstance(way, Timed):
            ways[mode] = way
        else:
            found[mode] = {"failed": way}
    for _ in range(options.rounds):
        for way in ways.values():
            way.measure()
    flops = flops_per_step(case.runs(1)[0])
    for mode, way in ways.items():
        each = median(way.milliseconds)
        found[mode] = {
            "ms_per_network_step": each,
            "rounds": way.milliseconds,
            "share_of_matmul_ceiling": flops / (each * 1e-3) / ceiling,
            "gflops": flops / each / 1e6,
            "seconds_before": way.seconds_before,
        }
    return found


def agreement(case: GpuCase, modes: Sequence[str], options: Options) -> dict[str, Any]:
    """By mode: largest difference of a parameter after some steps in float64 from the CPU's, over
    the largest change of that parameter."""
    ensemble = case.ensemble(2, torch.float64)
    reference = TorchBackend(ensemble, "cpu")
    reference.advance(options.steps)
    expected = reference.state().parameters

    def compared(mode: str) -> float:
        other = TorchBackend(ensemble, options.device, **MODES[mode])
        other.advance(options.steps)
        return max(
            float((value - expected[name]).abs().max())
            / max(1e-300, float((expected[name] - ensemble.initial[name]).abs().max()))
            for name, value in other.state().parameters.items()
        )

    return {mode: tried(lambda mode=mode: compared(mode)) for mode in modes}  # type: ignore[misc]


def benchmark(cases: Sequence[GpuCase], options: Options, root: Path | None) -> dict[str, Any]:
    """Everything. root: the project whose papers are priced; None for no prices."""
    begun = time.perf_counter()
    cuda = options.device == "cuda"
    ceiling = matmul_ceiling(options)
    content: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if cuda else platform.processor() or "cpu",
        "torch": torch.__version__,
        "matmul_ceiling_gflops": ceiling / 1e9,
        "networks": {},
    }
    plain = ["eager", "graphs"] if cuda else ["eager"]
    for case in cases:
        sizes = {str(n): measured(case, n, plain, ceiling, options) for n in case.sizes}
        content["networks"][case.name] = {
            "model": case.runs(1)[0].model.name,
            "flops_per_step": flops_per_step(case.runs(1)[0]),
            "sizes": sizes,
            "agreement_float64": agreement(case, plain, options),
        }
    _compiled(cases, ceiling, options, content, begun)
    if root is not None:
        content["prices"] = prices(root, content["networks"])
    content["seconds"] = time.perf_counter() - begun
    return content


def _compiled(
    cases: Sequence[GpuCase],
    ceiling: float,
    options: Options,
    content: dict[str, Any],
    begun: float,
) -> None:
    """Compiled ways, each network at its largest size: as many as there is time for."""
    modes = ["compiled", "compiled_graphs"] if options.device == "cuda" else ["compiled"]
    longest = 60.0
    for case in cases if options.compiles else ():
        sizes = content["networks"][case.name]["sizes"]
        start = time.perf_counter()
        if start - begun + 1.5 * longest > options.seconds:
            sizes[str(case.sizes[-1])]["compiled"] = {"failed": "left out: no time"}
            continue
        sizes[str(case.sizes[-1])] |= measured(case, case.sizes[-1], modes, ceiling, options)
        longest = max(longest, time.perf_counter() - start)


def as_text(content: Mapping[str, Any]) -> str:
    """Tables for people."""
    lines = [
        f"{content['device']}, torch {content['torch']}; float32 products reach"
        f" {content['matmul_ceiling_gflops']:,.0f} GFLOP/s; {content['seconds']:.0f} s",
        "",
        f"{'network':22}{'at once':>8}  {'way':16}{'ms/step':>10}{'of ceiling':>12}",
    ]
    for name, entry in content["networks"].items():
        for size, modes in entry["sizes"].items():
            for mode, found in modes.items():
                where = f"{name:22}{size:>8}  {mode:16}"
                if "failed" in found:
                    lines.append(f"{where}  {found['failed']}")
                    continue
                share = f"{100 * found['share_of_matmul_ceiling']:.1f} %"
                lines.append(f"{where}{found['ms_per_network_step']:>10.4f}{share:>12}")
        agree = ", ".join(f"{mode} {value}" for mode, value in entry["agreement_float64"].items())
        lines.append(f"{name:22}float64 against the CPU: {agree}")
    return "\n".join([*lines, *prices_as_text(content.get("prices", {}))])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--seconds", type=float, default=440.0, help="that the whole may take")
    parser.add_argument("--quick", action="store_true", help="tiny: checks it, measures nothing")
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    parser.add_argument("--out", type=Path, default=Path("results/bench/gpu.json"))
    given = parser.parse_args(arguments)
    if given.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch sees no CUDA device here; `--device cpu` goes the same ways on the CPU")
    options = Options(given.device, given.seconds)
    if given.quick:
        options = Options(given.device, given.seconds, 0.01, 2, 3, 64, compiles=False)
    content = benchmark(QUICK if given.quick else CASES, options, given.root)
    write_text(json.dumps(content, indent=1) + "\n", given.out)
    print(as_text(content))


if __name__ == "__main__":
    main()
