"""The bars that the engine is held to, and the tables.

python -m benchmarks.report results/bench/bench.json prints the tables of the READMEs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import papers

# At least, on two cores.
_BARS: dict[str, dict[str, float]] = {
    "p59_d128": {
        "speedup_vs_torch": 4.5,
        "speedup_vs_jax": 2.2,
        "share_of_matmul_ceiling": 0.85,
    },
    "transformer_p113": {
        "speedup_vs_authors": 20.0,
        "speedup_vs_torch": 3.0,
        "speedup_vs_jax": 3.0,
        "share_of_matmul_ceiling": 0.75,
    },
    "two_table_n91": {
        "speedup_vs_authors": 10.0,
        "speedup_vs_torch": 2.3,
        "speedup_vs_jax": 2.2,
        "share_of_fma_peak": 0.55,
    },
    "two_table_n91_full": {
        "speedup_vs_authors": 4.0,
        "speedup_vs_torch": 3.0,
        "speedup_vs_jax": 2.4,
        "share_of_fma_peak": 0.65,
    },
}
# At most, MiB of the whole process.
_MEMORY_BARS = {
    "p59_d128": ("peak_mb_64_networks", 2048.0),
    "transformer_p113": ("peak_mb_64_networks", 2048.0),
    "two_table_n91": ("peak_mb_512_networks", 1024.0),
    "two_table_n91_full": ("peak_mb_512_networks", 1024.0),
}
_SWEEP_BAR_SECONDS = 120.0

_FIGURES = (
    ("ms per network and step", "ms_per_network_step", 1.0, 3),
    ("faster than the authors' way", "speedup_vs_authors", 1.0, 1),
    ("faster than the best torch", "speedup_vs_torch", 1.0, 1),
    ("faster than the best JAX", "speedup_vs_jax", 1.0, 1),
    ("share of the matmul ceiling, %", "share_of_matmul_ceiling", 100.0, 0),
    ("share of the multiply-add peak, %", "share_of_fma_peak", 100.0, 0),
)


def bars(content: Mapping[str, Any]) -> dict[str, Any]:
    """Every bar with what was measured, by setting; `met` is None where nothing was.

    noisy: the machine was too busy for `met` to be believed.
    """
    found: dict[str, Any] = {}
    for name, least in _BARS.items():
        entry = content.get(name, {})
        found[name] = {
            key: {"at_least": bar, "noisy": entry.get("noisy")} | _judged(entry.get(key), bar, 1)
            for key, bar in least.items()
        }
        key, most = _MEMORY_BARS[name]
        found[name][key] = {"at_most": most} | _judged(entry.get(key), most, -1)
    seconds = content["compile_sweep"]["total_seconds"]
    found["compile_sweep_seconds"] = {"at_most": _SWEEP_BAR_SECONDS} | _judged(
        seconds, _SWEEP_BAR_SECONDS, -1
    )
    return found


def _judged(value: float | None, bar: float, sign: int) -> dict[str, Any]:
    met = None if value is None else sign * value >= sign * bar
    return {"measured": value, "met": met}


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _setting(name: str, entry: Mapping[str, Any]) -> list[str]:
    """Every contender of a setting."""
    engine = entry["ms_per_network_step"]
    cores = entry["cores"]
    lines = [
        "",
        f"{name}, {cores} core{'s' * (cores > 1)}: ms per network and step (median, +- half the"
        " interquartile range)",
    ]
    for contender, raw in entry["raw"].items():
        lines.append(
            f"  {contender:24s} {raw['networks']:4d} networks  {raw['ms_per_network_step']:9.3f}"
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


def table(content: Mapping[str, Any]) -> str:
    """All of it for reading."""
    found = content["machine"]
    lines = [f"{found['processor']}, {found['cores']} cores, kernel {found['native_variant']}"]
    for name in content["settings"]:
        lines += _setting(name, content[name])
        if content[name].get("one_core"):
            lines += _setting(name, content[name]["one_core"])
    lines += ["", markdown(content)]
    sweep = content["compile_sweep"]
    lines += [
        "",
        f"compile sweep ({sweep['dimensions']} d, {sweep['primes']} p):"
        f" {sweep['total_seconds']:.1f} s before all first steps",
        *content["not_measured"],
        *_bar_lines(content["bars"]),
    ]
    return "\n".join(lines)


def _bar_lines(found: Mapping[str, Any]) -> list[str]:
    lines = []
    sweep = {"": {"compile_sweep_seconds": found["compile_sweep_seconds"]}}
    for setting, each in (sweep | {name: found[name] for name in _BARS}).items():
        for key, bar in each.items():
            if bar["met"] is None:
                continue
            kind = "at_least" if "at_least" in bar else "at_most"
            lines.append(
                f"{f'{setting} {key}'.strip():44s} {kind.replace('_', ' ')} {bar[kind]:g}:"
                f" {_number(bar['measured'])}  {'met' if bar['met'] else 'NOT met'}"
                + ", on a NOISY machine"
                * bool(bar.get("noisy"))
            )
    return lines


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown(content: Mapping[str, Any]) -> str:
    """What the READMEs show: the processor's name, a column per setting, all cores and one; and
    the price of the papers."""
    entries = {name: content[name] for name in content["settings"]}
    found = content["machine"]
    lines = [
        f"{found['processor']}, {found['cores']} cores, {found['vector_extension']}, kernel"
        f" {found['native_variant']}, torch {found['torch']}, JAX {found['jax']}",
        "",
        _row(["", *(f"`{name}`" for name in entries)]),
        _row(["---", *("---:" for _ in entries)]),
    ]
    for label, key, factor, digits in _FIGURES:
        lines.append(_row([label, *_values(entries, key, factor, digits)]))
    alone = {name: entry.get("one_core") or {} for name, entry in entries.items()}
    if any(alone.values()):
        for label, key, factor, digits in _FIGURES:
            lines.append(_row([f"one core: {label}", *_values(alone, key, factor, digits)]))
    lines.append(_row(["GFLOP/s of the step", *_values(entries, "step_gflops", 1.0, 0)]))
    for label, key in (
        ("matmul ceiling, GFLOP/s", "gflops"),
        ("multiply-add peak, GFLOP/s", "fma_peak_gflops"),
    ):
        ceilings = {name: entry["matmul_ceiling"] for name, entry in entries.items()}
        lines.append(_row([label, *_values(ceilings, key, 1.0, 0)]))
    lines.append(_row(["peak MiB per network", *_values(entries, "peak_mb_per_network", 1.0, 2)]))
    for group in ("authors", "torch", "jax"):
        names = [entry["compared_with"][group] for entry in entries.values()]
        cells = [
            "-"
            if name is None
            else f"{_number(entry['raw'][name]['ms_per_network_step'], 3)} (`{name}`)"
            for name, entry in zip(names, entries.values(), strict=True)
        ]
        lines.append(_row([f"ms of the compared {group}", *cells]))
    if content.get("papers"):
        priced = content["papers"]
        lines += ["", *papers.table(priced), "", f"Speed: {priced['source']}; {priced['note']}."]
    return "\n".join(lines)


def _values(
    entries: Mapping[str, Mapping[str, Any]], key: str, factor: float, digits: int
) -> list[str]:
    values = [entry.get(key) for entry in entries.values()]
    return [_number(None if v is None else factor * v, digits) for v in values]


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())))
