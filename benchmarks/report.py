"""The bars that the engine is held to, and the tables.

python -m benchmarks.report results/bench/bench.json prints the tables of the README.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cases import BAR_SETTING

# At `BAR_SETTING`, on two cores.
_SPEED_BARS = {
    "speedup_vs_sequential_float64": (22.0, 30.0),
    "speedup_vs_jax": (1.7, 2.2),
    "share_of_matmul_ceiling": (0.65, 0.85),
}
_MEMORY_BAR_MB = 2048.0
_SWEEP_BAR_SECONDS = 120.0


def bars(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every bar with what was measured; `met` is None where nothing was.

    noisy: the machine was too busy for `met` to be believed.
    """
    setting = content.get(BAR_SETTING, {})
    found: dict[str, dict[str, Any]] = {}
    for key, (bar, goal) in _SPEED_BARS.items():
        value = setting.get(key)
        met = None if value is None else value >= bar
        found[key] = {"at_least": bar, "goal": goal, "measured": value, "met": met}
        found[key]["noisy"] = setting.get("noisy")
    for key, bar, value in (
        ("peak_mb_64_networks", _MEMORY_BAR_MB, setting.get("peak_mb_64_networks")),
        ("compile_sweep_seconds", _SWEEP_BAR_SECONDS, content["compile_sweep"]["total_seconds"]),
    ):
        met = None if value is None else value <= bar
        found[key] = {"at_most": bar, "measured": value, "met": met}
    return found


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _contender_table(name: str, entry: Mapping[str, Any]) -> list[str]:
    engine = entry["ms_per_network_step"]
    lines = [
        "",
        f"{name}: ms per network and step (median, +- half the interquartile range)",
    ]
    for contender, raw in entry["raw"].items():
        lines.append(
            f"  {contender:20s} {raw['networks']:4d} networks  {raw['ms_per_network_step']:9.3f}"
            f" +- {100 * raw['spread']:4.1f} %  {raw['ms_per_network_step'] / engine:7.2f} x"
        )
    if entry["noisy"]:
        lines.append("  NOISY: other processes held this up; measure again on an idle machine")
    ceiling = entry["matmul_ceiling"]
    lines.append(
        f"  matmul ceiling {ceiling['gflops']:.0f} GFLOP/s"
        f" (multiply-adds alone: {_number(ceiling['fma_peak_gflops'], 0)}),"
        f" the step {entry['step_gflops']:.0f}"
    )
    return lines


def table(content: Mapping[str, Any], names: Sequence[str]) -> str:
    """All of it for reading."""
    found = content["machine"]
    lines = [f"{found['processor']}, {found['cores']} cores, kernel {found['native_variant']}"]
    for name in names:
        lines += _contender_table(name, content[name])
    columns = ("vs float64", "vs float32", "vs JAX", "of ceiling", "ms", "MB/network")
    lines += ["", f"{'':12s}" + "".join(f"{column:>12s}" for column in columns)]
    for name in names:
        entry = content[name]
        values = (
            _number(entry["speedup_vs_sequential_float64"], 1),
            _number(entry["speedup_vs_sequential_float32"], 1),
            _number(entry["speedup_vs_jax"]),
            _number(100 * entry["share_of_matmul_ceiling"], 1) + " %",
            _number(entry["ms_per_network_step"], 3),
            _number(entry["peak_mb_per_network"]),
        )
        lines.append(f"{name:12s}" + "".join(f"{value:>12s}" for value in values))
    sweep = content["compile_sweep"]
    lines += [
        "",
        f"compile sweep ({sweep['dimensions']} d, {sweep['primes']} p):"
        f" {sweep['total_seconds']:.1f} s before all first steps",
        "",
    ]
    said = {True: "met", False: "NOT met", None: "not measured"}
    for key, bar in content["bars"].items():
        kind = "at_least" if "at_least" in bar else "at_most"
        lines.append(
            f"{key:32s} {kind.replace('_', ' ')} {bar[kind]:g}:"
            f" {_number(bar['measured'])}  {said[bar['met']]}"
            + ", on a NOISY machine"
            * bool(bar.get("noisy"))
        )
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown(content: Mapping[str, Any]) -> str:
    """The results as the README shows them: a column per setting."""
    entries = {name: content[name] for name in content["settings"]}
    lines = [_row(["", *entries]), _row(["---", *("---:" for _ in entries)])]
    figures = (
        ("times faster than sequential float64", "speedup_vs_sequential_float64", 1.0, 1),
        ("times faster than sequential float32", "speedup_vs_sequential_float32", 1.0, 1),
        ("times faster than JAX", "speedup_vs_jax", 1.0, 2),
        ("share of the matmul ceiling, %", "share_of_matmul_ceiling", 100.0, 1),
        ("share of the multiply-add peak, %", "share_of_fma_peak", 100.0, 1),
        ("GFLOP/s of the step", "step_gflops", 1.0, 0),
        ("peak MB per network", "peak_mb_per_network", 1.0, 2),
    )
    for label, key, factor, digits in figures:
        values = [e[key] for e in entries.values()]
        cells = [_number(None if v is None else factor * v, digits) for v in values]
        lines.append(_row([label, *cells]))
    ceilings = [_number(e["matmul_ceiling"]["gflops"], 0) for e in entries.values()]
    lines.append(_row(["matmul ceiling, GFLOP/s", *ceilings]))
    contenders = dict.fromkeys(name for e in entries.values() for name in e["raw"])
    for contender in contenders:
        cells = []
        for entry in entries.values():
            raw = entry["raw"].get(contender)
            cells.append("-" if raw is None else _number(raw["ms_per_network_step"], 3))
        lines.append(_row([f"`{contender}`, ms per network and step", *cells]))
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())))
