"""The bars that the engine is held to, and the table that is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Every bar with what was measured; `met` is None where nothing was."""
    setting = content.get(BAR_SETTING, {})
    found: dict[str, dict[str, Any]] = {}
    for key, (bar, goal) in _SPEED_BARS.items():
        value = setting.get(key)
        met = None if value is None else value >= bar
        found[key] = {"at_least": bar, "goal": goal, "measured": value, "met": met}
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
    others = [o for r in entry["raw"].values() for o in r["share_of_machine_taken_by_others"] if o]
    if others and max(others) > 0.1:
        lines.append(
            f"  noisy: other processes took up to {100 * max(others):.0f} % of the machine"
        )
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
        )
    return "\n".join(lines)
