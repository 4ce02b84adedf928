"""python -m benchmarks: measure, write the JSON, print the table."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import compile_sweep, cuda, machine, report
from benchmarks.cases import Case
from benchmarks.matmul_rate import native_matmul
from benchmarks.measure import measure
from benchmarks.options import Options, training_settings
from fittest.pipeline.project import Project
from fittest.store import write_text
from fittest.store.provenance import git_commit


def arguments(given: list[str] | None = None) -> tuple[Options, Path]:
    """Options and the file to write, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--settings", nargs="+", metavar="pX_dY", help="what to train")
    parser.add_argument("--repeats", type=int, help="rounds; medians are over them")
    parser.add_argument("--seconds", type=float, help="per contender and round")
    parser.add_argument("--quick", action="store_true", help="tiny: checks, measures nothing")
    parser.add_argument("--out", type=Path, default=Path("results/bench/bench.json"))
    parsed = parser.parse_args(given)
    options = Options.quick() if parsed.quick else Options()
    if parsed.settings:
        options = replace(options, settings=tuple(Case.parse(s).name for s in parsed.settings))
    if parsed.repeats:
        options = replace(options, repeats=parsed.repeats)
    if parsed.seconds:
        options = replace(options, seconds=parsed.seconds)
    return options, parsed.out


def measured(options: Options, project: Project) -> dict[str, Any]:
    """Everything that goes into the JSON."""
    on_cpu = training_settings(project.config, "cpu")
    on_cuda = training_settings(project.config, "cuda")
    threads = machine.cores()
    described = machine.described()
    cases = [Case.parse(name) for name in options.settings]
    content: dict[str, Any] = {
        "machine": described,
        "commit": git_commit(),
        "options": asdict(options),
        "settings": [case.name for case in cases],
    }
    sweep = compile_sweep
    content["compile_sweep"] = sweep.measured(
        on_cpu,
        threads,
        sweep.DIMENSIONS[: options.sweep_dimensions],
        sweep.PRIMES[: options.sweep_primes],
    )
    with tempfile.TemporaryDirectory() as folder:
        native, reason = native_matmul(threads, Path(folder))
        content["native_matmul_note"] = reason or None
        for case in cases:
            print(f"{case.name} ...", file=sys.stderr, flush=True)
            content[case.name] = measure(case, options, on_cpu, threads, native)
    shard_runs = project.config.shards["full"].runs
    on_device = {case.name: cuda.measure(case, options, on_cuda, shard_runs) for case in cases}
    content["cuda"] = on_device if any(on_device.values()) else None
    content["bars"] = report.bars(content)
    return content


def main() -> None:
    """Measure, write, print."""
    options, out = arguments()
    content = measured(options, Project.load())
    write_text(json.dumps(content, indent=1), out)
    print(report.table(content, content["settings"]))
    print(f"written to {out}")


if __name__ == "__main__":
    main()
